"""Whole returns pushed by agencies' own systems. Framework sections 6 and 15."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from app.schemas.submissions import SubmissionCreate
from app.services.submissions import submit
from tests.conftest import Json, SignedIn, SignIn
from tests.stage import (
    NAMES,
    TODAY,
    WHOLE,
    StagedAudit,
    Within,
    push,
    put_answers,
    stage_audit,
    token_of,
)


@pytest.mark.duty("6.7")
async def test_a_system_pushes_the_whole_return_in_one_call(
    agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    response = await push(agency_system, audit, external_ref="return-1")

    assert response.status_code == 201
    body = response.json()
    assert body == NAMES | {
        "id": body["id"],
        "created_at": body["created_at"],
        "updated_at": body["updated_at"],
        "response_id": str(audit.responses[agency["id"]]),
        "audit_id": str(audit.id),
        "agency_id": agency["id"],
        "revision": 1,
        "submitted_on": TODAY.isoformat(),
        "external_ref": "return-1",
        "redactions": [],
        "answers": body["answers"],
    }
    assert [(each["question"], each["grade"]) for each in body["answers"]] == [
        ("1.1", "met"),
        ("1.2", "partly"),
    ]
    assert response.headers["location"] == f"/v1/submissions/{body['id']}"
    read = await agency_system.get(f"/submissions/{body['id']}")
    assert read.json() == body
    moves = await agency_system.get(f"{audit.response_of(agency)}/transitions")
    assert [(each["from_state"], each["to_state"]) for each in moves.json()["items"]] == [
        ("not_started", "submitted")
    ]


async def test_what_was_filled_in_before_is_submitted_as_it_stands(
    lead: SignedIn, agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    await put_answers(lead, audit.response_of(agency), WHOLE[0])

    response = await push(agency_system, audit, answers=[WHOLE[1]])

    assert [each["question"] for each in response.json()["answers"]] == ["1.1", "1.2"]


async def test_the_last_submission_counts_and_every_one_is_kept(
    agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    first = (await push(agency_system, audit)).json()
    changed = [{"question": "1.1", "grade": "not_met"}, WHOLE[1]]

    second = (await push(agency_system, audit, answers=changed)).json()
    same = (await push(agency_system, audit, answers=changed)).json()

    assert [each["revision"] for each in (first, second, same)] == [1, 2, 3]
    kept = (await agency_system.get(f"/submissions/{first['id']}")).json()
    assert kept == first
    listed = await agency_system.get("/submissions", params={"audit_id": str(audit.id)})
    assert [each["revision"] for each in listed.json()["items"]] == [3, 2, 1]
    assert "answers" not in listed.json()["items"][0]
    assert (await agency_system.get(audit.response_of(agency))).json()["revision"] == 3


async def test_an_external_reference_names_one_submission(
    agency_system: SignedIn, audit: StagedAudit
) -> None:
    first = await push(agency_system, audit, external_ref="return-1")

    again = await push(agency_system, audit, external_ref="return-1")
    other = await push(agency_system, audit, external_ref="return-1", answers=WHOLE[::-1])

    assert (again.status_code, again.json()) == (201, first.json())
    assert (other.status_code, other.json()["code"]) == (409, "external_ref_reused")


async def test_an_external_reference_is_an_agencys_own(
    agency_system: SignedIn, other_system: SignedIn, audit: StagedAudit
) -> None:
    await push(agency_system, audit, external_ref="return-1")

    response = await push(other_system, audit, external_ref="return-1")

    assert response.status_code == 201


async def test_a_repeated_push_submits_once(
    agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    path, body = f"/audits/{audit.id}/submissions", {"answers": WHOLE} | NAMES

    first = await agency_system.post(path, json=body, headers=key)
    again = await agency_system.post(path, json=body, headers=key)
    other = await agency_system.post(path, json=body | {"answers": WHOLE[:1]}, headers=key)

    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert (await agency_system.get(audit.response_of(agency))).json()["revision"] == 1


async def test_pushes_at_the_same_time_take_turns(
    agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    responses = await asyncio.gather(*(push(agency_system, audit) for _ in range(5)))

    assert sorted(each.json()["revision"] for each in responses) == [1, 2, 3, 4, 5]
    assert (await agency_system.get(audit.response_of(agency))).json()["revision"] == 5


async def test_the_same_reference_at_the_same_time_makes_one_submission(
    agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    responses = await asyncio.gather(
        *(push(agency_system, audit, external_ref="return-1") for _ in range(5))
    )

    assert len({each.json()["id"] for each in responses}) == 1
    assert (await agency_system.get(audit.response_of(agency))).json()["revision"] == 1


async def test_a_push_says_all_that_is_wrong_with_it(
    agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    response = await push(
        agency_system,
        audit,
        answers=[{"question": "1.1", "grade": "superb"}, {"question": "7.7", "grade": "met"}],
        completed_by="The head",
        signed_off_by="the Head",
        submitted_on="2017-11-12",
    )

    assert response.status_code == 422
    assert [(each["pointer"], each["code"]) for each in response.json()["errors"]] == [
        ("/answers/1/question", "unknown_question"),
        ("/answers/0/grade", "unknown_grade"),
        ("/signed_off_by", "same_person"),
        ("/submitted_on", "not_retrospective"),
    ]
    assert "superb" not in response.text
    assert (await agency_system.get(audit.response_of(agency))).json()["status"] == "not_started"


async def test_a_push_that_lacks_something_stores_nothing(
    agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    response = await push(agency_system, audit, answers=WHOLE[:1])

    assert (response.status_code, response.json()["code"]) == (409, "response_incomplete")
    assert [(each["pointer"], each["code"]) for each in response.json()["errors"]] == [
        ("/answers/1.2", "unanswered")
    ]
    assert (await agency_system.get(f"{audit.response_of(agency)}/answers")).json()["items"] == []


@pytest.mark.parametrize(
    ("days", "code"), [(-31, "too_early"), (1, "too_late"), (0, None), (-30, None)]
)
async def test_a_retrospective_audit_takes_the_day_it_was(
    agency_system: SignedIn, owner: asyncpg.Connection, agency: Json, days: int, code: str | None
) -> None:
    audit = await stage_audit(owner, agency, is_retrospective=True)
    day = (TODAY + timedelta(days=days)).isoformat()

    response = await push(agency_system, audit, submitted_on=day)

    assert [each["code"] for each in response.json().get("errors", [])] == ([code] if code else [])
    assert response.json().get("submitted_on") == (None if code else day)


async def test_a_day_after_the_last_is_late(
    agency_system: SignedIn, owner: asyncpg.Connection, agency: Json
) -> None:
    due = TODAY - timedelta(days=10)
    audit = await stage_audit(owner, agency, is_retrospective=True, due_on=due)

    lateness = []
    for days in (0, 1):
        await push(agency_system, audit, submitted_on=(due + timedelta(days=days)).isoformat())
        lateness.append((await agency_system.get(audit.response_of(agency))).json()["is_late"])

    assert lateness == [False, True]


@pytest.mark.parametrize("status", ["approved", "closed", "reporting", "cancelled"])
async def test_an_audit_that_is_not_open_takes_no_return(
    agency_system: SignedIn, owner: asyncpg.Connection, agency: Json, status: str
) -> None:
    audit = await stage_audit(owner, agency, status=status)

    response = await push(agency_system, audit)

    assert (response.status_code, response.json()["code"]) == (409, "response_not_open")


async def test_what_was_accepted_is_not_submitted_again(
    agency_system: SignedIn, owner: asyncpg.Connection, agency: Json, audit: StagedAudit
) -> None:
    await owner.execute(
        "UPDATE audit_responses SET status = 'accepted' WHERE id = $1",
        audit.responses[agency["id"]],
    )

    response = await push(agency_system, audit)

    assert response.json()["code"] == "response_not_open"


@pytest.mark.duty("15.5")
async def test_a_governor_signs_off_what_the_school_filled_in(
    sign_in: SignIn, lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    governor = await sign_in("school_governor", agency_id=agency["id"])
    await put_answers(lead, audit.response_of(agency), *WHOLE)

    response = await push(governor, audit, answers=[])

    assert response.status_code == 201


async def test_a_board_member_sees_that_an_agency_submitted_and_not_what(
    agency_system: SignedIn, board_member: SignedIn, moderator: SignedIn, audit: StagedAudit
) -> None:
    made = (await push(agency_system, audit)).json()

    member = await board_member.get(f"/submissions/{made['id']}")
    inner = await moderator.get(f"/submissions/{made['id']}")

    assert member.status_code == 404
    assert inner.json() == made


async def test_a_return_of_33_answers_is_a_handful_of_statements(
    within: Within, agency_system: SignedIn, owner: asyncpg.Connection, agency: Json
) -> None:
    questions = [{"code": f"{n // 4}.{n % 4}"} for n in range(33)]
    answers = [{"question": each["code"], "grade": "met"} for each in questions]
    body = SubmissionCreate.model_validate({"answers": answers} | NAMES)
    caller = within(token_of(agency_system), "audit-responses:submit")
    counts = []

    for _ in ("the driver learns the types", "measured"):
        audit = await stage_audit(owner, agency, questions=questions)
        async with caller.transaction() as db:
            for _ in ("first", "again"):
                seen: list[str] = []
                with (await db.driver()).query_logger(lambda line, seen=seen: seen.append(line)):
                    await submit(db, audit.id, body)
                    await asyncio.sleep(0)  # the driver logs a moment later
                counts.append(len(seen))

    read = (await agency_system.get(audit.response_of(agency))).json()
    assert (read["revision"], read["answered"]) == (2, 33)
    assert counts[2:] == [6, 4]
