"""Pushes that break off, and go on: nothing is lost, and nothing is done twice."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from tests.conftest import Json, Server, SignedIn
from tests.pushing import answer_row, break_off, lines, push_rows, until_done
from tests.stage import NAMES, WHOLE, StagedAudit, stage_audit

ANSWERS = "kind=answers"


async def status_of(owner: asyncpg.Connection, audit: StagedAudit, agency: Json) -> str:
    """Return how far an agency's response is."""
    found: str = await owner.fetchval(
        "SELECT status FROM audit_responses WHERE id = $1", audit.responses[agency["id"]]
    )
    return found


@pytest.mark.duty("6.7")
@pytest.mark.duty("X2")
async def test_a_push_that_broke_off_goes_on_after_the_rows_that_are_done(
    server: Server,
    agency_system: SignedIn,
    agency: Json,
    audit: StagedAudit,
    owner: asyncpg.Connection,
) -> None:
    audits = [audit, *[await stage_audit(owner, agency) for _ in range(3)]]
    rows = [{"audit": str(each.id), "answers": WHOLE} | NAMES for each in audits]
    body, key = lines(rows), uuid4().hex
    # Two rows come whole, the third in part.
    beginning = body[: len(lines(rows[:2])) + 40]

    await break_off(server, agency_system, "kind=submissions", key, beginning)
    broken = await until_done(owner, agency_system, 2)
    states = [await status_of(owner, each, agency) for each in audits]
    resumed = await push_rows(agency_system, "submissions", body, {"Idempotency-Key": key})

    assert (broken["status"], broken["rows_done"], broken["rows_total"]) == ("running", 2, None)
    assert states == ["submitted", "submitted", "not_started", "not_started"]
    assert resumed.status_code == 200, resumed.text
    report = resumed.json()
    assert (report["id"], report["status"]) == (str(broken["id"]), "succeeded")
    assert (report["rows_done"], report["rows_accepted"]) == (4, 4)
    made = (await agency_system.get("/submissions")).json()["items"]
    assert sorted(each["revision"] for each in made) == [1, 1, 1, 1]


async def test_a_push_that_goes_on_with_other_rows_is_refused(
    server: Server, agency_system: SignedIn, audit: StagedAudit, owner: asyncpg.Connection
) -> None:
    key = uuid4().hex
    await break_off(server, agency_system, ANSWERS, key, lines([answer_row(audit)]))
    await until_done(owner, agency_system, 1)
    other = lines([answer_row(audit, grade="partly"), answer_row(audit, "1.2")])

    for body in (other, b""):
        response = await push_rows(agency_system, "answers", body, {"Idempotency-Key": key})

        assert (response.status_code, response.json()["code"]) == (409, "idempotency_key_reused")
    stored = await owner.fetch("SELECT grade FROM answers WHERE audit_id = $1", audit.id)
    assert [row["grade"] for row in stored] == ["met"]


@pytest.mark.parametrize("query", ["kind=answers&mode=atomic", "kind=answers&dry_run=true"])
async def test_what_is_done_at_once_leaves_nothing_when_it_breaks_off(
    server: Server,
    agency_system: SignedIn,
    agency: Json,
    audit: StagedAudit,
    owner: asyncpg.Connection,
    query: str,
) -> None:
    await break_off(server, agency_system, query, uuid4().hex, lines([answer_row(audit)]))
    await asyncio.sleep(0.3)

    broken = await until_done(owner, agency_system, 0)

    assert (broken["status"], broken["rows_done"]) == ("running", 0)
    assert await status_of(owner, audit, agency) == "not_started"


async def test_without_a_key_a_push_that_broke_off_has_failed(
    server: Server, agency_system: SignedIn, audit: StagedAudit, owner: asyncpg.Connection
) -> None:
    body = lines([answer_row(audit)])

    async def half() -> AsyncIterator[bytes]:
        yield body
        await asyncio.sleep(server.settings.body_deadline_s + 1)
        yield body

    response = await push_rows(agency_system, "answers", half())

    assert (response.status_code, response.json()["code"]) == (408, "request_timeout")
    failed = await until_done(owner, agency_system, 0)
    assert (failed["status"], failed["rows_done"]) == ("failed", 0)


@pytest.mark.duty("X2")
async def test_the_same_push_again_is_answered_with_its_report(
    agency_system: SignedIn, audit: StagedAudit, owner: asyncpg.Connection
) -> None:
    body, key = lines([answer_row(audit), answer_row(audit, "9.9")]), {"Idempotency-Key": "p-1"}
    first = await push_rows(agency_system, "answers", body, key)
    await owner.execute("UPDATE answers SET grade = 'partly' WHERE audit_id = $1", audit.id)

    again = await push_rows(agency_system, "answers", body, key)
    other = await push_rows(agency_system, "answers", body + body, key)
    other_kind = await push_rows(agency_system, "submissions", body, key)

    assert again.json() == first.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert [each.status_code for each in (other, other_kind)] == [409, 409]
    stored = await owner.fetch("SELECT grade FROM answers WHERE audit_id = $1", audit.id)
    assert [row["grade"] for row in stored] == ["partly"]


async def test_an_atomic_push_that_was_refused_is_refused_again_by_its_report(
    agency_system: SignedIn, audit: StagedAudit
) -> None:
    body, key = lines([answer_row(audit, "9.9")]), {"Idempotency-Key": "p-2"}
    first = await push_rows(agency_system, "answers", body, key, mode="atomic")

    again = await push_rows(agency_system, "answers", body, key, mode="atomic")

    assert (first.status_code, again.status_code) == (422, 422)
    assert again.json()["errors"] == first.json()["errors"]
    assert again.headers["location"] == first.headers["location"]


async def test_the_same_key_at_the_same_time_applies_every_row_once(
    agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    body = lines([{"audit": str(audit.id), "answers": WHOLE} | NAMES])
    key = {"Idempotency-Key": "p-3"}

    responses = await asyncio.gather(
        *(push_rows(agency_system, "submissions", body, key) for _ in range(4))
    )

    assert {each.status_code for each in responses} <= {200, 202, 409}
    final = await push_rows(agency_system, "submissions", body, key)
    assert (final.status_code, final.json()["rows_accepted"]) == (200, 1)
    assert (await agency_system.get(audit.response_of(agency))).json()["revision"] == 1
