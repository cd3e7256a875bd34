"""Writing answers: checked against the form, stored in one statement, counted in another."""

import json
from collections.abc import Sequence
from uuid import UUID

from app.access.caller import ActorSession
from app.errors import ProblemError
from app.models.audits import ResponseStatus, Transition
from app.schemas.answers import AnswerWrite
from app.services.forms import AuditForm
from app.services.records import insert
from app.services.responses import WRITABLE, Draft, lock

MEMBERS = tuple(name for name in AnswerWrite.model_fields if name != "question")
"""What an agency says, by the names of the columns."""
TYPES = dict.fromkeys(MEMBERS, "text") | {
    "value": "jsonb",
    "improvements": "jsonb",
    "is_not_applicable": "boolean",
    "is_good_practice": "boolean",
    "may_be_shared": "boolean",
}
PUT = f"""
INSERT INTO answers (response_id, audit_id, agency_id, answered_by_id, question_id,
    {", ".join(MEMBERS)})
SELECT $1, $2, $3, $4, a.question_id, {", ".join(f"a.{name}" for name in MEMBERS)}
FROM jsonb_to_recordset($5::jsonb)
    AS a (question_id uuid, {", ".join(f"{name} {kind}" for name, kind in TYPES.items())})
ON CONFLICT ON CONSTRAINT answers_response_question_key DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in MEMBERS)},
    answered_by_id = excluded.answered_by_id, is_carried_forward = false
WHERE answers.is_carried_forward OR ({", ".join(f"answers.{name}" for name in MEMBERS)})
    IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in MEMBERS)})
"""

GIVEN = (
    "(NOT a.is_carried_forward"
    " AND (a.is_not_applicable OR a.grade IS NOT NULL OR a.value IS NOT NULL))"
)
"""Whether a row `a` of `answers` is an answer, and of this audit."""
SETTLE = f"""
UPDATE audit_responses SET status = 'in_progress', contributor_ids = $2,
    completed_by = coalesce($3, completed_by),
    answered = (SELECT count(*) FROM answers a WHERE a.response_id = $1 AND {GIVEN}),
    unanswered = (SELECT count(*) FROM unnest($4::uuid[]) AS asked (id) WHERE NOT EXISTS
        (SELECT FROM answers a WHERE a.response_id = $1 AND a.question_id = asked.id AND {GIVEN}))
WHERE id = $1
"""


async def write_answers(
    db: ActorSession,
    form: AuditForm,
    response_id: UUID,
    answers: Sequence[AnswerWrite],
    completed_by: str | None = None,
) -> list[ProblemError]:
    """Write answers to some questions of a response; write nothing and return what is wrong.

    Moves the response to `in_progress` and notes who contributed. Raises `NotFound` and
    `ResponseNotOpen`.
    """
    draft = await lock(db, response_id)
    draft.refuse_outside(WRITABLE)
    if errors := form.errors(draft, answers):
        return errors
    await put_answers(db, form, draft, answers)
    await settle(db, form, draft, completed_by)
    return []


async def put_answers(
    db: ActorSession, form: AuditForm, draft: Draft, answers: Sequence[AnswerWrite]
) -> None:
    """Store answers that fit the form; those that say what is on record already are no change."""
    if not answers:
        return
    rows = [
        {
            **answer.model_dump(mode="json", exclude={"question"}),
            "question_id": str(form.questions[answer.question].id),
        }
        for answer in answers
    ]
    sent = json.dumps(rows, ensure_ascii=False)
    await db.fetch(PUT, draft.id, draft.audit_id, draft.agency_id, db.actor.id, sent)


async def settle(
    db: ActorSession, form: AuditForm, draft: Draft, completed_by: str | None = None
) -> None:
    """Note that the actor worked on a response: its state, its contributors, what is left."""
    mandatory = [each.id for each in form.put_to(draft) if each.is_mandatory]
    await db.fetch(SETTLE, draft.id, contributors(db, draft), completed_by, mandatory)
    if draft.status != ResponseStatus.in_progress:
        await leave_line(db, draft, ResponseStatus.in_progress)


def contributors(db: ActorSession, draft: Draft) -> list[UUID]:
    """Return who worked on a response, the actor included."""
    return list(dict.fromkeys([*draft.contributor_ids, db.actor.id]))


async def leave_line(db: ActorSession, draft: Draft, to: ResponseStatus) -> None:
    """Record that a response moved."""
    await insert(
        db,
        Transition,
        {
            "subject": "audit_responses",
            "record_id": draft.id,
            "agency_id": draft.agency_id,
            "from_state": draft.status,
            "to_state": to,
            "actor_id": db.actor.id,
        },
    )
