"""Carrying out an import: chunk by chunk with its progress, or all at once.

A chunk and the note that it is done are one transaction: whatever breaks off, goes on from there.
"""

from asyncio import create_task, to_thread, wait
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from app.access.caller import ActorSession
from app.database import to_json
from app.errors import ConcurrentChange, Conflict, Invalid
from app.models.imports import ImportKind, ImportMode, JobStatus, RowOutcome
from app.schemas.imports import Failure
from app.services.import_body import RowsMac
from app.services.import_kinds import INTAKES
from app.services.row_outcomes import Checked, Outcome
from app.services.row_stream import Row

Enter = Callable[[], AbstractAsyncContextManager[ActorSession]]
"""Opens a transaction as whoever pushes."""

LOCK = "SELECT status, rows_done FROM imports WHERE id = $1 FOR UPDATE"
LOOK = "SELECT status, rows_done FROM imports WHERE id = $1"
NOTE = """
UPDATE imports SET status = 'running', rows_done = rows_done + $2,
    rows_accepted = rows_accepted + $3, rows_unchanged = rows_unchanged + $4,
    rows_rejected = rows_rejected + $5, rows_mac = $6, updated_at = now() WHERE id = $1
"""
NOTE_ROWS = """
INSERT INTO import_rows (import_id, row_number, outcome, record_id, errors)
SELECT $1, r.number, r.outcome, r.record_id, r.errors::jsonb
FROM unnest($2::bigint[], $3::text[], $4::uuid[], $5::text[])
    AS r (number, outcome, record_id, errors) ORDER BY r.number
"""
FINISH = """
UPDATE imports SET status = $2, problem = $3::text::jsonb, rows_total = coalesce(rows_total, $4),
    finished_at = now(), updated_at = now() WHERE id = $1
"""
FAIL = """
UPDATE imports SET status = 'failed', problem = $2::text::jsonb, finished_at = now(),
    updated_at = now() WHERE id = $1 AND status IN ('queued', 'running')
"""
GOING_ON = (JobStatus.queued, JobStatus.running)


class RowsRejected(Invalid):
    """Rows were refused, so nothing was applied. Each place begins with the row: `/rows/17`."""

    code = "rows_rejected"


class JobEnded(Conflict):
    """The job has come to its end, or was cancelled."""

    code = "job_ended"


class _Undo(Exception):  # noqa: N818 - no error
    """Takes back what was done at once."""


@dataclass(slots=True)
class Work:
    """An import to be carried out, from `rows_done` on."""

    id: UUID
    kind: ImportKind
    mode: ImportMode
    is_dry_run: bool
    rows_done: int
    key: bytes
    enter: Enter

    @property
    def is_at_once(self) -> bool:
        """Whether all of it is one transaction."""
        return self.is_dry_run or self.mode == ImportMode.atomic


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that were checked, and the hash of all rows up to their last."""

    checked: Checked[Any]
    mac: bytes


async def carry_out(work: Work, rows: Iterable[Row], *, is_whole: bool) -> None:
    """Apply the rows that are not done yet; finish, unless more are to come.

    Raises `JobEnded`, `ConcurrentChange`, and what keeps all rows from being applied.
    """
    async with aclosing(_chunks(work, rows)) as chunks:
        if work.is_at_once:
            await _all_at_once(work, chunks)
            return
        async for chunk in chunks:
            async with work.enter() as db:
                await _lock(db, work)
                outcomes = await INTAKES[work.kind].put(db, chunk.checked)
                await _note(db, work, chunk.mac, outcomes)
            work.rows_done += len(outcomes)
    if is_whole:
        async with work.enter() as db:
            await _lock(db, work)
            await _finish(db, work, work.rows_done)


async def fail(db: ActorSession, import_id: UUID, failure: Failure) -> None:
    """Note that an import that was going on cannot go on."""
    await db.fetch(FAIL, import_id, failure.model_dump_json())


async def _chunks(work: Work, rows: Iterable[Row]) -> AsyncGenerator[Chunk, None]:
    """Yield the rows that are not done yet: while one chunk is written, the next is checked."""
    intake, mac, left = INTAKES[work.kind], RowsMac(work.key), iter(rows)

    def check_next(size: int) -> Chunk | None:
        chunk = [*islice(left, size)]
        for row in chunk:
            mac.add(row)
        return Chunk(intake.check(chunk), mac.digest()) if chunk else None

    for row in islice(left, work.rows_done):
        mac.add(row)
    ahead = create_task(to_thread(check_next, intake.chunk))
    try:
        while (chunk := await ahead) is not None:
            ahead = create_task(to_thread(check_next, intake.chunk))
            yield chunk
    finally:
        # A thread cannot be stopped: nothing else may use the rows before it has ended.
        await wait([ahead])


async def _all_at_once(work: Work, chunks: AsyncIterator[Chunk]) -> None:
    """Apply all rows or none. What was refused, or would have been, is noted afterwards."""
    outcomes: list[Outcome] = []
    mac = RowsMac(work.key).digest()
    try:
        async with work.enter() as db:
            async for chunk in chunks:
                _refuse_ended(await db.fetchrow(LOOK, work.id), work)
                outcomes += await INTAKES[work.kind].put(db, chunk.checked)
                mac = chunk.mac
            if work.is_dry_run or _rejected(outcomes):
                raise _Undo  # noqa: TRY301 - leaving the transaction is the point
            await _lock(db, work)
            await _note(db, work, mac, outcomes)
            await _finish(db, work, len(outcomes))
    except _Undo:
        async with work.enter() as db:
            await _lock(db, work)
            await _note_undone(db, work, mac, outcomes)


async def _note_undone(
    db: ActorSession, work: Work, mac: bytes, outcomes: Sequence[Outcome]
) -> None:
    """Report rows that were taken back: only those refused, and counts of what would have been."""
    failure = None
    if not work.is_dry_run:
        failure = Failure(code=RowsRejected.code, detail=RowsRejected.detail)
    kept = [
        each if each.outcome == RowOutcome.rejected else Outcome(each.number, each.outcome)
        for each in outcomes
    ]
    await _note(db, work, mac, kept, is_applied=failure is None)
    await _finish(db, work, len(outcomes), failure)


def _rejected(outcomes: Iterable[Outcome]) -> bool:
    return any(each.outcome == RowOutcome.rejected for each in outcomes)


async def _lock(db: ActorSession, work: Work) -> None:
    """Lock the record of an import. Raises if it has ended, or goes on somewhere else."""
    _refuse_ended(await db.fetchrow(LOCK, work.id), work)


def _refuse_ended(found: object, work: Work) -> None:
    row: dict[str, object] = dict(found or {})  # type: ignore[call-overload]
    if row.get("status") not in GOING_ON:
        raise JobEnded
    if row["rows_done"] != work.rows_done:
        raise ConcurrentChange


async def _note(
    db: ActorSession,
    work: Work,
    mac: bytes,
    outcomes: Sequence[Outcome],
    *,
    is_applied: bool = True,
) -> None:
    """Write progress, and the rows that left something or were refused."""
    count = Counter(each.outcome for each in outcomes)
    taken = (count[RowOutcome.accepted], count[RowOutcome.unchanged]) if is_applied else (0, 0)
    await db.fetch(NOTE, work.id, len(outcomes), *taken, count[RowOutcome.rejected], mac)
    kept = [each for each in outcomes if each.record_id or each.outcome == RowOutcome.rejected]
    if kept:
        await db.fetch(NOTE_ROWS, work.id, *_columns(kept))


def _columns(outcomes: Sequence[Outcome]) -> tuple[list[object], ...]:
    return (
        [each.number for each in outcomes],
        [each.outcome for each in outcomes],
        [each.record_id for each in outcomes],
        [
            to_json([error.model_dump(exclude={"location"}) for error in each.errors])
            for each in outcomes
        ],
    )


async def _finish(
    db: ActorSession, work: Work, rows_total: int, failure: Failure | None = None
) -> None:
    status = JobStatus.failed if failure else JobStatus.succeeded
    problem = failure.model_dump_json() if failure else None
    await db.fetch(FINISH, work.id, status, problem, rows_total)
