"""Rules of the timetable: what the framework asks for, as data (Framework section 23)."""

from datetime import date, timedelta

import pytest

from tests.conftest import Json, SignedIn
from tests.stage import TODAY

CADENCES = {
    "section_11_audit": 12,
    "schools_audit": 12,
    "multi_agency_case_audit": 3,
    "early_help_audit": 12,
    "training_return": 12,
    "training_report": 3,
    "dataset": 3,
    "scorecard": 3,
    "assurance_report": 24,
    "agency_annual_report": 12,
    "information_on_inspection": None,
    "quality_assurance_learning_needs": 12,
    "cdop_annual_report": 12,
    "board_annual_report": 12,
    "business_plan": 12,
    "priorities_refresh": 12,
    "newsletter": 2,
    "board_impact_exercise": 24,
    "policy_review": 12,
}


async def _rules(caller: SignedIn) -> dict[str, Json]:
    items = (await caller.get("/schedule-rules", params={"limit": 200})).json()["items"]
    return {each["code"]: each for each in items}


@pytest.mark.duty("9.15")
@pytest.mark.duty("20.1")
@pytest.mark.duty("22.5")
@pytest.mark.duty("23.4")
async def test_what_the_framework_asks_for_is_laid_out(board_member: SignedIn) -> None:
    rules = await _rules(board_member)

    assert {code: rules[code]["every_months"] for code in CADENCES} == CADENCES
    assert rules["assurance_report"]["counted_from"] == "last_met"
    assert rules["priorities_refresh"]["body_id"] == rules["board_impact_exercise"]["body_id"]


async def test_only_the_business_office_keeps_rules(
    business_office: SignedIn, board_member: SignedIn, agency: Json
) -> None:
    body = (await business_office.get("/bodies", params={"code": "board"})).json()["items"][0]
    rule = {
        "code": f"survey-{agency['id'][-8:]}",
        "title": "Survey of practitioners",
        "section": "22",
        "agency_ids": [agency["id"]],
        "in_charge_id": body["id"],
        "every_months": 24,
        "anchor_on": str(date(TODAY.year + 1, 1, 31)),
        "valid_from": str(TODAY),
    }

    refused = await board_member.post("/schedule-rules", json=rule)
    made = await business_office.post("/schedule-rules", json=rule)
    twice = await business_office.post("/schedule-rules", json=rule)
    backwards = rule | {"code": f"{rule['code']}-x", "valid_to": str(TODAY - timedelta(days=1))}
    impossible = await business_office.post("/schedule-rules", json=backwards)

    assert (refused.status_code, made.status_code, twice.status_code) == (403, 201, 409)
    assert impossible.status_code in {409, 422}
    seen = (await board_member.get(f"/schedule-rules/{made.json()['id']}")).json()
    assert seen["agency_ids"] == [agency["id"]]
