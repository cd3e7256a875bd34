"""Stakeholders and briefings of officers over HTTP (Framework section 8)."""

from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from tests.conftest import Json, SignedIn
from tests.rounds import post
from tests.stage import TODAY

TOLD: Json = {
    "recipient": "chief_executive",
    "recipient_title": "Chief Executive",
    "is_escalation": True,
    "sent_on": str(TODAY),
    "text": "Waits for assessments have grown for two quarters.",
}


@pytest.mark.duty("8.1")
async def test_the_map_says_whom_the_board_answers_to_and_what_they_receive(
    business_office: SignedIn, board_member: SignedIn
) -> None:
    body = {
        "name": f"Health and Wellbeing Board {uuid4().hex[:8]}",
        "relation": "informs",
        "receives": "The annual report.",
        "receives_when": "Each year in September",
    }

    made = await post(business_office, "/stakeholders", body)
    changed = await business_office.patch(
        f"/stakeholders/{made['id']}",
        json={"relation": "accountable_to"},
        headers={"If-Match": "*"},
    )
    again = await business_office.post("/stakeholders", json=body)

    seen = await board_member.get("/stakeholders", params={"relation": "accountable_to"})
    assert changed.json() in seen.json()["items"]
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "stakeholders_name_key")


@pytest.mark.duty("8.6")
async def test_what_the_chair_told_an_officer_is_kept_with_the_answer(
    business_office: SignedIn, board_member: SignedIn
) -> None:
    made = await post(business_office, "/officer-briefings", TOLD)
    path = f"/officer-briefings/{made['id']}"
    waits = {"is_answered": "false", "recipient": "chief_executive", "limit": "200"}
    waiting = (await board_member.get("/officer-briefings", params=waits)).json()["items"]

    answered = await business_office.patch(
        path,
        json={"response": "Two posts are added.", "responded_on": str(TODAY)},
        headers={"If-Match": "*"},
    )

    assert made in waiting
    assert answered.json()["response"] == "Two posts are added."
    waiting = (await board_member.get("/officer-briefings", params=waits)).json()["items"]
    assert made["id"] not in {each["id"] for each in waiting}
    assert (await board_member.get(path)).json() == answered.json()


async def test_an_answer_has_a_day_that_is_not_before_the_question(
    business_office: SignedIn,
) -> None:
    path = f"/officer-briefings/{(await post(business_office, '/officer-briefings', TOLD))['id']}"
    before = str(TODAY - timedelta(days=1))

    undated = await business_office.patch(
        path, json={"response": "Yes."}, headers={"If-Match": "*"}
    )
    early = await business_office.patch(
        path, json={"response": "Yes.", "responded_on": before}, headers={"If-Match": "*"}
    )

    assert [each.status_code for each in (undated, early)] == [409, 409]
    assert early.json()["errors"][0]["code"] == "officer_briefings_dates_check"


async def test_officers_are_named_by_their_post(business_office: SignedIn) -> None:
    body = TOLD | {"text": "Desmond Hartigan was not visited."}

    response = await business_office.post("/officer-briefings", json=body)

    assert (response.status_code, response.json()["code"]) == (422, "unresolved_identifiers")


async def test_only_the_business_office_writes_for_the_chair(
    board_member: SignedIn, agency_system: SignedIn, anonymous: httpx.AsyncClient
) -> None:
    answers = [
        await each.post("/officer-briefings", json=TOLD)
        for each in (board_member, agency_system, anonymous)
    ]

    assert [each.status_code for each in answers] == [403, 403, 401]
