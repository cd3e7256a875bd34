"""What can be pushed in bulk, and how the rows of each kind are written.

A row is the body of the single operation and passes the same schema, service and policies.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

import asyncpg

from app.access.caller import ActorSession
from app.access.scopes import Scope
from app.models.imports import ImportKind, RowOutcome
from app.schemas.agencies import AgencyCreate
from app.schemas.areas import AreaCreate
from app.schemas.imports import AnswerRow, SubmissionRow
from app.services.answer_rows import write_answer_rows
from app.services.register_rows import write_agency, write_area
from app.services.return_rows import write_submission
from app.services.row_outcomes import Checked, Outcome, RowCheck, refusal_of, rejected

T = TypeVar("T")
Written = tuple[UUID, RowOutcome]
WriteOne = Callable[[ActorSession, T], Awaitable[Written]]
WriteMany = Callable[[ActorSession, Sequence[tuple[int, T]]], Awaitable[list[Outcome]]]


@dataclass(frozen=True, slots=True)
class Intake(Generic[T]):
    """How the rows of one kind come in."""

    schema: type[T]
    scope: Scope
    """Needed beside the right to push at all."""
    chunk: int
    """Rows committed together."""
    check: RowCheck[T]
    write: WriteMany[T]

    async def put(self, db: ActorSession, checked: Checked[T]) -> list[Outcome]:
        """Apply rows that were checked and are good, within a transaction; report on all."""
        good, outcomes = checked
        return sorted(outcomes + await self.write(db, good), key=lambda outcome: outcome.number)


def one_by_one(write: WriteOne[T]) -> WriteMany[T]:
    """Write each row for itself: one that fails leaves the others as they are."""

    async def write_many(db: ActorSession, rows: Sequence[tuple[int, T]]) -> list[Outcome]:
        return [await _write_one(db, number, body, write) for number, body in rows]

    return write_many


async def _write_one(db: ActorSession, number: int, body: T, write: WriteOne[T]) -> Outcome:
    for is_last in (False, True):
        try:
            async with (await db.driver()).transaction():
                record_id, outcome = await write(db, body)
        except asyncpg.UniqueViolationError as error:
            # Somebody recorded the same at the same time: what is there now is looked up again.
            if is_last:
                return rejected(number, refusal_of(error))
        except Exception as error:  # noqa: BLE001 - a defect in one row must not cost the others
            return rejected(number, refusal_of(error))
        else:
            return Outcome(number, outcome, record_id)
    raise AssertionError


def _intake(schema: type[T], scope: Scope, chunk: int, write: WriteMany[T]) -> Intake[T]:
    return Intake(schema, scope, chunk, RowCheck(schema), write)


INTAKES: dict[ImportKind, Intake[Any]] = {
    ImportKind.areas: _intake(AreaCreate, Scope.areas_write, 200, one_by_one(write_area)),
    ImportKind.agencies: _intake(AgencyCreate, Scope.agencies_write, 200, one_by_one(write_agency)),
    ImportKind.submissions: _intake(
        SubmissionRow, Scope.audit_responses_submit, 50, one_by_one(write_submission)
    ),
    ImportKind.answers: _intake(AnswerRow, Scope.audit_responses_write, 5_000, write_answer_rows),
}
