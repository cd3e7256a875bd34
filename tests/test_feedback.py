"""Feedback, letters to agencies and audits asked for, over HTTP (Framework sections 8, 9, 15)."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from tests.briefings import body_of, decided, read, step_on
from tests.conftest import Json, SignedIn
from tests.rounds import post
from tests.stage import TODAY, stage_audit

SAID: Json = {
    "source": "families",
    "received_on": str(TODAY),
    "text": "Nobody told us what came of our referral.",
}
TOLD: Json = {"you_said": "You want to hear back.", "we_did": "Every referral gets an answer."}
PERIOD: Json = {"period_from": str(TODAY - timedelta(days=365)), "period_to": str(TODAY)}
ASKED: Json = {
    "title": "Review of missed visits",
    "area": "Visits that were missed and not followed up.",
    "gateway": "ca2004_s16H",
    "due_on": str(TODAY + timedelta(days=60)),
}
REPORT: Json = {
    "findings": "Most missed visits are followed up.",
    "action_plan": "Alerts are added to the system.",
    "implemented_by": str(TODAY + timedelta(days=90)),
}


@pytest.mark.duty("8.3")
async def test_what_was_said_and_done_is_published(
    business_office: SignedIn, agency: Json, agency_system: SignedIn, other_system: SignedIn
) -> None:
    made = await post(agency_system, "/feedback", SAID | {"agency_id": agency["id"]})
    path = f"/feedback/{made['id']}"

    await step_on(business_office, path, "considered")
    untold = await step_on(business_office, path, "published", 409)
    hidden = await other_system.get(path)
    await business_office.patch(path, json=TOLD, headers={"If-Match": "*"})
    await step_on(business_office, path, "published")

    assert (hidden.status_code, untold["code"]) == (404, "transition_not_allowed")
    listed = (await read(other_system, "/you-said-we-did"))["items"]
    assert (
        listed[0]
        == {
            "id": made["id"],
            "source": "families",
            "published_on": str(TODAY),
        }
        | TOLD
    )
    late = await business_office.patch(path, json=TOLD, headers={"If-Match": "*"})
    assert late.json()["code"] == "record_fixed"


async def test_feedback_is_of_ones_own_agency_and_names_nobody(
    agency_system: SignedIn, other_agency: Json, agency: Json
) -> None:
    of_others = SAID | {"agency_id": other_agency["id"]}
    named = SAID | {"agency_id": agency["id"], "text": "Desmond Hartigan was not told."}
    early = SAID | {"agency_id": agency["id"], "received_on": str(TODAY + timedelta(days=1))}

    answers = [
        await agency_system.post("/feedback", json=each) for each in (of_others, named, early)
    ]

    assert [each.status_code for each in answers] == [403, 422, 422]
    assert "Hartigan" not in answers[1].text


@pytest.mark.duty("9.6")
async def test_a_letter_tells_an_agency_of_its_moderated_results(
    business_office: SignedIn,
    agency: Json,
    agency_system: SignedIn,
    other_system: SignedIn,
    owner: asyncpg.Connection,
) -> None:
    audit = await stage_audit(owner, agency, due_on=TODAY, locks_on=TODAY)
    await owner.execute(
        "UPDATE audit_responses SET status = 'moderated', revision = 1 WHERE audit_id = $1",
        audit.id,
    )
    await owner.executemany(
        "INSERT INTO answers (response_id, audit_id, agency_id, question_id, grade,"
        " moderated_grade) VALUES ($1, $2, $3, $4, 'met', $5)",
        [
            (
                audit.responses[agency["id"]],
                audit.id,
                UUID(agency["id"]),
                audit.questions[code],
                grade,
            )
            for code, grade in (("1.1", "partly"), ("1.2", None))
        ],
    )

    letter = await post(business_office, "/feedback-letters", PERIOD | {"agency_id": agency["id"]})
    path = f"/feedback-letters/{letter['id']}"
    draft = await agency_system.get(path)
    await step_on(business_office, path, "issued")
    by_office = await step_on(business_office, path, "acknowledged", 409)
    await step_on(agency_system, path, "acknowledged")

    grades = letter["contents"]["grades"]
    assert [(each["grade"], each["answers"]) for each in grades] == [("met", 1), ("partly", 1)]
    assert letter["contents"]["open_actions"] == 0
    assert (draft.status_code, by_office["code"]) == (404, "transition_not_allowed")
    assert (await other_system.get(path)).status_code == 404
    seen = await read(agency_system, path)
    assert (seen["issued_on"], seen["acknowledged_on"]) == (str(TODAY), str(TODAY))
    assert seen["contents"] == letter["contents"]
    again = await business_office.post(
        "/feedback-letters", json=PERIOD | {"agency_id": agency["id"]}
    )
    assert again.status_code == 409


@pytest.mark.duty("15.24", "15.26")
async def test_the_plan_of_a_requested_audit_is_agreed_by_a_sub_group(
    business_office: SignedIn,
    agency: Json,
    agency_system: SignedIn,
    other_system: SignedIn,
    owner: asyncpg.Connection,
) -> None:
    body = ASKED | {
        "agency_id": agency["id"],
        "body_id": str(await body_of(owner, "quality_assurance")),
    }
    made = await post(business_office, "/audit-requests", body)
    path = f"/audit-requests/{made['id']}"

    by_office = await step_on(business_office, path, "accepted", 409)
    hidden = await other_system.get(path)
    await step_on(agency_system, path, "accepted")
    empty = await step_on(agency_system, path, "reported", 409)
    foreign = await business_office.patch(path, json=REPORT, headers={"If-Match": "*"})
    await agency_system.patch(path, json=REPORT, headers={"If-Match": "*"})
    await step_on(agency_system, path, "reported")
    undecided = await step_on(business_office, path, "agreed", 409)
    decision = await decided(
        owner, business_office, made, "quality_assurance", subject="audit_requests"
    )
    await step_on(business_office, path, "agreed", decision_id=decision)

    assert by_office["code"] == empty["code"] == "transition_not_allowed"
    assert (hidden.status_code, foreign.status_code) == (404, 403)
    assert undecided["code"] == "decision_needed"
    assert (await read(agency_system, path)).items() >= REPORT.items()


@pytest.mark.duty("15.24")
async def test_an_audit_is_asked_for_by_a_gateway_of_the_board_and_declined_for_a_reason(
    business_office: SignedIn, agency: Json, agency_system: SignedIn, owner: asyncpg.Connection
) -> None:
    body = ASKED | {"agency_id": agency["id"], "body_id": str(await body_of(owner, "board"))}
    made = await post(business_office, "/audit-requests", body)
    path = f"/audit-requests/{made['id']}"

    unknown = await business_office.post("/audit-requests", json=body | {"gateway": "none"})
    past = await business_office.post("/audit-requests", json=body | {"due_on": str(TODAY)})
    by_agency = await agency_system.post("/audit-requests", json=body)
    silent = await step_on(agency_system, path, "declined", 422)
    await step_on(agency_system, path, "declined", reason="An inspection covers the same area.")

    assert unknown.json()["errors"][0]["pointer"] == "/gateway"
    assert past.json()["errors"][0]["pointer"] == "/due_on"
    assert by_agency.status_code == 403
    assert silent["errors"][0]["pointer"] == "/reason"
