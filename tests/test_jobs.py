"""Large pushes: a job does them, as whoever asked, and says how far it is."""

import stat
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import Json, Server, SignedIn, SignIn
from tests.pushing import answer_row, break_off, lines, push_rows, run_job, until_done
from tests.stage import StagedAudit, stage_audit

MANY = 1_200
QUESTIONS = [{"code": f"{1 + n // 300}.{n % 300}", "is_mandatory": False} for n in range(MANY)]


async def newest(owner: asyncpg.Connection, caller: SignedIn) -> Json:
    """Return the newest import of a caller, as it is stored."""
    row = await owner.fetchrow(
        "SELECT * FROM imports WHERE principal_id = $1 ORDER BY id DESC LIMIT 1",
        caller.principal_id,
    )
    assert row is not None
    return dict(row)


def spool_of(server: Server, job: Json) -> Path:
    """Return where the body of a job lies."""
    return server.settings.data_dir / "imports" / str(job["storage_key"])


@pytest.fixture
async def large(owner: asyncpg.Connection, agency: Json) -> StagedAudit:
    """An audit of many questions that asks `agency`."""
    return await stage_audit(owner, agency, questions=QUESTIONS)


def body_of(audit: StagedAudit, *more: Json) -> bytes:
    """Answer every question of an audit."""
    return lines([*(answer_row(audit, code) for code in audit.questions), *more])


@pytest.mark.duty("9.8")
@pytest.mark.duty("X2")
async def test_a_large_push_becomes_a_job_that_shows_its_progress(
    server: Server, agency_system: SignedIn, large: StagedAudit, owner: asyncpg.Connection
) -> None:
    body = body_of(large, answer_row(large, "9.9"))

    response = await push_rows(agency_system, "answers", body)

    assert response.status_code == 202, response.text
    path = response.headers["location"].removeprefix("/v1")
    assert int(response.headers["retry-after"]) > 0
    job = await newest(owner, agency_system)
    assert stat.S_IMODE(spool_of(server, job).stat().st_mode) == 0o600
    queued = (await agency_system.get(path)).json()
    assert (queued["status"], queued["rows_total"], queued["progress_percent"]) == (
        "queued",
        MANY + 1,
        0,
    )

    await run_job(server, job)

    done = (await agency_system.get(path)).json()
    assert (done["status"], done["rows_done"], done["progress_percent"]) == (
        "succeeded",
        MANY + 1,
        100,
    )
    report = (await agency_system.get(done["result"].removeprefix("/v1"))).json()
    assert (report["rows_accepted"], report["rows_rejected"]) == (MANY, 1)
    assert report["rejected"][0]["row_number"] == MANY + 1
    assert not spool_of(server, job).exists()
    assert await owner.fetchval("SELECT count(*) FROM answers WHERE audit_id = $1", large.id)


async def test_a_job_is_put_in_the_queue_once(
    agency_system: SignedIn, large: StagedAudit, owner: asyncpg.Connection
) -> None:
    key = {"Idempotency-Key": "j-1"}
    body = body_of(large)

    first = await push_rows(agency_system, "answers", body, key)
    again = await push_rows(agency_system, "answers", body, key)

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["idempotency-replayed"] == "true"
    job = await newest(owner, agency_system)
    waiting = await owner.fetchval(
        "SELECT count(*) FROM queue.jobs WHERE payload = $1", job["id"].bytes
    )
    assert waiting == 1


async def test_a_job_that_is_run_again_does_nothing_twice(
    server: Server, agency_system: SignedIn, large: StagedAudit, owner: asyncpg.Connection
) -> None:
    await push_rows(agency_system, "answers", body_of(large))
    job = await newest(owner, agency_system)
    await run_job(server, job)

    await run_job(server, job)

    assert (await newest(owner, agency_system))["rows_accepted"] == MANY


@pytest.mark.duty("X2")
async def test_a_large_push_that_broke_off_is_finished_by_a_job(
    server: Server, agency_system: SignedIn, large: StagedAudit, owner: asyncpg.Connection
) -> None:
    body, key = body_of(large), "j-2"
    await break_off(server, agency_system, "kind=answers", key, body[: len(body) // 2])
    broken = await until_done(owner, agency_system, 1)

    resumed = await push_rows(agency_system, "answers", body, {"Idempotency-Key": key})
    await run_job(server, await newest(owner, agency_system))

    assert 0 < broken["rows_done"] < MANY
    assert (resumed.status_code, resumed.json()["id"]) == (202, str(broken["id"]))
    done = await newest(owner, agency_system)
    assert (done["status"], done["rows_done"], done["rows_accepted"]) == ("succeeded", MANY, MANY)
    stored = await owner.fetchval("SELECT count(*) FROM answers WHERE audit_id = $1", large.id)
    assert stored == MANY


async def test_an_atomic_job_with_a_bad_row_applies_nothing(
    server: Server, agency_system: SignedIn, large: StagedAudit, owner: asyncpg.Connection
) -> None:
    body = body_of(large, answer_row(large, "9.9"))
    await push_rows(agency_system, "answers", body, mode="atomic")

    await run_job(server, await newest(owner, agency_system))

    job = (await agency_system.get("/jobs")).json()["items"][0]
    assert (job["status"], job["problem"]["code"]) == ("failed", "rows_rejected")
    assert await owner.fetchval("SELECT count(*) FROM answers WHERE audit_id = $1", large.id) == 0


async def test_a_cancelled_job_is_not_carried_out(
    server: Server, agency_system: SignedIn, large: StagedAudit, owner: asyncpg.Connection
) -> None:
    path = (await push_rows(agency_system, "answers", body_of(large))).headers["location"][3:]
    job = await newest(owner, agency_system)

    cancelled = await agency_system.post(f"{path}/cancellation")
    await run_job(server, job)
    again = await agency_system.post(f"{path}/cancellation")

    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert (again.status_code, again.json()["code"]) == (409, "transition_not_allowed")
    assert (await agency_system.get(path)).json()["status"] == "cancelled"
    assert await owner.fetchval("SELECT count(*) FROM answers WHERE audit_id = $1", large.id) == 0
    assert not spool_of(server, job).exists()


async def test_nobody_cancels_the_job_of_another(
    agency_system: SignedIn, other_system: SignedIn, large: StagedAudit
) -> None:
    path = (await push_rows(agency_system, "answers", body_of(large))).headers["location"][3:]

    response = await other_system.post(f"{path}/cancellation")

    assert response.status_code == 404
    assert (await agency_system.get(path)).json()["status"] == "queued"


@pytest.mark.parametrize(
    "kept_out",
    [
        "UPDATE principals SET is_active = false WHERE id = $1",
        "INSERT INTO agency_suspensions (agency_id, reason)"
        " SELECT agency_id, 'Left the Board.' FROM principals WHERE id = $1",
    ],
)
async def test_a_job_of_somebody_who_is_kept_out_by_now_applies_nothing(
    server: Server,
    agency_system: SignedIn,
    large: StagedAudit,
    owner: asyncpg.Connection,
    kept_out: str,
) -> None:
    await push_rows(agency_system, "answers", body_of(large))
    await owner.execute(kept_out, agency_system.principal_id)

    await run_job(server, await newest(owner, agency_system))

    job = await newest(owner, agency_system)
    assert (job["status"], job["storage_key"]) == ("failed", None)
    assert '"caller_gone"' in job["problem"]
    assert await owner.fetchval("SELECT count(*) FROM answers WHERE audit_id = $1", large.id) == 0


async def test_a_job_has_no_right_that_its_asker_has_lost(
    server: Server, sign_in: SignIn, agency: Json, large: StagedAudit, owner: asyncpg.Connection
) -> None:
    lead = await sign_in("agency_lead", agency_id=agency["id"])
    await push_rows(lead, "answers", body_of(large))
    await owner.execute("DELETE FROM role_assignments WHERE user_id = $1", lead.principal_id)

    await run_job(server, await newest(owner, lead))

    assert (await newest(owner, lead))["rows_accepted"] == 0
    assert await owner.fetchval("SELECT count(*) FROM answers WHERE audit_id = $1", large.id) == 0
