"""Taking in imports: a small body is carried out in its request, a large one becomes a job.

A push with an `Idempotency-Key` may be sent again whole, whatever became of it: what is committed
is not done twice, and a body that differs is refused.
"""

import json
from asyncio import to_thread
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from app.access.caller import ActorSession, Caller
from app.errors import (
    IdempotencyKeyReused,
    InsufficientScope,
    ProblemError,
    RequestTimeout,
    TransitionNotAllowed,
)
from app.models.imports import Import, JobStatus
from app.schemas.imports import FIRST_REJECTED, Failure, ImportOptions, ImportRead
from app.schemas.jobs import JobRead
from app.services.answering import JSON
from app.services.import_body import Arrival, media_type_of
from app.services.import_kinds import INTAKES
from app.services.import_work import GOING_ON, RowsRejected, Work, carry_out, fail
from app.services.queue import enqueue_import
from app.services.records import Once, answer, insert, render

RETRY_AFTER_S = 2
ON_RECORD = """
SELECT id, status, mode, rows_done, rows_mac, body_mac, storage_key FROM imports WHERE id = $1
FOR UPDATE
"""
ARRIVED = """
UPDATE imports SET body_mac = $2, rows_total = $3, media_type = $4, storage_key = $5,
    updated_at = now() WHERE id = $1
"""
REJECTED = """
SELECT row_number, errors::text AS errors FROM import_rows
WHERE import_id = $1 AND outcome = 'rejected' ORDER BY row_number LIMIT $2
"""
CANCEL = """
UPDATE imports SET status = 'cancelled', finished_at = now(), updated_at = now()
WHERE id = $1 AND status IN ('queued', 'running') RETURNING id
"""
BROKEN_OFF = Failure(
    code="broken_off", detail="The body did not come to its end, or could not be read to it."
)
NOT_CARRIED_OUT = Failure(
    code="not_carried_out",
    detail="Something kept the import from going on. Rows that are done stay done.",
)


@dataclass(frozen=True, slots=True)
class Begun:
    """An import as it is on record when its body begins to come."""

    id: UUID
    status: str
    rows_done: int
    rows_mac: bytes | None
    body_mac: bytes | None
    storage_key: str | None
    has_key: bool
    """Whether the caller can send it again."""

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left for a request to do: it has ended, or is with the workers."""
        return self.status not in GOING_ON or self.storage_key is not None

    def refuse_other(self, arrival: Arrival) -> None:
        """Raise `IdempotencyKeyReused` where another body came than before."""
        is_same = arrival.marked == (self.rows_mac or arrival.marked)
        if arrival.is_whole:
            is_same = is_same and arrival.marked is not None
            is_same = is_same and arrival.mac == (self.body_mac or arrival.mac)
        if not is_same:
            raise IdempotencyKeyReused


async def push(caller: Caller, options: ImportOptions) -> Response:
    """Take in a body of rows; answer with the report, or 202 with the job that will make it.

    Raises `RowsRejected` where `atomic` rows were refused, and nothing was applied.
    """
    request = _request(caller)
    media_type = media_type_of(
        request.headers.get("content-type", ""), request.headers.get("content-encoding")
    )
    begun = await _begin(caller, options, media_type)
    directory: Path = request.app.state.settings.data_dir / "imports"
    arrival = Arrival(directory, media_type, caller.key, begun.rows_done)
    work = Work(
        id=begun.id,
        kind=options.kind,
        mode=options.mode,
        is_dry_run=options.dry_run,
        rows_done=begun.rows_done,
        key=caller.key,
        enter=caller.transaction,
    )
    try:
        await _receive(begun, work, arrival, request)
        if not begun.is_settled:
            await _arrived(caller, work, arrival, media_type)
    except Exception:
        if not begun.has_key:
            await _give_up(work, NOT_CARRIED_OUT if arrival.is_whole else BROKEN_OFF)
        raise
    finally:
        arrival.discard()
    return await _answer(caller, begun.id, is_replayed=begun.body_mac is not None)


async def _begin(caller: Caller, options: ImportOptions, media_type: str) -> Begun:
    """Find the import of this key, or record a new one. Raises `InsufficientScope`."""
    once = Once.of(caller, options.model_dump(mode="json"))
    async with caller.transaction() as db:
        if not db.actor.can(INTAKES[options.kind].scope):
            raise InsufficientScope
        import_id = await once.seen(db) if once else None
        if import_id is None:
            import_id = await insert(db, Import, _values(db, options, media_type))
            if once is not None:
                await once.keep(db, import_id)
        row = await db.fetchrow(ON_RECORD, import_id)
    if row is None:
        raise IdempotencyKeyReused
    members = {name: row[name] for name in ("id", "status", "rows_done", "rows_mac", "body_mac")}
    return Begun(**members, storage_key=row["storage_key"], has_key=once is not None)


def _values(db: ActorSession, options: ImportOptions, media_type: str) -> dict[str, Any]:
    return {
        "principal_id": db.actor.id,
        "agency_id": db.actor.agency_id,
        "kind": options.kind,
        "mode": options.mode,
        "is_dry_run": options.dry_run,
        "status": JobStatus.running,
        "media_type": media_type,
        "scopes": sorted(db.actor.grants),
    }


async def _receive(begun: Begun, work: Work, arrival: Arrival, request: Request) -> None:
    """Read the body. Of one that breaks off, the rows that came are applied and committed."""
    try:
        await arrival.read(request.stream())
    except (ClientDisconnect, RequestTimeout):
        is_new = arrival.count > begun.rows_done and arrival.marked is not None
        if begun.has_key and is_new and not (begun.is_settled or work.is_at_once):
            begun.refuse_other(arrival)
            await carry_out(work, arrival.rows(), is_whole=False)
        raise
    begun.refuse_other(arrival)


async def _arrived(caller: Caller, work: Work, arrival: Arrival, media_type: str) -> None:
    """Carry out a small body, and hand a large one to the workers."""
    is_small = arrival.is_small
    stored = None if is_small else await to_thread(arrival.keep)
    async with caller.transaction() as db:
        await db.fetch(ARRIVED, work.id, arrival.mac, arrival.count, media_type, stored)
        if not is_small:
            await db.fetch("UPDATE imports SET status = 'queued' WHERE id = $1", work.id)
            await enqueue_import(db, work.id)
    if is_small:
        await carry_out(work, arrival.rows(), is_whole=True)


async def _give_up(work: Work, failure: Failure) -> None:
    async with work.enter() as db:
        await fail(db, work.id, failure)


async def _answer(caller: Caller, import_id: UUID, *, is_replayed: bool) -> Response:
    """Answer with what an import has come to. Raises `RowsRejected`."""
    headers = {"Idempotency-Replayed": "true"} if is_replayed else {}
    async with caller.transaction() as db:
        row = await db.fetchrow(ON_RECORD, import_id)
        if row is not None and row["status"] in GOING_ON:
            body = await render(db, JobRead, import_id)
            place = {"Location": f"/v1/jobs/{import_id}", "Retry-After": str(RETRY_AFTER_S)}
            return Response(body, 202, headers | place, JSON)
        body = await render(db, ImportRead, import_id)
        refused = await _refused(db, import_id) if row and row["status"] == "failed" else ()
    headers["Location"] = f"/v1/imports/{import_id}"
    if refused:
        raise RowsRejected(*refused, headers=headers)
    return answer(body, 200, headers)


async def _refused(db: ActorSession, import_id: UUID) -> tuple[ProblemError, ...]:
    """Return what is wrong with the first rows that were refused, row by row."""
    rows = await db.fetch(REJECTED, import_id, FIRST_REJECTED)
    return tuple(
        ProblemError(
            location="body",
            pointer=f"/rows/{row['row_number']}{error['pointer']}",
            code=error["code"],
            detail=error["detail"],
        )
        for row in rows
        for error in json.loads(row["errors"])
    )


async def cancel(caller: Caller, job_id: UUID) -> Response:
    """Stop a job; rows that are committed stay. Raises `NotFound` and `TransitionNotAllowed`."""
    async with caller.transaction() as db:
        is_cancelled = await db.fetchrow(CANCEL, job_id) is not None
        body = await render(db, JobRead, job_id)
    if not is_cancelled:
        raise TransitionNotAllowed
    return answer(body)


def _request(caller: Caller) -> Request:
    if caller.request is None:
        message = "Bodies come with requests."
        raise RuntimeError(message)
    return caller.request
