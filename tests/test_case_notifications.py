"""Notifications of incidents: a case, its people and its review at once (section 16)."""

import asyncpg
import pytest

from app.services.campaigns import board_day
from tests.casework import CHILD, MOTHER, VISITOR
from tests.conftest import Json, SignedIn, SignIn
from tests.people import everything
from tests.reviews import Cast, now
from tests.rounds import post

STORY = "Zoë O'Hallorán (NHS number 999 000 0026) was seen by Bartholomew Quist on Monday."
TOLD = "[Child A] (NHS number [NHS number of Child A]) was seen by [Health Visitor 1] on Monday."


def incident(**members: object) -> Json:
    """Describe an incident, with the people it is about."""
    return {
        "people": [CHILD, MOTHER, VISITOR],
        "harm": "serious_harm",
        "occurred_on": "2016-05-04",
        "circumstances": STORY,
        "immediate_action": "[Mother] was told on the same day.",
    } | members


async def notified(caller: SignedIn, **members: object) -> Json:
    """Notify of an incident; return the notification."""
    return await post(caller, "/case-notifications", incident(**members))


async def test_an_agency_notifies_of_an_incident_in_one_act(
    agency: Json, agency_system: SignedIn, cast: Cast
) -> None:
    made = await notified(agency_system)

    review = await now(cast.office, {"id": made["case_review_id"]})
    people = (await cast.office.get(f"/cases/{made['case_id']}/persons")).json()["items"]
    assert made["agency_id"] == agency["id"]
    assert made["circumstances"] == review["circumstances"] == TOLD
    assert made["immediate_action"] == "[Mother] was told on the same day."
    assert [each["label"] for each in people] == ["Child A", "Mother", "Health Visitor 1"]
    assert (review["case_id"], review["harm"]) == (made["case_id"], "serious_harm")
    assert (review["regime"], review["status"]) == ("LSP_WT2026", "incident_notified")
    assert review["notified_on"] == board_day().isoformat()


async def test_whoever_notified_sees_its_case_and_its_notification_and_nothing_of_others(
    agency_system: SignedIn, sign_in: SignIn, other_agency: Json
) -> None:
    stranger = await sign_in(agency_id=other_agency["id"])
    made = await notified(agency_system)
    other = await notified(stranger)

    path = f"/case-notifications/{made['id']}"
    assert (await agency_system.get(path)).json() == made
    assert (await agency_system.get("/case-notifications")).json()["items"] == [made]
    assert (await agency_system.get(f"/cases/{made['case_id']}")).status_code == 200
    review = f"/case-reviews/{made['case_review_id']}"
    assert (await agency_system.get(f"{review}/deadlines")).json()["items"] == []
    seen = (await agency_system.get(review)).json()
    assert (seen["circumstances"], seen["harm"], seen["allowed_transitions"]) == (None, None, [])
    for hidden in (
        f"/case-notifications/{other['id']}",
        f"/case-reviews/{other['case_review_id']}",
        f"/cases/{other['case_id']}",
    ):
        assert (await agency_system.get(hidden)).status_code == 404, hidden


@pytest.mark.parametrize("role", ["board_member", "inspector", "bo_analyst", "agency_senior"])
async def test_nobody_else_learns_of_a_notification(
    sign_in: SignIn, agency_system: SignedIn, other_agency: Json, role: str
) -> None:
    made = await notified(agency_system)
    stranger = await sign_in(role, agency_id=other_agency["id"])

    response = await stranger.get(f"/case-notifications/{made['id']}")

    assert response.status_code in (403, 404)
    assert (await stranger.get("/case-notifications")).json().get("items", []) == []


async def test_a_doubtful_name_is_refused_and_then_nothing_was_opened(
    agency_system: SignedIn, owner: asyncpg.Connection
) -> None:
    before = await owner.fetchval("SELECT count(*) FROM cases")

    response = await agency_system.post(
        "/case-notifications", json=incident(circumstances="Seen by Dr Ignatius Popplewell.")
    )

    (place,) = response.json()["identifiers"]
    assert (response.status_code, response.json()["code"]) == (422, "unresolved_identifiers")
    assert (place["pointer"], place["person_ids"]) == ("/circumstances", [])
    assert "Popplewell" not in response.text
    assert await owner.fetchval("SELECT count(*) FROM cases") == before


async def test_a_system_has_doubtful_names_masked_and_sealed(
    agency_system: SignedIn, owner: asyncpg.Connection
) -> None:
    response = await agency_system.post(
        "/case-notifications",
        json=incident(circumstances="Seen by Dr Ignatius Popplewell."),
        headers={"Prefer": "identifiers=mask"},
    )

    assert response.status_code == 201, response.text
    assert "[redacted name 1]" in response.json()["circumstances"]
    assert "Popplewell" not in await everything(owner)


async def test_a_place_may_be_resolved_but_not_as_a_person(agency_system: SignedIn) -> None:
    text = "Seen by Dr Ignatius Popplewell."
    first = await agency_system.post("/case-notifications", json=incident(circumstances=text))
    (place,) = first.json()["identifiers"]
    at = {name: place[name] for name in ("pointer", "start", "length")}

    stays = incident(circumstances=text, resolutions=[at | {"treat_as": "not_identifying"}])
    person = at | {"treat_as": "person", "person_id": "0199f7c2-5d3e-7a41-9c06-2b8f41d7e650"}
    refused = await agency_system.post(
        "/case-notifications", json=incident(circumstances=text, resolutions=[person])
    )

    made = await post(agency_system, "/case-notifications", stays)
    assert made["circumstances"] == text
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_token")


@pytest.mark.duty("7.4")
async def test_a_notification_leaves_no_name_in_the_database(
    agency_system: SignedIn, owner: asyncpg.Connection
) -> None:
    made = await notified(agency_system)

    text = (await everything(owner)).casefold()

    found = [n for n in ("zozo", "hallor", "quarrywell", "9990000026", "quist") if n in text]
    assert made["id"] in text
    assert found == []


async def test_a_wrong_check_digit_is_refused_with_the_person_it_stands_at(
    agency_system: SignedIn,
) -> None:
    wrong = {"kind": "child", "identity": {"nhs_number": "9990000027"}}

    response = await agency_system.post(
        "/case-notifications", json=incident(people=[CHILD, wrong], circumstances="It happened.")
    )

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/people/1/identity/nhs_number"


async def test_an_incident_sent_again_opens_no_second_case(
    agency_system: SignedIn,
) -> None:
    key = {"Idempotency-Key": "incident-1"}

    made = [
        await agency_system.post("/case-notifications", json=incident(), headers=key)
        for _ in range(2)
    ]

    assert [each.status_code for each in made] == [201, 201]
    assert made[0].json() == made[1].json()
    assert len((await agency_system.get("/cases")).json()["items"]) == 1


async def test_a_regime_that_is_not_in_force_is_refused(agency_system: SignedIn) -> None:
    response = await agency_system.post("/case-notifications", json=incident(regime="LSCB_WT2015"))

    assert (response.status_code, response.json()["code"]) == (409, "no_regime")


async def test_only_an_agency_notifies(cast: Cast, board_member: SignedIn) -> None:
    for caller in (cast.office, cast.chair, cast.sub_group, board_member):
        response = await caller.post("/case-notifications", json=incident())
        assert response.status_code == 403


async def test_whoever_notified_adds_nobody_to_the_case_afterwards(
    agency_system: SignedIn, owner: asyncpg.Connection
) -> None:
    made = await notified(agency_system)

    response = await agency_system.post(f"/cases/{made['case_id']}/persons", json=CHILD)

    assert response.status_code == 403
    assert await owner.fetchval(
        "SELECT count(*) = 3 FROM persons WHERE case_id = $1", made["case_id"]
    )


async def test_a_lead_of_an_agency_notifies_as_its_system_does(
    sign_in: SignIn, agency: Json
) -> None:
    lead = await sign_in("agency_lead", agency_id=agency["id"])

    made = await notified(lead, circumstances="[Child A] was hurt.")

    assert made["circumstances"] == "[Child A] was hurt."
