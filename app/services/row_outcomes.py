"""What becomes of each row of an import: read, checked, and applied or refused by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

import structlog
from pydantic import TypeAdapter, ValidationError

from app import errors, refusals, strict_json
from app.broken_rules import broken_rules, member_names
from app.errors import ApiError, ProblemError
from app.failures import trace
from app.models.imports import RowOutcome
from app.services.row_stream import Row

log: structlog.stdlib.BoundLogger = structlog.get_logger()

OF_THE_MOMENT = (
    errors.ConcurrentChange,
    errors.StorageFull,
    errors.Unauthenticated,
    errors.Unavailable,
)
"""Refusals that are no fault of a row: the whole chunk may be tried again."""

T = TypeVar("T")


class RowTooLong(errors.BadRequest):
    """The row is longer than a mebibyte."""

    code = "row_too_long"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row."""

    number: int
    outcome: RowOutcome
    record_id: UUID | None = None
    errors: tuple[ProblemError, ...] = ()


Checked = tuple[list[tuple[int, T]], list[Outcome]]
"""The rows that match their schema, with their numbers, and what became of the others."""


def rejected(number: int, refusal: ApiError) -> Outcome:
    """Say why a row was refused: at its places, or as a whole."""
    found = refusal.errors or type(refusal).at("").errors
    return Outcome(number, RowOutcome.rejected, None, found)


def refusal_of(error: Exception) -> ApiError:
    """Translate what kept a row from being applied. Raises what is of the moment again."""
    refusal = error if isinstance(error, ApiError) else refusals.from_database(error)
    if isinstance(refusal, OF_THE_MOMENT):
        raise error
    if refusal is None:
        log.error("row_failed", **trace(error))
        return errors.Unexpected()
    return refusal


class RowCheck(Generic[T]):
    """Checks rows against the schema of the single operation, many at once."""

    def __init__(self, schema: type[T]) -> None:
        self._all: TypeAdapter[list[T]] = TypeAdapter(list[schema])  # type: ignore[valid-type]
        self._names = member_names(self._all.json_schema())

    def __call__(self, rows: Sequence[Row]) -> Checked[T]:
        """Check rows. Needs no database, and may run in a thread."""
        numbers: list[int] = []
        values: list[Any] = []
        outcomes: list[Outcome] = []
        for row in rows:
            try:
                values.append(_read(row))
                numbers.append(row.number)
            except errors.BadRequest as refusal:
                outcomes.append(rejected(row.number, refusal))
        try:
            bodies = self._all.validate_python(values)
        except ValidationError as error:
            failures = _by_row(error)
        else:
            return [*zip(numbers, bodies, strict=True)], outcomes
        outcomes += [self._refuse(numbers[n], values[n], failures[n]) for n in failures]
        good = [n for n in range(len(values)) if n not in failures]
        bodies = self._all.validate_python([values[n] for n in good])
        return [*zip([numbers[n] for n in good], bodies, strict=True)], outcomes

    def _refuse(self, number: int, value: object, failures: list[Any]) -> Outcome:
        return rejected(number, errors.Invalid(*broken_rules(failures, value, self._names)))


def _read(row: Row) -> Any:
    if row.content is None:
        raise RowTooLong
    return strict_json.read(row.content)


def _by_row(error: ValidationError) -> dict[int, list[Any]]:
    """Group failures by the place of their row; each then begins at the row itself."""
    found: dict[int, list[Any]] = {}
    for failure in error.errors(include_url=False, include_context=False, include_input=False):
        place = int(failure["loc"][0])
        found.setdefault(place, []).append({**failure, "loc": ("body", *failure["loc"][1:])})
    return found
