"""Agency systems over HTTP: registration, secrets, the end of access. Framework section 15."""

import asyncio
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.conftest import Json, SignedIn, make_agency
from tests.systems import SCOPES, ask, make_client, token_of


async def change_client(caller: SignedIn, client: Json, **members: object) -> httpx.Response:
    """Change a system as it is now."""
    path = f"/clients/{client['id']}"
    tag = (await caller.get(path)).headers["etag"]
    return await caller.patch(path, json=members, headers={"If-Match": tag})


# Registration


@pytest.mark.duty("15.2")
async def test_a_system_is_registered_and_its_secret_shown_once(
    business_office: SignedIn, agency: Json
) -> None:
    body = {
        "agency_id": agency["id"],
        "name": "Case system, live",
        "scopes": ["audits:read"],
        "allowed_addresses": ["203.0.113.7/24", "2001:db8::/32", "198.51.100.4"],
    }

    response = await business_office.post("/clients", json=body)

    assert response.status_code == 201
    made = response.json()
    record = body | {
        "id": made["client_id"],
        "created_at": made["created_at"],
        "updated_at": made["updated_at"],
        "allowed_addresses": ["203.0.113.0/24", "2001:db8::/32", "198.51.100.4/32"],
        "is_active": True,
    }
    secret = made.pop("client_secret")
    assert secret.startswith("sga_c_")
    assert made == record | {"client_id": made["id"]}
    read = await business_office.get(f"/clients/{made['id']}")
    assert read.json() == record
    assert secret not in (await business_office.get(f"/clients/{made['id']}/secrets")).text


async def test_a_repeated_registration_makes_one_system_and_shows_no_secret_again(
    business_office: SignedIn, agency: Json
) -> None:
    body = {"agency_id": agency["id"], "name": "Case system", "scopes": SCOPES}
    key = {"Idempotency-Key": uuid4().hex}

    first = await business_office.post("/clients", json=body, headers=key)
    again = await business_office.post("/clients", json=body, headers=key)

    assert again.json() == first.json() | {"client_secret": None}
    listed = await business_office.get("/clients", params={"agency_id": agency["id"]})
    assert [each["id"] for each in listed.json()["items"]] == [first.json()["id"]]


@pytest.mark.parametrize("scope", ["users:write", "audits:write", "audit-responses:all", "x"])
async def test_a_system_is_given_no_scope_of_the_board(
    business_office: SignedIn, agency: Json, scope: str
) -> None:
    body = {"agency_id": agency["id"], "name": "Case system", "scopes": [scope]}

    response = await business_office.post("/clients", json=body)

    assert response.status_code == 422
    assert [each["pointer"] for each in response.json()["errors"]] == ["/scopes/0"]


@pytest.mark.parametrize("address", ["203.0.113.0/33", "256.1.1.1", "example.org", "::/129", ""])
async def test_what_is_no_network_is_refused(
    business_office: SignedIn, agency: Json, address: str
) -> None:
    body = {
        "agency_id": agency["id"],
        "name": "Case system",
        "scopes": SCOPES,
        "allowed_addresses": [address],
    }

    response = await business_office.post("/clients", json=body)

    assert response.status_code == 422


async def test_others_neither_read_nor_register_systems(
    board_member: SignedIn, agency_system: SignedIn, client: Json
) -> None:
    answers = [
        await caller.get(path)
        for caller in (board_member, agency_system)
        for path in (
            "/clients",
            f"/clients/{client['id']}",
            f"/clients/{client['id']}/secrets",
            "/agency-suspensions",
        )
    ]

    assert {each.status_code for each in answers} == {403}


# Secrets


async def rotate(caller: SignedIn, client: Json, **members: int) -> httpx.Response:
    """Make a new secret."""
    return await caller.post(f"/clients/{client['id']}/secrets", json=members)


async def test_an_old_secret_works_until_the_new_one_is_in_place(
    business_office: SignedIn,
    anonymous: httpx.AsyncClient,
    owner: asyncpg.Connection,
    client: Json,
) -> None:
    made = await rotate(business_office, client)

    assert made.status_code == 201
    new_secret = made.json()["client_secret"]
    assert (await ask(anonymous, client)).status_code == 200
    assert (await ask(anonymous, client, new_secret)).status_code == 200
    assert (await rotate(business_office, client)).json()["code"] == "too_many_secrets"
    listed = (await business_office.get(f"/clients/{client['id']}/secrets")).json()["items"]
    assert [each["last_used_at"] is not None for each in listed] == [True, True]
    assert {k: v for k, v in made.json().items() if k != "client_secret"} == listed[0] | {
        "last_used_at": None,
        "updated_at": made.json()["updated_at"],
    }
    hours = await owner.fetchval(
        "SELECT round(extract(epoch FROM expires_at - now()) / 3600)::int FROM client_secrets"
        " WHERE id = $1",
        listed[1]["id"],
    )
    assert hours == 24
    await owner.execute(
        "UPDATE client_secrets SET expires_at = now() WHERE id = $1", listed[1]["id"]
    )
    assert (await ask(anonymous, client)).status_code == 401
    assert (await ask(anonymous, client, new_secret)).status_code == 200
    assert (await rotate(business_office, client)).status_code == 201


async def test_two_secrets_are_live_at_most_however_many_ask(
    business_office: SignedIn, client: Json
) -> None:
    answers = await asyncio.gather(*(rotate(business_office, client) for _ in range(3)))

    assert sorted(each.status_code for each in answers) == [201, 409, 409]


async def test_an_old_secret_ends_at_once_without_an_overlap(
    business_office: SignedIn, anonymous: httpx.AsyncClient, client: Json
) -> None:
    made = await rotate(business_office, client, overlap_hours=0)

    assert (await ask(anonymous, client)).status_code == 401
    assert (await ask(anonymous, client, made.json()["client_secret"])).status_code == 200


async def test_a_revoked_secret_and_its_tokens_end_at_once(
    business_office: SignedIn, anonymous: httpx.AsyncClient, client: Json
) -> None:
    token = await token_of(anonymous, client)
    path = f"/clients/{client['id']}/secrets"
    secret_id = (await business_office.get(path)).json()["items"][0]["id"]

    response = await business_office.delete(f"{path}/{secret_id}")

    assert response.status_code == 204
    assert (await anonymous.get("/me", headers=token)).status_code == 401
    assert (await ask(anonymous, client)).status_code == 401
    assert (await business_office.delete(f"{path}/{secret_id}")).status_code == 404
    read = await business_office.get(f"{path}/{secret_id}")
    assert read.json()["revoked_at"] is not None


async def test_a_secret_is_read_under_its_own_system_only(
    business_office: SignedIn, agency: Json, client: Json
) -> None:
    other = await make_client(business_office, agency)
    secrets = await business_office.get(f"/clients/{client['id']}/secrets")
    secret_id = secrets.json()["items"][0]["id"]

    read = await business_office.get(f"/clients/{other['id']}/secrets/{secret_id}")
    revoked = await business_office.delete(f"/clients/{other['id']}/secrets/{secret_id}")
    rotated = await rotate(business_office, {"id": str(uuid4())})

    assert [each.status_code for each in (read, revoked, rotated)] == [404, 404, 404]


# The end of access


async def test_a_system_that_is_switched_off_is_refused_at_the_next_request(
    business_office: SignedIn, anonymous: httpx.AsyncClient, client: Json
) -> None:
    token = await token_of(anonymous, client)

    off = await change_client(business_office, client, is_active=False)

    assert off.json()["is_active"] is False
    assert (await anonymous.get("/me", headers=token)).status_code == 401
    assert (await ask(anonymous, client)).status_code == 401
    await change_client(business_office, client, is_active=True)
    assert (await anonymous.get("/me", headers=token)).status_code == 401
    assert (await ask(anonymous, client)).status_code == 200


async def test_narrower_scopes_hold_at_once(
    business_office: SignedIn, anonymous: httpx.AsyncClient, client: Json
) -> None:
    token = await token_of(anonymous, client)

    await change_client(business_office, client, scopes=["audits:read"])

    assert (await anonymous.get("/me", headers=token)).status_code == 401
    assert (await ask(anonymous, client)).json()["scope"] == "audits:read"


async def test_a_suspended_agency_is_kept_out_until_it_is_let_in_again(
    business_office: SignedIn, anonymous: httpx.AsyncClient, agency: Json, client: Json
) -> None:
    other = await make_client(business_office, await make_agency(business_office))
    token, other_token = await token_of(anonymous, client), await token_of(anonymous, other)
    body = {"agency_id": agency["id"], "reason": "Credentials were stolen."}

    suspended = await business_office.post("/agency-suspensions", json=body)

    assert suspended.status_code == 201
    assert (await anonymous.get("/me", headers=token)).status_code == 401
    assert (await ask(anonymous, client)).status_code == 401
    assert (await anonymous.get("/me", headers=other_token)).status_code == 200
    twice = await business_office.post("/agency-suspensions", json=body)
    assert twice.status_code == 409
    lifted = await business_office.delete(
        f"/agency-suspensions/{suspended.json()['id']}",
        headers={"If-Match": suspended.headers["etag"]},
    )
    assert lifted.status_code == 204
    assert (await ask(anonymous, client)).status_code == 200
