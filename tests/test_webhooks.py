"""Webhooks, to a real server on the loopback: signed, repeated, and only what may be known."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from app.access.caller import Caller
from app.access.tokens import hash_of
from app.installation import Installation
from app.jobs.webhooks import send_webhooks
from app.services import outbound
from app.services.outbound import AddressRefusedError, addresses_of, may_reach
from app.services.webhook_attempts import BACK_OFF_S, JITTER, pause_after
from app.services.webhooks import sign
from app.settings import Settings
from tests.conftest import Json, SignedIn, SignIn, make_agency
from tests.receiving import Receiver, Work, receiving, settle, subscribe
from tests.stage import stage_audit, tag_of, token_of

VECTORS = json.loads((Path(__file__).parent / "vectors" / "standard_webhooks.json").read_text())


def keys_of(vector: Json) -> Webhook:
    """Return the signer of a vector."""
    return Webhook(vector["secret"])


async def deliveries(caller: SignedIn, subscription: Json) -> list[Json]:
    """List the deliveries of a subscription, newest first."""
    path = f"/subscriptions/{subscription['id']}/deliveries"
    response = await caller.get(path)
    assert response.status_code == 200, response.text
    found: list[Json] = response.json()["items"]
    return found


async def one_delivery(caller: SignedIn, subscription: Json) -> Json:
    """Return the only delivery of a subscription."""
    (only,) = await deliveries(caller, subscription)
    return only


@pytest.mark.parametrize("vector", VECTORS)
def test_signatures_are_those_of_the_vectors(vector: Json) -> None:
    secret = keys_of(vector)._whsecret  # noqa: SLF001 - its bytes, as the library reads them
    moment = datetime.fromtimestamp(int(vector["webhook-timestamp"]), UTC)

    signed = sign([secret], vector["webhook-id"], moment, vector["body"])

    assert (signed == vector["webhook-signature"]) is vector["valid"]


@pytest.mark.duty("X4")
async def test_an_event_arrives_signed_and_thin(
    business_office: SignedIn,
    agency_system: SignedIn,
    receiver: Receiver,
    work: Work,
    loopback_url: str,
) -> None:
    mine = await subscribe(agency_system, receiver.url, "agencies.*", at=loopback_url)
    agency = await make_agency(business_office, town="Corby")

    await work()

    (message,) = receiver.messages
    event = message.verified(mine["secret"])
    delivery = await one_delivery(agency_system, mine)
    assert event["type"] == "agencies.created"
    assert event["data"] == {
        "id": delivery["event_id"],
        "subject": "agencies",
        "record_id": agency["id"],
        "href": f"/v1/agencies/{agency['id']}",
    }
    assert agency["name"] not in message.body
    assert message.headers["webhook-id"] == delivery["id"]
    assert delivery["outcome"] == "delivered"
    assert (delivery["last_status_code"], delivery["attempts"]) == (204, 1)
    with pytest.raises(WebhookVerificationError):
        Webhook(mine["secret"]).verify(message.body + " ", message.headers)


async def test_what_happens_reaches_whoever_asked_for_its_type_alone(
    business_office: SignedIn,
    agency_system: SignedIn,
    receiver: Receiver,
    work: Work,
    loopback_url: str,
) -> None:
    await subscribe(agency_system, receiver.url, "agencies.changed", at=loopback_url)
    agency = await make_agency(business_office)
    path = f"/agencies/{agency['id']}"
    tag = await tag_of(business_office, path)
    await business_office.patch(path, json={"town": "Corby"}, headers=tag)

    await work()
    await work()

    assert [json.loads(each.body)["type"] for each in receiver.messages] == ["agencies.changed"]


async def test_an_agency_never_gets_the_events_of_another(
    agency: Json,
    other_agency: Json,
    agency_system: SignedIn,
    other_system: SignedIn,
    owner: asyncpg.Connection,
    work: Work,
    loopback_url: str,
) -> None:
    async with receiving() as ours, receiving() as theirs:
        await subscribe(agency_system, ours.url, "*", at=loopback_url)
        await subscribe(other_system, theirs.url, "*", at=loopback_url)
        audit = await stage_audit(owner, agency, other_agency)

        await work()

        told = [
            {
                event["data"]["record_id"]
                for event in (json.loads(each.body) for each in receiver.messages)
                if event["data"]["subject"] == "audit_responses"
            }
            for receiver in (ours, theirs)
        ]
    responses = (str(audit.responses[each["id"]]) for each in (agency, other_agency))
    assert told == [{each} for each in responses]


async def test_what_fails_is_tried_again_later_under_the_same_identifier(
    business_office: SignedIn,
    agency_system: SignedIn,
    receiver: Receiver,
    work: Work,
    loopback_url: str,
) -> None:
    mine = await subscribe(agency_system, receiver.url, "agencies.*", at=loopback_url)
    await make_agency(business_office)
    receiver.status = 500

    await work()
    failed = await one_delivery(agency_system, mine)
    failing = (await agency_system.get(f"/subscriptions/{mine['id']}")).json()
    receiver.status = 200
    await work()
    await work()

    arrived = await one_delivery(agency_system, mine)
    well = (await agency_system.get(f"/subscriptions/{mine['id']}")).json()
    first, second = receiver.messages
    assert (failed["outcome"], failed["last_failure"]) == ("waiting", "status")
    assert failed["last_status_code"] == 500
    assert failed["next_attempt_at"] > failed["updated_at"]
    assert failing["failing_since"] is not None
    assert well["failing_since"] is None
    assert (arrived["outcome"], arrived["attempts"]) == ("delivered", 2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert second.verified(mine["secret"]) == first.verified(mine["secret"])


async def test_a_slow_subscriber_is_left_and_tried_again(
    business_office: SignedIn,
    agency_system: SignedIn,
    receiver: Receiver,
    work: Work,
    loopback_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbound, "TIMEOUT_S", 0.2)
    mine = await subscribe(agency_system, receiver.url, "agencies.*", at=loopback_url)
    await make_agency(business_office)
    receiver.pause_s = 1.0

    await work()

    slow = await one_delivery(agency_system, mine)
    assert (slow["outcome"], slow["last_failure"]) == ("waiting", "timeout")
    assert slow["last_status_code"] is None
    assert 200 <= slow["last_duration_ms"] < 900


async def test_a_redirect_is_not_followed(
    business_office: SignedIn,
    agency_system: SignedIn,
    receiver: Receiver,
    work: Work,
    loopback_url: str,
) -> None:
    async with receiving() as elsewhere:
        mine = await subscribe(agency_system, receiver.url, "agencies.*", at=loopback_url)
        receiver.status, receiver.location = 307, elsewhere.url
        await make_agency(business_office)

        await work()

        assert elsewhere.messages == []
    assert (await one_delivery(agency_system, mine))["last_failure"] == "redirect"


async def test_a_subscriber_that_is_gone_gets_nothing_more(
    business_office: SignedIn,
    agency_system: SignedIn,
    receiver: Receiver,
    work: Work,
    loopback_url: str,
) -> None:
    mine = await subscribe(agency_system, receiver.url, "agencies.*", at=loopback_url)
    await make_agency(business_office)
    receiver.status = 410

    await work()
    await make_agency(business_office)
    await work()

    gone = (await agency_system.get(f"/subscriptions/{mine['id']}")).json()
    assert len(receiver.messages) == 1
    assert (gone["is_active"], gone["stopped_because"]) == (False, "gone")
    assert (await one_delivery(agency_system, mine))["outcome"] == "failed"


async def test_days_of_failure_stop_it_with_a_mail_and_going_on_catches_up(
    business_office: SignedIn,
    agency_system: SignedIn,
    receiver: Receiver,
    work: Work,
    loopback_url: str,
    owner: asyncpg.Connection,
) -> None:
    contact = "integration@agency.example"
    mine = await subscribe(
        agency_system, receiver.url, "agencies.*", at=loopback_url, contact_email=contact
    )
    path = f"/subscriptions/{mine['id']}"
    receiver.status = 503
    await make_agency(business_office)
    await work()
    await owner.execute(
        "UPDATE subscription_states SET failing_since = now() - interval '6 days' WHERE id = $1",
        UUID(mine["id"]),
    )

    await work()
    stopped = (await agency_system.get(path)).json()
    await make_agency(business_office)
    receiver.status = 200
    receiver.messages.clear()
    resumed = await agency_system.patch(path, json={"is_active": True}, headers={"If-Match": "*"})
    await work()

    mails = await owner.fetchval("SELECT count(*) FROM mail WHERE recipient = $1", contact)
    assert (stopped["is_active"], stopped["stopped_because"]) == (False, "failing")
    assert mails == 1
    assert resumed.status_code == 200, resumed.text
    assert (resumed.json()["stopped_because"], resumed.json()["failing_since"]) == (None, None)
    assert len(receiver.messages) == 2


async def test_after_the_last_attempt_a_delivery_has_failed(
    business_office: SignedIn,
    agency_system: SignedIn,
    receiver: Receiver,
    work: Work,
    loopback_url: str,
    owner: asyncpg.Connection,
) -> None:
    mine = await subscribe(agency_system, receiver.url, "agencies.*", at=loopback_url)
    await make_agency(business_office)
    receiver.status = 500
    await work()
    await owner.execute(
        "UPDATE webhook_deliveries SET attempts = $2 WHERE subscription_id = $1",
        UUID(mine["id"]),
        len(BACK_OFF_S),
    )

    await work()
    await work()

    dead = await one_delivery(agency_system, mine)
    assert (dead["outcome"], dead["next_attempt_at"]) == ("failed", None)
    assert len(receiver.messages) == 2


def test_pauses_grow_to_three_days_and_are_spread() -> None:
    pauses = [pause_after(n) for n in range(1, len(BACK_OFF_S) + 1)]

    assert sum(BACK_OFF_S) == 75 * 3600 + 35 * 60 + 5
    for pause, least in zip(pauses, BACK_OFF_S, strict=True):
        assert least <= pause < least * (1 + JITTER)
    assert len({pause_after(9) for _ in range(20)}) > 1


async def test_both_secrets_sign_while_one_takes_the_place_of_the_other(
    agency_system: SignedIn,
    receiver: Receiver,
    work: Work,
    loopback_url: str,
    owner: asyncpg.Connection,
) -> None:
    mine = await subscribe(agency_system, receiver.url, at=loopback_url)
    path = f"/subscriptions/{mine['id']}"
    issued = await agency_system.post(f"{path}/secrets", json={"overlap_hours": 1})
    third = await agency_system.post(f"{path}/secrets", json={})
    await agency_system.post(f"{path}/test")
    await work()
    await owner.execute(
        "UPDATE subscription_secrets SET expires_at = now() WHERE expires_at < 'infinity'"
    )
    await agency_system.post(f"{path}/test")
    await work()

    during, after = receiver.messages
    new = issued.json()["secret"]
    assert third.status_code == 409
    assert during.verified(mine["secret"]) == during.verified(new)
    assert after.verified(new)["type"] == "subscriptions.tested"
    with pytest.raises(WebhookVerificationError):
        after.verified(mine["secret"])


async def test_a_delivery_is_sent_again_under_the_same_identifier(
    business_office: SignedIn,
    agency_system: SignedIn,
    receiver: Receiver,
    work: Work,
    loopback_url: str,
) -> None:
    mine = await subscribe(agency_system, receiver.url, "agencies.*", at=loopback_url)
    await make_agency(business_office)
    await work()
    delivery = await one_delivery(agency_system, mine)

    again = await agency_system.post(
        f"/subscriptions/{mine['id']}/deliveries/{delivery['id']}/redelivery"
    )
    await work()

    assert (again.status_code, again.json()["outcome"]) == (200, "waiting")
    assert [each.headers["webhook-id"] for each in receiver.messages] == [delivery["id"]] * 2


async def test_a_replay_sends_everything_from_an_event_or_a_time_on(
    business_office: SignedIn,
    agency_system: SignedIn,
    receiver: Receiver,
    work: Work,
    loopback_url: str,
) -> None:
    mine = await subscribe(agency_system, receiver.url, "agencies.*", at=loopback_url)
    path = f"/subscriptions/{mine['id']}/replay"
    agencies = [(await make_agency(business_office))["id"] for _ in range(3)]
    await work()
    third, second, _ = await deliveries(agency_system, mine)
    first_round = [*receiver.messages]
    receiver.messages.clear()

    by_event = await agency_system.post(path, json={"from_event_id": second["event_id"]})
    await work()
    from_second = {each.headers["webhook-id"] for each in receiver.messages}
    receiver.messages.clear()
    by_time = await agency_system.post(path, json={"from_time": mine["created_at"]})
    await work()
    all_three = {each.headers["webhook-id"] for each in receiver.messages}

    assert (by_event.status_code, by_time.status_code) == (200, 200)
    assert from_second == {second["id"], third["id"]}
    assert all_three >= {each.headers["webhook-id"] for each in first_round}
    assert {json.loads(each.body)["data"]["record_id"] for each in receiver.messages} >= {*agencies}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {
            "from_event_id": "0199f7c2-5d3e-7a41-9c06-2b8f41d7e650",
            "from_time": "2017-11-01T00:00:00Z",
        },
    ],
)
async def test_a_replay_begins_at_one_place(
    agency_system: SignedIn, receiver: Receiver, loopback_url: str, body: Json
) -> None:
    mine = await subscribe(agency_system, receiver.url, at=loopback_url)

    response = await agency_system.post(f"/subscriptions/{mine['id']}/replay", json=body)

    assert response.status_code == 422


async def test_a_right_that_is_lost_before_delivery_withholds_the_event(
    agency: Json,
    sign_in: SignIn,
    receiver: Receiver,
    work: Work,
    loopback_url: str,
    owner: asyncpg.Connection,
) -> None:
    lead = await sign_in("agency_lead", agency_id=agency["id"])
    mine = await subscribe(lead, receiver.url, "audit_responses.*", at=loopback_url)
    await stage_audit(owner, agency)
    receiver.status = 500
    await work()
    receiver.messages.clear()
    receiver.status = 200
    await owner.execute(
        "UPDATE role_assignments SET valid_from = current_date - 2, valid_to = current_date - 1"
        " WHERE user_id = $1",
        lead.principal_id,
    )

    await work()
    await stage_audit(owner, agency)
    await work()

    outcomes = await owner.fetch(
        "SELECT outcome FROM webhook_deliveries WHERE subscription_id = $1", UUID(mine["id"])
    )
    assert receiver.messages == []
    assert [row["outcome"] for row in outcomes] == ["withheld"]


async def test_an_agency_that_is_suspended_gets_nothing(
    business_office: SignedIn,
    agency: Json,
    agency_system: SignedIn,
    receiver: Receiver,
    work: Work,
    loopback_url: str,
) -> None:
    await subscribe(agency_system, receiver.url, "agencies.*", at=loopback_url)
    reason = {"agency_id": agency["id"], "reason": "Credentials were stolen."}
    suspended = await business_office.post("/agency-suspensions", json=reason)
    await make_agency(business_office)

    await work()

    assert suspended.status_code == 201
    assert receiver.messages == []


async def test_two_workers_send_each_event_once(
    business_office: SignedIn,
    agency_system: SignedIn,
    receiver: Receiver,
    work: Work,
    postman: Caller,
    allowing: Settings,
    installation: Installation,
    owner: asyncpg.Connection,
    loopback_url: str,
) -> None:
    await work()
    await subscribe(agency_system, receiver.url, "agencies.*", at=loopback_url)
    for _ in range(6):
        await make_agency(business_office)

    await settle(owner)
    both = (send_webhooks(postman, allowing, installation.secret_key) for _ in range(2))
    await asyncio.gather(*both)

    ids = [each.headers["webhook-id"] for each in receiver.messages]
    assert len(ids) == len(set(ids)) == 6


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.0.1",
        "0.0.0.0",  # noqa: S104 - to be refused
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "168.63.129.16",
        "100.64.0.1",
        "192.0.0.192",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:1::1",
        "fd00:ec2::254",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_no_address_of_this_network_may_be_reached(address: str) -> None:
    assert not may_reach(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_of_the_public_network_may_be_reached(address: str) -> None:
    assert may_reach(address)


@pytest.mark.parametrize(
    "host",
    ["localhost", "0x7f000001", "2130706433", "0177.0.0.1", "127.1", "::ffff:127.0.0.1", "[::1]"],
)
async def test_no_name_or_spelling_leads_to_this_machine(host: str) -> None:
    with pytest.raises(Exception) as refused:  # noqa: PT011 - refused, or no name at all
        await addresses_of(host.strip("[]"), 443)

    assert isinstance(refused.value, AddressRefusedError)


@pytest.mark.usefixtures("work")
@pytest.mark.parametrize(
    "host", ["localhost", "0x7f000001", "2130706433", "[::ffff:127.0.0.1]", "127.0.0.1", "127.1"]
)
async def test_nothing_is_sent_to_this_machine_though_it_is_subscribed(
    host: str,
    agency_system: SignedIn,
    receiver: Receiver,
    loopback_url: str,
    installation: Installation,
    settings: Settings,
    owner: asyncpg.Connection,
    postman: Caller,
) -> None:
    mine = await subscribe(agency_system, receiver.url, at=loopback_url)
    await owner.execute(
        "UPDATE subscriptions SET url = $2 WHERE id = $1",
        UUID(mine["id"]),
        f"http://{host}:{receiver.port}/hooks",
    )
    await agency_system.post(f"/subscriptions/{mine['id']}/test")

    await send_webhooks(postman, settings, installation.secret_key)

    assert receiver.messages == []
    assert (await one_delivery(agency_system, mine))["last_failure"] == "address_refused"


async def test_nobody_but_the_worker_enters_for_a_subscription_and_only_to_read(
    agency_system: SignedIn,
    receiver: Receiver,
    loopback_url: str,
    postman: Caller,
) -> None:
    mine = await subscribe(agency_system, receiver.url, at=loopback_url)
    enter = "SELECT id FROM actor.enter_for_subscription($1, $2)"
    token = token_of(agency_system)

    with pytest.raises(asyncpg.PostgresError) as foreign:
        await postman.database.reads.fetchrow(enter, hash_of(token), UUID(mine["id"]))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await postman.database.writes.fetchrow(enter, postman.token_hash, UUID(mine["id"]))

    assert foreign.value.sqlstate == "SG403"
