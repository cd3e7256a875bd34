"""The queue: work that outlives its request, as rows that pgqueuer hands to the workers.

A job is put in within the transaction that makes its record: both are there, or neither is.
"""

from uuid import UUID

from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.db import AsyncpgDriver
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel
from pgqueuer.ports.driver import Driver
from pgqueuer.queries import Queries

from app.access.caller import ActorSession

IMPORT = "import"
"""The kind of job that carries out an import; its payload is the import's identifier."""

RESCAN = "rescan"
"""The kind of job that goes through the narratives of a case again; its payload is that case."""

DESTRUCTION = "destruction"
"""The kind of job that carries out a destruction of identities; its payload is its identifier."""

TABLES = DBSettings(
    prefix="",
    db_schema="queue",
    channel=Channel("safeguarding_jobs"),
    function="announce",
    statistics_table="statistics",
    queue_status_type="job_status",
    queue_table="jobs",
    queue_table_log="log",
    trigger="announce",
    schedules_table="schedules",
    durability=Durability.durable,
    widen_id=True,
)
"""Every name is given, so that no variable of the environment can change one."""


def queries(driver: Driver) -> Queries:
    """Return pgqueuer's statements, for the tables of migration 0006."""
    return Queries(
        driver,
        QueryBuilderEnvironment(TABLES),
        QueryQueueBuilder(TABLES),
        QuerySchedulerBuilder(TABLES),
    )


async def enqueue_import(db: ActorSession, import_id: UUID) -> None:
    """Hand an import to the workers when this transaction commits; once, however often asked."""
    await queries(AsyncpgDriver(await db.driver())).enqueue(
        IMPORT, import_id.bytes, dedupe_key=str(import_id), on_conflict="skip"
    )


async def enqueue_rescan(db: ActorSession, case_id: UUID) -> None:
    """Have the narratives of a case gone through again when this transaction commits."""
    await queries(AsyncpgDriver(await db.driver())).enqueue(RESCAN, case_id.bytes)


async def enqueue_destruction(db: ActorSession, destruction_id: UUID) -> None:
    """Have a destruction carried out when this transaction commits; once, however often asked."""
    await queries(AsyncpgDriver(await db.driver())).enqueue(
        DESTRUCTION, destruction_id.bytes, dedupe_key=str(destruction_id), on_conflict="skip"
    )
