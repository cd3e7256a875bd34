"""Carrying out queued imports: as whoever asked, with the rights of today."""

from asyncio import to_thread
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from uuid import UUID

import asyncpg
import structlog

from app import refusals
from app.access.caller import ActorSession, Caller, entering
from app.access.scopes import Capability
from app.database import Database
from app.errors import ApiError
from app.failures import trace
from app.models.imports import ImportKind, ImportMode
from app.schemas.imports import Failure
from app.services.import_body import parts_of, rows_of
from app.services.import_work import JobEnded, Work, carry_out, fail
from app.services.row_outcomes import OF_THE_MOMENT

log: structlog.stdlib.BoundLogger = structlog.get_logger()

TAKE = """
SELECT kind, mode, is_dry_run, media_type, rows_done, storage_key, status FROM imports
WHERE id = $1 AND storage_key IS NOT NULL
"""
NOBODY = Failure(
    code="caller_gone", detail="Whoever asked for it may not sign in any more, or not do this."
)
GONE = Failure(code="body_gone", detail="The body that was sent is not there any more.")
UNEXPECTED = Failure(
    code="unexpected", detail="Something went wrong on our side. Rows that are done stay done."
)
LET_GO = "UPDATE imports SET storage_key = NULL WHERE id = $1"


async def run_import(
    database: Database, token_hash: bytes, import_id: UUID, data_dir: Path, key: bytes
) -> None:
    """Carry out an import from where it stands, and delete its body.

    Raises OSError, and what asyncpg raises without a server, for what may pass: run it again.
    """
    worker = Caller(database, token_hash, Capability.run_jobs, key)
    async with worker.transaction() as db:
        row = await db.fetchrow(TAKE, import_id)
    if row is None:
        return
    path = data_dir / "imports" / row["storage_key"]
    try:
        await _carry_out(_work(worker, import_id, row), path, row["media_type"])
    except Exception as error:  # noqa: BLE001 - each way to fail has its own sentence
        failure = _failure_of(error)
        if failure is not None:
            async with worker.transaction() as db:
                await fail(db, import_id, failure)
    async with worker.transaction() as db:
        await db.fetch(LET_GO, import_id)
    await to_thread(path.unlink, missing_ok=True)


async def _carry_out(work: Work, path: Path, media_type: str) -> None:
    await carry_out(work, rows_of(parts_of(path), media_type, is_whole=True), is_whole=True)


def _work(worker: Caller, import_id: UUID, row: asyncpg.Record) -> Work:
    """Return the work as the one who asked for it: `actor.enter_job` signs in for each chunk."""
    parameters = {"hash": worker.token_hash, "import_id": import_id}

    def enter() -> AbstractAsyncContextManager[ActorSession]:
        return entering(worker.database, "actor.enter_job(:hash, :import_id)", parameters)

    return Work(
        id=import_id,
        kind=ImportKind(row["kind"]),
        mode=ImportMode(row["mode"]),
        is_dry_run=row["is_dry_run"],
        rows_done=row["rows_done"],
        key=worker.key,
        enter=enter,
    )


def _failure_of(error: Exception) -> Failure | None:
    """Say why an import cannot go on; null where it was cancelled. Raises what may pass."""
    refusal = error if isinstance(error, ApiError) else refusals.from_database(error)
    if isinstance(refusal, JobEnded):
        return None
    if isinstance(error, FileNotFoundError):
        return GONE
    if refusal is not None and refusal.status in (401, 403):
        return NOBODY
    if isinstance(refusal, OF_THE_MOMENT):
        raise ConnectionError from error
    log.error("import_failed", **trace(error))
    return UNEXPECTED
