"""The worker: it takes jobs from the queue, may be told to stop or be killed, and loses none."""

import asyncio
import os
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from pgqueuer.db import AsyncpgDriver

from app.access.scopes import Capability
from app.access.tokens import service_token
from app.jobs import worker
from app.jobs.housekeeping import tidy
from app.jobs.imports import run_import
from app.services.queue import queries
from app.settings import Settings
from tests.conftest import Json, Server, SignedIn, SignIn, make_agency
from tests.pushing import answer_row, lines, push_rows
from tests.stage import StagedAudit, Within, stage_audit

MANY = 1_200
"""Rows: too many to be carried out at once, so that a job does it."""
QUESTIONS = [{"code": f"1.{n}"} for n in range(1, 5)]
PROGRAM = (
    "from app.installation import installed\n"
    "from app.jobs.worker import run_worker\n"
    "from app.settings import Settings\n"
    "settings = Settings()\n"
    "with installed(settings) as found: run_worker(settings, found)\n"
)


@pytest.fixture
async def audit(owner: asyncpg.Connection, agency: Json) -> StagedAudit:
    """An audit that asks `agency`, and a queue without other jobs."""
    await owner.execute("DELETE FROM queue.jobs")
    return await stage_audit(owner, agency, questions=QUESTIONS)


@asynccontextmanager
async def working(server: Server) -> AsyncIterator[asyncio.Task[None]]:
    """Have a worker for a while."""
    stop = asyncio.Event()
    task = asyncio.create_task(worker.work(server.settings, server.installation, stop))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


@asynccontextmanager
async def working_apart(server: Server) -> AsyncIterator[Process]:
    """Have a worker in a process of its own."""
    environment = os.environ | {
        "APP_DATABASE_URL": server.installation.app_url,
        "VAULT_DATABASE_URL": server.installation.vault_url,
        "KEY_FILE": str(server.settings.key_file),
        "SECRET_KEY": server.installation.secret_key.hex(),
        "DATA_DIR": str(server.settings.data_dir),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, env=environment, stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def held_up(owner: asyncpg.Connection, audit: StagedAudit) -> AsyncIterator[None]:
    """Keep whoever answers an audit waiting."""
    async with owner.transaction():
        await owner.execute("SELECT FROM audit_responses WHERE audit_id = $1 FOR UPDATE", audit.id)
        yield


async def push_answers(caller: SignedIn, audit: StagedAudit, mode: str = "per_item") -> str:
    """Push answers, over and over the same; return the path of the job."""
    body = lines(answer_row(audit, code) for code in islice(cycle(audit.questions), MANY))
    response = await push_rows(caller, "answers", body, mode=mode)
    assert response.status_code == 202, response.text
    return response.headers["location"].removeprefix("/v1")


async def seen(look: Callable[[], Awaitable[object]]) -> None:
    """Wait until a look shows something."""
    for _ in range(400):
        if await look():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("It did not come to pass.")


async def finished(caller: SignedIn, path: str) -> Json:
    """Wait until a job has ended, and return it."""
    found: Json = {}

    async def look() -> bool:
        found.update((await caller.get(path)).json())
        return found["finished_at"] is not None

    await seen(look)
    return found


async def waits_for_a_lock(owner: asyncpg.Connection) -> bool:
    """Tell whether somebody waits for what this connection holds."""
    waiting: int = await owner.fetchval(
        "SELECT count(*) FROM pg_locks WHERE NOT granted"
        " AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
    )
    return waiting > 0


async def answers_to(owner: asyncpg.Connection, audit: StagedAudit) -> int:
    """Count the answers to an audit."""
    count: int = await owner.fetchval("SELECT count(*) FROM answers WHERE audit_id = $1", audit.id)
    return count


@pytest.mark.duty("X2")
async def test_the_worker_carries_out_what_waits_and_what_comes(
    server: Server, agency_system: SignedIn, audit: StagedAudit, owner: asyncpg.Connection
) -> None:
    waiting = await push_answers(agency_system, audit)

    async with working(server):
        first = await finished(agency_system, waiting)
        second = await finished(agency_system, await push_answers(agency_system, audit))

    assert (first["status"], first["rows_done"]) == ("succeeded", MANY)
    report = (await agency_system.get(second["result"].removeprefix("/v1"))).json()
    assert (report["rows_accepted"], report["rows_unchanged"]) == (0, MANY)
    assert await answers_to(owner, audit) == len(QUESTIONS)


async def test_a_worker_that_is_told_to_stop_stops_soon_and_hands_its_job_back(
    server: Server, agency_system: SignedIn, audit: StagedAudit, owner: asyncpg.Connection
) -> None:
    path = await push_answers(agency_system, audit)

    async with held_up(owner, audit):
        async with working(server):
            await seen(lambda: waits_for_a_lock(owner))
            told = time.monotonic()
        stopped_after = time.monotonic() - told
    handed_back = await owner.fetchval("SELECT status::text FROM queue.jobs")
    between = (await agency_system.get(path)).json()
    async with working(server):
        job = await finished(agency_system, path)

    assert stopped_after < 5
    assert handed_back == "queued"
    assert between["finished_at"] is None
    assert (job["status"], job["rows_done"]) == ("succeeded", MANY)
    assert await answers_to(owner, audit) == len(QUESTIONS)


@pytest.mark.parametrize("mode", ["per_item", "atomic"])
async def test_the_job_of_a_killed_worker_is_finished_by_another(
    server: Server,
    agency_system: SignedIn,
    audit: StagedAudit,
    owner: asyncpg.Connection,
    mode: str,
) -> None:
    path = await push_answers(agency_system, audit, mode=mode)

    async with working_apart(server) as process, held_up(owner, audit):
        await seen(lambda: waits_for_a_lock(owner))
        process.send_signal(SIGKILL)
        await process.wait()
    # As if the silence after which a worker is taken for dead had passed.
    await owner.execute(
        "UPDATE queue.jobs SET heartbeat = heartbeat - $1::interval", 2 * worker.ABANDONED
    )
    async with working(server):
        job = await finished(agency_system, path)

    assert (job["status"], job["rows_done"]) == ("succeeded", MANY)
    assert await answers_to(owner, audit) == len(QUESTIONS)


async def test_a_worker_ends_by_sigterm_as_it_should(
    server: Server, agency_system: SignedIn, audit: StagedAudit
) -> None:
    path = await push_answers(agency_system, audit)

    async with working_apart(server) as process:
        job = await finished(agency_system, path)
        process.send_signal(SIGTERM)
        status = await asyncio.wait_for(process.wait(), 10)

    assert job["status"] == "succeeded"
    assert status == 0


async def test_two_workers_do_each_job_once_and_none_waits_for_a_slow_one(
    server: Server,
    sign_in: SignIn,
    business_office: SignedIn,
    agency_system: SignedIn,
    audit: StagedAudit,
    owner: asyncpg.Connection,
) -> None:
    others = [await make_agency(business_office) for _ in range(3)]
    systems = [await sign_in(agency_id=each["id"]) for each in others]
    audits = [await stage_audit(owner, each, questions=QUESTIONS) for each in others]
    slow = await push_answers(agency_system, audit)
    paths = [await push_answers(*each) for each in zip(systems, audits, strict=True)]

    async with working(server), working(server):
        async with held_up(owner, audit):
            jobs = [await finished(*each) for each in zip(systems, paths, strict=True)]
        last = await finished(agency_system, slow)

    assert [job["status"] for job in (*jobs, last)] == ["succeeded"] * 4
    answered = [await answers_to(owner, each) for each in (*audits, audit)]
    assert answered == [len(QUESTIONS)] * 4


async def test_a_job_that_fails_for_the_moment_is_never_given_up(
    server: Server,
    agency_system: SignedIn,
    audit: StagedAudit,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = await push_answers(agency_system, audit)
    await owner.execute("UPDATE queue.jobs SET attempts = 40")
    failing = [ConnectionError("what somebody sent")]

    async def at_first_not(*arguments: Any) -> None:
        if failing:
            raise failing.pop()
        await run_import(*arguments)

    monkeypatch.setattr(worker, "run_import", at_first_not)

    async with working(server):
        await seen(lambda: owner.fetchval("SELECT attempts = 41 FROM queue.jobs"))
        delay = await owner.fetchval("SELECT execute_after - now() FROM queue.jobs")
        noted = await owner.fetchval("SELECT string_agg(traceback::text, '') FROM queue.log")
        await owner.execute("UPDATE queue.jobs SET execute_after = now()")
        job = await finished(agency_system, path)

    assert timedelta(seconds=200) < delay <= timedelta(seconds=worker.LATEST_S)
    assert "what somebody sent" not in noted
    assert job["status"] == "succeeded"


async def test_housekeeping_forgets_what_is_spent_and_finds_what_got_lost(
    server: Server,
    settings: Settings,
    within: Within,
    agency_system: SignedIn,
    audit: StagedAudit,
    owner: asyncpg.Connection,
) -> None:
    broken_off = await running_since(owner, agency_system, timedelta(hours=25))
    going_on = await running_since(owner, agency_system, timedelta(hours=23))
    lost = UUID((await push_answers(agency_system, audit)).rpartition("/")[2])
    await owner.execute("DELETE FROM queue.jobs")
    await owner.execute(
        "UPDATE imports SET updated_at = now() - interval '1 hour' WHERE id = $1", lost
    )
    key, spent = uuid4().hex, uuid4().hex
    for each, age in ((key, timedelta(hours=23)), (spent, timedelta(hours=25))):
        await owner.execute(
            "INSERT INTO idempotency_keys (actor_id, operation, key, body_mac, record_id,"
            " created_at) VALUES ($1, 'POST /v1/imports', $2, '', $1, now() - $3::interval)",
            agency_system.principal_id,
            each,
            age,
        )
    forgotten = file_of_last_week(settings.data_dir / "imports")

    secret_key = server.installation.secret_key
    caller = within(service_token(secret_key, "worker"), Capability.run_jobs)
    await tidy(caller, settings, secret_key)

    states = {
        row["id"]: row["status"]
        for row in await owner.fetch("SELECT id, status FROM imports WHERE finished_at IS NULL")
    }
    assert broken_off not in states
    assert (states[going_on], states[lost]) == ("running", "queued")
    queued = await owner.fetch("SELECT payload FROM queue.jobs")
    assert [UUID(bytes=row["payload"]) for row in queued] == [lost]
    kept = await owner.fetch(
        "SELECT key FROM idempotency_keys WHERE actor_id = $1", agency_system.principal_id
    )
    assert [row["key"] for row in kept] == [key]
    assert not forgotten.exists()


async def running_since(owner: asyncpg.Connection, caller: SignedIn, age: timedelta) -> UUID:
    """Record an import that broke off some time ago."""
    import_id: UUID = await owner.fetchval(
        "INSERT INTO imports (principal_id, agency_id, kind, mode, is_dry_run, status, media_type,"
        " updated_at) VALUES ($1, $2, 'answers', 'per_item', false, 'running',"
        " 'application/x-ndjson', now() - $3::interval) RETURNING id",
        caller.principal_id,
        caller.agency_id,
        age,
    )
    return import_id


def file_of_last_week(directory: Path) -> Path:
    """Leave a body that nobody came back for."""
    path = directory / uuid4().hex
    path.touch()
    old = time.time() - 8 * 86_400
    os.utime(path, (old, old))
    return path


async def test_the_tables_of_the_queue_are_those_the_library_expects(
    owner: asyncpg.Connection,
) -> None:
    plan = await queries(AsyncpgDriver(owner)).plan_upgrade()

    others = [each for each in plan.statements if "FUNCTION queue.announce()" not in each]
    assert others == []
