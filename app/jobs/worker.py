"""The worker: what runs without a request. Several may run at once; any of them may be killed."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import asyncpg
import structlog
from pgqueuer import RetryRequested
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.qm import QueueManager

from app.access.caller import Caller
from app.access.scopes import Capability, Scope
from app.access.tokens import derived_key, hash_of, service_token
from app.database import Database
from app.failures import trace
from app.installation import Installation
from app.jobs.clock import tick
from app.jobs.deliveries import deliver
from app.jobs.destruction import destroy, keeper_of, look_after_retention
from app.jobs.housekeeping import tidy
from app.jobs.imports import run_import
from app.jobs.rescan import rescan
from app.jobs.sealing import seal
from app.jobs.webhooks import send_webhooks
from app.privacy.vault import Vault
from app.services.queue import DESTRUCTION, IMPORT, RESCAN, TABLES, queries
from app.settings import Settings

log: structlog.stdlib.BoundLogger = structlog.get_logger()

CONNECTIONS = 4
IMPORTS_AT_ONCE = 2
"""In one worker: a large import must not keep everybody else's waiting."""
MAIL_EVERY, SEAL_EVERY, TIDY_EVERY = 5.0, 3.0, 86_400.0
"""Seconds between two rounds of deliveries, of sealing the access log and of housekeeping."""
WEBHOOKS_EVERY = 2.0
"""Seconds between two looks at the event feed for those who subscribed to it."""
RETENTION_EVERY = 600.0
"""Seconds between two looks at retention: what has come due, and keys that are to go."""
LONG = frozenset({"clock", "webhooks"})
"""Rounds that may take long and are cancelled at the end: they go on where their last transaction
ended, and what may have been sent is sent again under the same identifier."""
PAUSE_S = 5.0
"""After a failure that may pass, such as a server that restarts."""
ABANDONED = timedelta(seconds=30)
"""Silence after which a worker is taken for dead, and its job given to another."""
LATEST_S = 300
"""Longest time until a job that failed is tried again. None is given up: it was accepted."""

Round = Callable[[], Awaitable[object]]


def run_worker(settings: Settings, installation: Installation) -> None:
    """Work until SIGTERM or SIGINT."""
    asyncio.run(_until_told(settings, installation))


async def _until_told(settings: Settings, installation: Installation) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await work(settings, installation, stop)


async def work(settings: Settings, installation: Installation, stop: asyncio.Event) -> None:
    """Work until `stop`: the queue, the clock, mail and housekeeping, side by side."""
    database = await Database.connect(installation.app_url, CONNECTIONS)
    key = installation.secret_key

    def service(scope: str) -> Caller:
        token = hash_of(service_token(key, "worker"))
        return Caller(database, token, scope, derived_key(key, "cursors"))

    rounds: list[tuple[str, Round, float]] = [
        ("clock", lambda: tick(service(Scope.audits_write), key), settings.clock_every_s),
        ("mail", lambda: deliver(service(Capability.run_jobs), settings, key), MAIL_EVERY),
        (
            "webhooks",
            lambda: send_webhooks(service(Capability.run_jobs), settings, key),
            WEBHOOKS_EVERY,
        ),
        ("sealing", lambda: seal(service(Capability.run_jobs)), SEAL_EVERY),
        (
            "retention",
            lambda: look_after_retention(installation, database, settings.key_rotation_days),
            RETENTION_EVERY,
        ),
        ("housekeeping", lambda: tidy(service(Capability.run_jobs), settings, key), TIDY_EVERY),
    ]
    try:
        async with asyncio.TaskGroup() as tasks:
            for name, each, pause_s in rounds:
                tasks.create_task(_again_and_again(name, each, pause_s, stop))
            tasks.create_task(_take_jobs(settings, installation, database, stop))
    finally:
        await database.close()


async def _again_and_again(name: str, each: Round, pause_s: float, stop: asyncio.Event) -> None:
    """Do a round now and then. A failure is logged, and the next round comes all the same."""
    while not stop.is_set():
        try:
            await (_cut_short(each, stop) if name in LONG else each())
        except Exception as error:  # noqa: BLE001 - one round must not end the others
            log.warning("round_failed", round=name, **trace(error))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause_s)


async def _cut_short(each: Round, stop: asyncio.Event) -> None:
    """Do a round, but not beyond `stop`: then what is under way is cancelled."""

    async def once() -> None:
        await each()

    run = asyncio.create_task(once())
    await _end_with(run, stop)
    if not run.cancelled() and (error := run.exception()):
        raise error


async def _take_jobs(
    settings: Settings, installation: Installation, database: Database, stop: asyncio.Event
) -> None:
    """Take jobs from the queue, on a connection of its own; again after it was lost."""
    while not stop.is_set():
        try:
            await _take_jobs_once(settings, installation, database, stop)
        except Exception as error:  # noqa: BLE001 - the queue comes back when the server does
            log.warning("queue_lost", **trace(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PAUSE_S)


async def _take_jobs_once(
    settings: Settings, installation: Installation, database: Database, stop: asyncio.Event
) -> None:
    connection = await asyncpg.connect(installation.app_url)
    try:
        queue = QueueManager(queries(AsyncpgDriver(connection)), TABLES.channel)

        @queue.entrypoint(IMPORT)
        async def carry_out(job: Job) -> None:
            await _carry_out(job, settings, installation, database, stop)

        @queue.entrypoint(RESCAN)
        async def go_through_again(job: Job) -> None:
            await _rescan(job, installation, database)

        @queue.entrypoint(DESTRUCTION)
        async def carry_out_destruction(job: Job) -> None:
            await _destroy(job, installation)

        stopping = asyncio.create_task(_pass_on(stop, queue))
        try:
            await queue.run(
                dequeue_timeout=timedelta(seconds=2),
                batch_size=1,
                max_concurrent_tasks=IMPORTS_AT_ONCE,
                heartbeat_timeout=ABANDONED,
                shutdown_on_listener_failure=True,
            )
        finally:
            stopping.cancel()
    finally:
        await connection.close(timeout=PAUSE_S)


async def _rescan(job: Job, installation: Installation, database: Database) -> None:
    """Go through the narratives of a case again. It goes back to the queue if it fails."""
    key, case_id = installation.secret_key, UUID(bytes=job.payload)
    token = hash_of(service_token(key, "vault"))
    caller = Caller(database, token, Capability.open_vault, derived_key(key, "cursors"))
    vault = await Vault.connect(installation.vault_url, key, installation.keys())
    try:
        await rescan(caller, vault, case_id)
    except Exception as error:  # noqa: BLE001 - whatever it was, it is tried again
        log.warning("job_postponed", case=str(case_id), **trace(error))
        raise RetryRequested(delay=timedelta(seconds=min(2**job.attempts, LATEST_S))) from None
    finally:
        await vault.close()


async def _destroy(job: Job, installation: Installation) -> None:
    """Destroy identities. The job goes back to the queue if it fails, not if a hold is in force."""
    destruction_id = UUID(bytes=job.payload)
    try:
        async with keeper_of(installation) as keeper:
            await destroy(keeper, destruction_id)
    except Exception as error:  # noqa: BLE001 - whatever it was, it is tried again
        log.warning("job_postponed", destruction=str(destruction_id), **trace(error))
        raise RetryRequested(delay=timedelta(seconds=min(2**job.attempts, LATEST_S))) from None


async def _pass_on(stop: asyncio.Event, queue: QueueManager) -> None:
    await stop.wait()
    queue.shutdown.set()


async def _carry_out(
    job: Job,
    settings: Settings,
    installation: Installation,
    database: Database,
    stop: asyncio.Event,
) -> None:
    """Run an import as whoever asked for it. It goes back to the queue if it is cut short."""
    key, import_id = installation.secret_key, UUID(bytes=job.payload)
    token = hash_of(service_token(key, "worker"))
    run = asyncio.create_task(
        run_import(database, token, import_id, settings.data_dir, derived_key(key, "cursors"))
    )
    await _end_with(run, stop)
    if run.cancelled():
        # What is committed stays, and whoever takes the job next goes on from there.
        raise RetryRequested(delay=timedelta(0))
    if error := run.exception():
        log.warning("job_postponed", job=str(import_id), **trace(error))
        # The queue keeps what is raised here, so it names no cause.
        raise RetryRequested(delay=timedelta(seconds=min(2**job.attempts, LATEST_S)))


async def _end_with(task: asyncio.Task[None], stop: asyncio.Event) -> None:
    """Wait for a task, but not beyond `stop`: then it is cancelled. Raises nothing of its own."""
    told = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, told}, return_when=asyncio.FIRST_COMPLETED)
        task.cancel()
        await asyncio.wait({task})
    finally:
        task.cancel()
        told.cancel()
