"""Answers over HTTP: filled in part by part. Framework section 15."""

import asyncpg
import httpx
import pytest

from tests.conftest import Json, SignedIn, SignIn
from tests.stage import (
    WHOLE,
    StagedAudit,
    put_answers,
    stage_audit,
    tag_of,
)


def places(response: httpx.Response) -> list[tuple[str, str]]:
    """Return what was refused, by place and rule."""
    return [(each["pointer"], each["code"]) for each in response.json()["errors"]]


async def test_the_first_answer_starts_the_response(
    lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)

    response = await put_answers(lead, path, WHOLE[0], completed_by="Named lead")

    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["completed_by"]) == ("in_progress", "Named lead")
    assert (body["answered"], body["unanswered"]) == (1, 1)
    assert response.headers["etag"] == (await lead.get(path)).headers["etag"]
    moves = (await lead.get(f"{path}/transitions")).json()["items"]
    assert [(each["from_state"], each["to_state"]) for each in moves] == [
        ("not_started", "in_progress")
    ]


@pytest.mark.duty("15.2")
async def test_an_answer_is_read_back_as_it_was_written(
    lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    answer = {
        "question": "1.2",
        "grade": "partly",
        "value": None,
        "narrative": "The deputy has no time set aside.",
        "impact": "Children wait for a referral.",
        "is_not_applicable": False,
        "not_applicable_reason": None,
        "is_good_practice": True,
        "may_be_shared": True,
        "improvements": [{"text": "Set time aside.", "lead": "Head", "due_on": "2027-03-31"}],
        "own_reference": "QA-7",
    }

    await put_answers(lead, audit.response_of(agency), answer)

    listed = await lead.get(f"{audit.response_of(agency)}/answers")
    (read,) = listed.json()["items"]
    assert read == answer | {
        "id": read["id"],
        "created_at": read["created_at"],
        "updated_at": read["updated_at"],
        "response_id": str(audit.responses[agency["id"]]),
        "agency_id": agency["id"],
        "standard": "S1",
        "previous_grade": None,
        "previous_narrative": None,
        "is_carried_forward": False,
        "moderated_grade": None,
        "moderator_comment": None,
        "returned_comment": None,
        "redactions": [],
    }


async def test_answers_that_are_not_named_stay(
    lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)
    await put_answers(lead, path, *WHOLE)

    await put_answers(lead, path, {"question": "1.1", "grade": "not_met"})

    items = (await lead.get(f"{path}/answers")).json()["items"]
    assert {each["question"]: each["grade"] for each in items} == {
        "1.1": "not_met",
        "1.2": "partly",
    }


async def test_an_answer_that_is_named_is_replaced_whole(
    lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)
    await put_answers(lead, path, WHOLE[1])

    await put_answers(lead, path, {"question": "1.2"})

    (read,) = (await lead.get(f"{path}/answers")).json()["items"]
    assert (read["grade"], read["narrative"]) == (None, None)
    assert (await lead.get(path)).json()["unanswered"] == 2


async def test_every_kind_of_answer_is_kept_as_it_is(
    lead: SignedIn, agency: Json, owner: asyncpg.Connection
) -> None:
    kinds = ("number", "yes_no", "text", "date")
    questions = [{"code": f"1.{n}", "answer_type": kind} for n, kind in enumerate(kinds)]
    audit = await stage_audit(owner, agency, questions=questions)
    values = [12.5, False, "Each term.", "2026-02-28"]

    response = await put_answers(
        lead,
        audit.response_of(agency),
        *({"question": f"1.{n}", "value": value} for n, value in enumerate(values)),
    )

    assert response.json()["unanswered"] == 0
    items = (await lead.get(f"{audit.response_of(agency)}/answers")).json()["items"]
    assert [each["value"] for each in items] == values[::-1]


async def test_every_answer_that_does_not_fit_is_named(
    lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    response = await put_answers(
        lead,
        audit.response_of(agency),
        {"question": "9.9", "grade": "met"},
        {"question": "1.1", "grade": "met"},
        {"question": "1.1", "grade": "excellent"},
        {"question": "1.2", "grade": "met", "is_not_applicable": True},
        {"question": "2.1", "value": 101},
        {"question": "2.2", "value": True},
    )

    assert response.status_code == 422
    assert places(response) == [
        ("/answers/0/question", "unknown_question"),
        ("/answers/1/question", "duplicate_question"),
        ("/answers/2/question", "duplicate_question"),
        ("/answers/2/grade", "unknown_grade"),
        ("/answers/3/not_applicable_reason", "not_applicable_needs_reason"),
        ("/answers/3/is_not_applicable", "not_applicable_is_no_answer"),
        ("/answers/4/value", "out_of_range"),
        ("/answers/5/question", "not_put_to_this_agency"),
    ]
    assert "excellent" not in response.text
    assert (await lead.get(audit.response_of(agency))).json()["status"] == "not_started"


@pytest.mark.parametrize(
    ("answer", "place", "code"),
    [
        ({"question": "1.1", "value": 1}, "value", "takes_no_value"),
        ({"question": "2.1", "grade": "met"}, "grade", "takes_no_grade"),
        ({"question": "2.1", "value": "many"}, "value", "wrong_type"),
        ({"question": "2.1", "value": True}, "value", "wrong_type"),
    ],
)
async def test_a_question_takes_its_own_kind_of_answer(
    lead: SignedIn, agency: Json, audit: StagedAudit, answer: Json, place: str, code: str
) -> None:
    response = await put_answers(lead, audit.response_of(agency), answer)

    assert places(response) == [(f"/answers/0/{place}", code)]


@pytest.mark.duty("15.1")
async def test_a_question_is_put_to_the_agencies_it_is_meant_for(
    business_office: SignedIn, sign_in: SignIn, owner: asyncpg.Connection
) -> None:
    body = {"name": "Fire and Rescue", "sector": "fire", "duty_bases": ["voluntary"]}
    fire = (await business_office.post("/agencies", json=body)).json()
    audit = await stage_audit(owner, fire)
    lead = await sign_in("agency_lead", agency_id=fire["id"])

    response = await put_answers(lead, audit.response_of(fire), {"question": "2.2", "value": True})

    assert response.status_code == 200


async def test_who_fills_in_with_an_old_tag_overwrites_nobody(
    lead: SignedIn, senior: SignedIn, agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)
    old = await tag_of(lead, path)
    await put_answers(agency_system, path, WHOLE[0])

    body = {"answers": [{"question": "1.1", "grade": "not_met"}]}
    stale = await lead.put(f"{path}/answers", json=body, headers=old)
    without = await lead.put(f"{path}/answers", json=body)
    by_senior = await senior.put(f"{path}/answers", json=body, headers=old)

    assert (stale.status_code, without.status_code, by_senior.status_code) == (412, 428, 403)
    (read,) = (await lead.get(f"{path}/answers")).json()["items"]
    assert read["grade"] == "met"


async def test_the_board_does_not_answer_for_an_agency(
    business_office: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    response = await put_answers(business_office, audit.response_of(agency), WHOLE[0])

    assert response.status_code == 403


async def test_a_closed_audit_takes_no_answers(
    lead: SignedIn, agency: Json, owner: asyncpg.Connection
) -> None:
    audit = await stage_audit(owner, agency, status="closed")

    response = await put_answers(lead, audit.response_of(agency), WHOLE[0])

    assert (response.status_code, response.json()["code"]) == (409, "response_not_open")


async def test_a_board_member_reads_moderated_grades_and_no_answers(
    lead: SignedIn, board_member: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    await put_answers(lead, audit.response_of(agency), WHOLE[1])

    listed = await board_member.get(f"{audit.response_of(agency)}/answers")

    (read,) = listed.json()["items"]
    assert (read["question"], read["standard"], read["moderated_grade"]) == ("1.2", "S1", None)
    shown = {name for name, value in read.items() if value is not None} - {"redactions"}
    assert shown == {
        "id", "created_at", "updated_at", "response_id", "agency_id", "question", "standard"
    }  # fmt: skip
    assert {"pointer": "/grade", "reason": "agency_only"} in read["redactions"]


async def test_answers_are_listed_by_standard(
    lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)
    await put_answers(lead, path, *WHOLE, {"question": "2.1", "value": 40})

    response = await lead.get(f"{path}/answers", params={"standard": "S2"})

    assert [each["question"] for each in response.json()["items"]] == ["2.1"]
