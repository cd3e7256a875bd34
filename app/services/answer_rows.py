"""Answers one to a row, written many at once: one statement for a batch, whatever the audits."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from uuid import UUID

from app.access.caller import ActorSession
from app.errors import ApiError, Invalid, ProblemError
from app.models.imports import RowOutcome
from app.schemas.imports import AnswerRow
from app.services.answers import MEMBERS, TYPES, settle
from app.services.forms import AuditForm, FormQuestion, refusal
from app.services.responses import WRITABLE, Draft, lock_own
from app.services.return_rows import audit_of
from app.services.row_outcomes import Outcome, refusal_of, rejected

ARRAYS = [f"{'text' if kind == 'jsonb' else kind}[]" for kind in TYPES.values()]
COLUMNS = ", ".join(MEMBERS)
PUT_MANY = f"""
INSERT INTO answers (response_id, audit_id, agency_id, answered_by_id, question_id, {COLUMNS})
SELECT a.response_id, a.audit_id, $1, $2, a.question_id,
    {", ".join(f"a.{name}::{kind}" for name, kind in TYPES.items())}
FROM unnest($3::uuid[], $4::uuid[], $5::uuid[],
    {", ".join(f"${n}::{kind}" for n, kind in enumerate(ARRAYS, start=6))})
    AS a (response_id, audit_id, question_id, {COLUMNS})
ON CONFLICT ON CONSTRAINT answers_response_question_key DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in MEMBERS)},
    answered_by_id = excluded.answered_by_id, is_carried_forward = false
WHERE answers.is_carried_forward OR ({", ".join(f"answers.{name}" for name in MEMBERS)})
    IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in MEMBERS)})
RETURNING response_id, question_id
"""
Key = tuple[UUID, UUID]
"""Response and question."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the answers of one audit go: its form and the locked response of the own agency."""

    form: AuditForm
    draft: Draft


@dataclass(frozen=True, slots=True)
class Fitting:
    """A row that fits its form."""

    number: int
    target: Target
    question: FormQuestion
    row: AnswerRow

    @property
    def key(self) -> Key:
        """What the row answers."""
        return self.target.draft.id, self.question.id


async def write_answer_rows(
    db: ActorSession, rows: Sequence[tuple[int, AnswerRow]]
) -> list[Outcome]:
    """Write answers of the own agency; rows that do not fit are refused one by one."""
    targets: dict[str, Target | ApiError] = {}
    fitting: list[Fitting] = []
    outcomes: list[Outcome] = []
    for number, row in rows:
        try:
            fitting.append(await _fit(db, targets, number, row))
        except ApiError as refused:
            outcomes.append(rejected(number, refused))
    return outcomes + await _put(db, fitting)


async def _fit(
    db: ActorSession, targets: dict[str, Target | ApiError], number: int, row: AnswerRow
) -> Fitting:
    """Check a row against the form of its audit. Raises `ApiError`."""
    audit_id = await audit_of(db, row)
    if row.audit not in targets:
        targets[row.audit] = await _target(db, audit_id)
    target = targets[row.audit]
    if isinstance(target, ApiError):
        raise target
    if errors := [*_errors(target, row)]:
        raise Invalid(*errors)
    return Fitting(number, target, target.form.questions[row.question], row)


async def _target(db: ActorSession, audit_id: UUID) -> Target | ApiError:
    """Lock the response to an audit, or return why it takes no answers."""
    try:
        form = await AuditForm.load(db, audit_id)
        draft = await lock_own(db, audit_id)
        draft.refuse_outside(WRITABLE)
    except ApiError as refused:
        return type(refused).at("/audit")
    return Target(form, draft)


def _errors(target: Target, row: AnswerRow) -> Iterator[ProblemError]:
    question = target.form.questions.get(row.question)
    if question is None:
        yield refusal("/question", "unknown_question")
        return
    if not question.is_put_to(target.draft):
        yield refusal("/question", "not_put_to_this_agency")
    for member, code in question.refusals(row, target.form.grades):
        yield refusal(f"/{member}", code)


async def _put(db: ActorSession, rows: list[Fitting]) -> list[Outcome]:
    """Store rows in one statement; where it fails, halve them until the one at fault is found."""
    if not rows:
        return []
    try:
        async with (await db.driver()).transaction():
            changed = await _store(db, rows)
    except Exception as error:  # noqa: BLE001 - a defect in one row must not cost the others
        refused = refusal_of(error)
        if len(rows) == 1:
            return [rejected(rows[0].number, refused)]
        middle = len(rows) // 2
        return await _put(db, rows[:middle]) + await _put(db, rows[middle:])
    return [
        Outcome(each.number, RowOutcome.accepted if each.key in changed else RowOutcome.unchanged)
        for each in rows
    ]


async def _store(db: ActorSession, rows: Sequence[Fitting]) -> set[Key]:
    """Write answers and settle their responses; return which of them changed."""
    last = {each.key: each for each in rows}
    drafts = [each.target.draft for each in last.values()]
    keys: list[list[Any]] = [
        [draft.id for draft in drafts],
        [draft.audit_id for draft in drafts],
        [each.question.id for each in last.values()],
    ]
    members = [_column(name, [each.row for each in last.values()]) for name in MEMBERS]
    found = await db.fetch(PUT_MANY, db.actor.agency_id, db.actor.id, *keys, *members)
    for target in {each.target.draft.id: each.target for each in rows}.values():
        await settle(db, target.form, target.draft)
    return {(row["response_id"], row["question_id"]) for row in found}


def _column(name: str, rows: Sequence[AnswerRow]) -> list[Any]:
    """Return a member of every row as the driver takes it."""
    values: list[Any] = [*map(attrgetter(name), rows)]
    if name == "improvements":
        return [_json([each.model_dump(mode="json") for each in value]) for value in values]
    if TYPES[name] == "jsonb":
        return [None if value is None else _json(value) for value in values]
    return values


def _json(value: object) -> str:
    return "[]" if value == [] else json.dumps(value, ensure_ascii=False)
