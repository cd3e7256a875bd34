"""Signing off a response: two people, and nothing missing. Framework section 15."""

import asyncpg
import pytest

from tests.conftest import Json, SignedIn, SignIn
from tests.stage import TODAY, WHOLE, StagedAudit, move, push, put_answers, stage_audit

SIGNED = {"completed_by": "Named lead", "signed_off_by": "Chief officer"}


@pytest.mark.duty("15.2")
async def test_a_contributor_fills_in_and_the_senior_signs_off(
    lead: SignedIn, senior: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)
    await put_answers(lead, path, *WHOLE, completed_by="Named lead")
    await move(lead, path, "agency_review")

    response = await move(senior, path, "submitted", signed_off_by="Chief officer")

    assert response.status_code == 201
    body = (await lead.get(path)).json()
    assert (body["status"], body["revision"]) == ("submitted", 1)
    assert (body["completed_by"], body["signed_off_by"]) == ("Named lead", "Chief officer")
    assert (body["answered"], body["unanswered"], body["is_late"]) == (2, 0, False)
    assert response.headers["etag"] == (await senior.get(path)).headers["etag"]
    (kept,) = (await lead.get("/submissions", params={"response_id": body["id"]})).json()["items"]
    assert kept["submitted_on"] == TODAY.isoformat()


@pytest.mark.duty("15.2")
async def test_nobody_signs_off_alone(sign_in: SignIn, agency: Json, audit: StagedAudit) -> None:
    path = audit.response_of(agency)
    alone = await sign_in("agency_lead", "agency_senior", agency_id=agency["id"])
    await put_answers(alone, path, *WHOLE)
    await move(alone, path, "agency_review")

    signed_off = await move(alone, path, "submitted", **SIGNED)
    pushed = await push(alone, audit)

    assert (await alone.get(path)).json()["allowed_transitions"] == ["in_progress"]
    assert (signed_off.status_code, signed_off.json()["code"]) == (409, "transition_not_allowed")
    assert (pushed.status_code, pushed.json()["code"]) == (409, "sole_contributor")


async def test_a_lead_does_not_sign_off(lead: SignedIn, agency: Json, audit: StagedAudit) -> None:
    path = audit.response_of(agency)
    await put_answers(lead, path, *WHOLE)
    await move(lead, path, "agency_review")

    response = await move(lead, path, "submitted", **SIGNED)

    assert response.json()["code"] == "transition_not_allowed"


async def test_a_sign_off_says_who_completed_it_and_who_signs(
    lead: SignedIn, senior: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)
    await put_answers(lead, path, *WHOLE)
    await move(lead, path, "agency_review")

    nobody = await move(senior, path, "submitted")
    same = await move(senior, path, "submitted", completed_by="The head", signed_off_by="the Head ")

    assert nobody.json()["errors"][0]["pointer"] == "/completed_by"
    assert same.status_code == 422
    assert [(e["pointer"], e["code"]) for e in same.json()["errors"]] == [
        ("/signed_off_by", "same_person")
    ]


@pytest.mark.duty("15.2")
async def test_what_is_missing_is_named_question_by_question(
    lead: SignedIn, senior: SignedIn, owner: asyncpg.Connection, agency: Json
) -> None:
    questions: list[Json] = [{"code": f"1.{n}"} for n in range(4)]
    questions[1]["evidence"] = "required"
    audit = await stage_audit(owner, agency, questions=questions)
    path = audit.response_of(agency)
    improvement = {"text": "Train the deputy.", "lead": None, "due_on": "2027-03-31"}
    await put_answers(
        lead,
        path,
        {"question": "1.1", "grade": "met"},
        {"question": "1.2", "grade": "met", "improvements": [improvement]},
        {"question": "1.3", "grade": "met"},
    )
    await owner.execute(
        "UPDATE answers SET is_carried_forward = true WHERE question_id = $1",
        audit.questions["1.3"],
    )
    await move(lead, path, "agency_review")

    response = await move(senior, path, "submitted", **SIGNED)

    assert (response.status_code, response.json()["code"]) == (409, "response_incomplete")
    assert [(each["pointer"], each["code"]) for each in response.json()["errors"]] == [
        ("/answers/1.0", "unanswered"),
        ("/answers/1.1", "evidence_missing"),
        ("/answers/1.2", "improvement_incomplete"),
        ("/answers/1.3", "carried_forward"),
    ]
    assert (await lead.get(path)).json()["status"] == "agency_review"


async def test_what_is_carried_forward_counts_once_it_is_confirmed(
    lead: SignedIn, owner: asyncpg.Connection, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)
    await put_answers(lead, path, *WHOLE)
    await owner.execute(
        "UPDATE answers SET is_carried_forward = true WHERE response_id = $1",
        audit.responses[agency["id"]],
    )

    response = await put_answers(lead, path, WHOLE[0])

    assert (response.json()["answered"], response.json()["unanswered"]) == (1, 1)
    items = (await lead.get(f"{path}/answers")).json()["items"]
    assert {e["question"]: e["is_carried_forward"] for e in items} == {"1.1": False, "1.2": True}
