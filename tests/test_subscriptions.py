"""Subscriptions over HTTP: one's own alone, with a secret shown once and sealed at rest."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.conftest import Json, SignedIn, SignIn
from tests.people import everything
from tests.stage import tag_of

URL = "https://hooks.agency.example/safeguarding"


async def subscribe(caller: SignedIn, **members: object) -> Json:
    """Subscribe to agencies."""
    body = {"url": URL, "event_types": ["agencies.*"]} | members
    response = await caller.post("/subscriptions", json=body)
    assert response.status_code == 201, response.text
    made: Json = response.json()
    return made


async def test_a_subscription_is_made_and_read_whole_and_its_secret_shown_once(
    agency: Json, agency_system: SignedIn, owner: asyncpg.Connection
) -> None:
    made = await subscribe(agency_system, description="Live", contact_email="it@agency.example")

    read = (await agency_system.get(f"/subscriptions/{made['id']}")).json()
    secrets = (await agency_system.get(f"/subscriptions/{made['id']}/secrets")).json()["items"]
    secret = made.pop("secret")
    assert read == made
    assert read == {
        "id": made["id"],
        "created_at": made["created_at"],
        "updated_at": made["updated_at"],
        "agency_id": agency["id"],
        "url": URL,
        "description": "Live",
        "event_types": ["agencies.*"],
        "contact_email": "it@agency.example",
        "is_active": True,
        "stopped_because": None,
        "failing_since": None,
    }
    assert [(each["subscription_id"], each["expires_at"]) for each in secrets] == [
        (made["id"], None)
    ]
    assert secret.startswith("whsec_")
    stored = await everything(owner)
    assert secret not in stored
    assert secret.removeprefix("whsec_") not in stored


async def test_the_same_request_makes_one_subscription_and_shows_no_secret_again(
    agency_system: SignedIn,
) -> None:
    body = {"url": URL, "event_types": ["*"]}
    key = {"Idempotency-Key": uuid4().hex}

    first = await agency_system.post("/subscriptions", json=body, headers=key)
    second = await agency_system.post("/subscriptions", json=body, headers=key)

    assert (second.status_code, second.json()["id"]) == (201, first.json()["id"])
    assert (first.json()["secret"] is None, second.json()["secret"]) == (False, None)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.agency.example/",
        "ftp://hooks.agency.example/",
        "https://hooks.agency.example@127.0.0.1/",
        "https://127.0.0.1/",
        "https://localhost:8443/",
        "http://localhost/",
        "http://127.0.0.1:8000/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://10.0.0.1/",
        "https://intranet/",
        "https://hooks.agency.example/#fragment with blank",
    ],
)
async def test_an_address_is_a_public_name_under_https(agency_system: SignedIn, url: str) -> None:
    body = {"url": url, "event_types": ["*"]}
    mine = await subscribe(agency_system)

    made = await agency_system.post("/subscriptions", json=body)
    changed = await agency_system.patch(
        f"/subscriptions/{mine['id']}", json={"url": url}, headers={"If-Match": "*"}
    )

    assert (made.status_code, changed.status_code) == (422, 422)
    assert made.json()["errors"][0]["pointer"] == "/url"
    assert url not in made.text


@pytest.mark.parametrize("pattern", ["agencies", "agencies.%", "agencies.read", ".*", "Agencies.*"])
async def test_a_type_is_a_kind_of_record_and_what_happened(
    agency_system: SignedIn, pattern: str
) -> None:
    body = {"url": URL, "event_types": [pattern]}

    response = await agency_system.post("/subscriptions", json=body)

    assert response.status_code == 422


async def test_a_subscription_is_changed_paused_and_resumed(agency_system: SignedIn) -> None:
    path = f"/subscriptions/{(await subscribe(agency_system))['id']}"
    tag = await tag_of(agency_system, path)

    paused = await agency_system.patch(
        path, json={"is_active": False, "event_types": ["*.moved"]}, headers=tag
    )
    stale = await agency_system.patch(path, json={"is_active": True}, headers=tag)
    listed = await agency_system.get("/subscriptions", params={"is_active": False})
    resumed = await agency_system.patch(
        path, json={"is_active": True}, headers=await tag_of(agency_system, path)
    )

    assert (paused.json()["is_active"], paused.json()["event_types"]) == (False, ["*.moved"])
    assert stale.status_code == 412
    assert [each["id"] for each in listed.json()["items"]] == [paused.json()["id"]]
    assert resumed.json()["is_active"] is True


async def test_a_subscription_is_its_owners_alone(
    agency_system: SignedIn, other_system: SignedIn, business_office: SignedIn
) -> None:
    made = await subscribe(agency_system)
    path = f"/subscriptions/{made['id']}"
    tested = (await agency_system.post(f"{path}/test")).json()

    for stranger in (other_system, business_office):
        answers = [
            await stranger.get(path),
            await stranger.patch(path, json={"is_active": False}, headers={"If-Match": "*"}),
            await stranger.delete(path, headers={"If-Match": "*"}),
            await stranger.get(f"{path}/secrets"),
            await stranger.post(f"{path}/secrets", json={}),
            await stranger.post(f"{path}/test"),
            await stranger.post(f"{path}/replay", json={"from_time": "2017-11-01T00:00:00Z"}),
            await stranger.get(f"{path}/deliveries"),
            await stranger.get(f"{path}/deliveries/{tested['id']}"),
            await stranger.post(f"{path}/deliveries/{tested['id']}/redelivery"),
        ]
        assert {each.status_code for each in answers} == {404}
        listed = (await stranger.get("/subscriptions")).json()["items"]
        assert made["id"] not in {each["id"] for each in listed}


@pytest.mark.parametrize(("role", "status"), [("board_member", 403), ("dpo", 403)])
async def test_who_may_not_subscribe_cannot(sign_in: SignIn, role: str, status: int) -> None:
    caller = await sign_in(role)

    response = await caller.post("/subscriptions", json={"url": URL, "event_types": ["*"]})

    assert response.status_code == status


async def test_a_test_is_found_among_the_deliveries_under_its_location(
    agency_system: SignedIn,
) -> None:
    made = await subscribe(agency_system)

    tested = await agency_system.post(f"/subscriptions/{made['id']}/test")

    location = tested.headers["location"]
    found = await agency_system.get(location.removeprefix("/v1"))
    waiting = await agency_system.get(
        f"/subscriptions/{made['id']}/deliveries", params={"outcome": "waiting"}
    )
    assert tested.status_code == 201
    assert found.json() == tested.json() == waiting.json()["items"][0]
    assert (found.json()["event_id"], found.json()["type"]) == (None, "subscriptions.tested")


async def test_at_most_two_secrets_sign_though_two_are_asked_for_at_once(
    agency_system: SignedIn,
) -> None:
    path = f"/subscriptions/{(await subscribe(agency_system))['id']}/secrets"

    answers = await asyncio.gather(*(agency_system.post(path, json={}) for _ in range(2)))

    issued = [each for each in answers if each.status_code == 201]
    refused = [each.json()["code"] for each in answers if each.status_code == 409]
    assert len(issued) == 1
    assert refused == ["too_many_secrets"]
    secrets = (await agency_system.get(path)).json()["items"]
    assert [each["expires_at"] is None for each in secrets] == [True, False]
    one = await agency_system.get(f"{path}/{secrets[0]['id']}")
    assert one.json() == secrets[0]


async def test_a_subscription_that_is_ended_leaves_nothing(
    agency_system: SignedIn, owner: asyncpg.Connection
) -> None:
    made = await subscribe(agency_system)
    path = f"/subscriptions/{made['id']}"
    await agency_system.post(f"{path}/test")

    ended = await agency_system.delete(path, headers=await tag_of(agency_system, path))

    left = await owner.fetchval(
        "SELECT (SELECT count(*) FROM subscription_secrets WHERE subscription_id = $1)"
        " + (SELECT count(*) FROM webhook_deliveries WHERE subscription_id = $1)"
        " + (SELECT count(*) FROM subscription_states WHERE id = $1)",
        UUID(made["id"]),
    )
    assert (ended.status_code, left) == (204, 0)
    assert (await agency_system.get(path)).status_code == 404


async def test_a_replay_from_an_event_one_may_not_know_of_is_refused(
    agency_system: SignedIn, owner: asyncpg.Connection
) -> None:
    made = await subscribe(agency_system)
    hidden = await owner.fetchval("SELECT id FROM events WHERE subject = 'principals' LIMIT 1")

    answers = [
        await agency_system.post(
            f"/subscriptions/{made['id']}/replay", json={"from_event_id": str(each)}
        )
        for each in (hidden, uuid4())
    ]

    assert [each.json()["code"] for each in answers] == ["unknown_reference"] * 2
