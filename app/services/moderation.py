"""What moderators do with a response: grades beside the agency's own, and what a move entails."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.access.caller import ActorSession
from app.errors import Conflict, Invalid
from app.models.audits import AuditResponse, ResponseStatus
from app.schemas.answers import ModeratedAnswer
from app.schemas.audit_responses import AuditResponseTransitionCreate
from app.services.forms import AuditForm, refusal
from app.services.records import update
from app.services.responses import lock
from app.services.submissions import sign_off
from app.services.transitions import Effect

MODERATED = frozenset(
    {
        ResponseStatus.submitted,
        ResponseStatus.accepted,
        ResponseStatus.moderated,
        ResponseStatus.challenged,
    }
)
"""Where a response is moderated: what the agency has not submitted yet is its own affair."""
SAYING_WHY = (ResponseStatus.returned, ResponseStatus.exempt, ResponseStatus.withdrawn)

MODERATE = """
UPDATE answers a SET moderated_grade = m.moderated_grade, moderator_comment = m.comment,
    returned_comment = m.returned_comment
FROM jsonb_to_recordset($2::jsonb) AS m (question_id uuid, moderated_grade text, comment text,
    returned_comment text)
WHERE a.response_id = $1 AND a.question_id = m.question_id RETURNING a.question_id
"""


class NotUnderModeration(Conflict):
    """Only a response that was submitted, and is not final yet, is moderated."""

    code = "not_under_moderation"


class NotAnswered(Conflict):
    """The agency gave no answer to this question."""

    code = "not_answered"


async def moderate(db: ActorSession, response_id: UUID, grades: Sequence[ModeratedAnswer]) -> None:
    """Write moderated grades and comments beside the agency's answers, in one statement.

    Raises `NotUnderModeration`, `Invalid` and `NotAnswered`. The database refuses a moderator of
    the agency itself.
    """
    draft = await lock(db, response_id)
    if draft.status not in MODERATED:
        raise NotUnderModeration
    form = await AuditForm.load(db, draft.audit_id)
    if errors := form.moderation_errors(grades):
        raise Invalid(*errors)
    rows = [
        {
            **each.model_dump(exclude={"question"}),
            "question_id": str(form.questions[each.question].id),
        }
        for each in grades
    ]
    done = await db.fetch(MODERATE, draft.id, json.dumps(rows, ensure_ascii=False))
    answered = {str(row["question_id"]) for row in done}
    places = [n for n, row in enumerate(rows) if row["question_id"] not in answered]
    if places:
        raise NotAnswered(*(refusal(f"/grades/{n}/question", "not_answered") for n in places))


def effects(body: AuditResponseTransitionCreate) -> dict[str, Effect]:
    """Return what each move of a response entails, as the body asks for it."""

    async def submitted(db: ActorSession, before: dict[str, Any]) -> None:
        await sign_off(db, UUID(before["id"]), body)

    async def says_why(db: ActorSession, before: dict[str, Any]) -> None:
        values: dict[str, object] = {"reason": body.reason}
        if body.to == ResponseStatus.returned:
            values["times_returned"] = before["times_returned"] + 1
        await update(db, AuditResponse, UUID(before["id"]), values)

    moves: dict[str, Effect] = {ResponseStatus.submitted: submitted}
    return moves | dict.fromkeys(SAYING_WHY, says_why)
