"""The mechanism behind every `POST /…/{id}/transitions`."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Conflict, Invalid, TransitionNotAllowed
from app.lifecycle import Lifecycle
from app.models.audits import Transition
from app.schemas.base import ReadSchema
from app.schemas.narratives import Resolution
from app.schemas.transitions import TransitionRead
from app.services.casework import narrate_text
from app.services.records import answer, changing, etag, insert, render, update

DECIDED = """
SELECT d.id FROM decisions d JOIN bodies b ON b.id = d.body_id
WHERE d.id = $1 AND d.outcome = $4 AND d.record_id = $3
    AND (b.code = ANY ($2::text[]) OR b.kind = ANY ($2::text[]))
"""


class DecisionNeeded(Conflict):
    """The move needs a decision of this outcome, by the body in charge, on this record."""

    code = "decision_needed"


Effect = Callable[[ActorSession, dict[str, Any]], Awaitable[None]]
"""What happens with a move, in the same transaction; it gets the record as it was before."""


async def move(
    caller: Caller,
    schema: type[ReadSchema],
    lifecycle: Lifecycle,
    id: UUID,
    to: str,
    reason: str | None,
    effects: dict[str, Effect] | None = None,
    resolutions: Sequence[Resolution] = (),
    decision_id: UUID | None = None,
) -> Response:
    """Move a record under `If-Match`; answer 201 with the transition.

    The reason of a record of a case is a narrative; `resolutions` say what is doubtful in it.

    The `ETag` is that of the record after the move, ready for the next `If-Match`.
    Raises `TransitionNotAllowed`, `Invalid` where a reason is missing, `DecisionNeeded`.
    """
    async with changing(caller, schema, id) as changed:
        if to not in changed.before["allowed_transitions"]:
            raise TransitionNotAllowed
        if reason is None and lifecycle.needs_reason(changed.before["status"], to):
            raise Invalid.at("/reason")
        if reason is not None and (case_id := changed.before.get("case_id")):
            reason = await narrate_text(
                changed.db, caller, UUID(case_id), "/reason", reason, [*resolutions]
            )
        if bodies := lifecycle.decided_by(changed.before["status"], to):
            outcome = lifecycle.decided_as(changed.before["status"], to)
            await require_decision(changed.db, decision_id, bodies, id, outcome)
        transition_id = await record_move(
            changed.db, schema, changed.before, to, reason, decision_id
        )
        if effects and to in effects:
            await effects[to](changed.db, changed.before)
        body = await render(changed.db, TransitionRead, transition_id)
        tag = etag(await render(changed.db, schema, id))
    return answer(body, 201, {"ETag": tag})


async def record_move(
    db: ActorSession,
    schema: type[ReadSchema],
    before: dict[str, Any],
    to: str,
    reason: str | None = None,
    decision_id: UUID | None = None,
) -> UUID:
    """Write the new state and leave a line about it."""
    record_id = UUID(before["id"])
    await update(db, schema.table, record_id, {"status": to})
    owner, case = before.get("agency_id"), before.get("case_id")
    return await insert(
        db,
        Transition,
        {
            "subject": schema.table.__tablename__,
            "record_id": record_id,
            "agency_id": UUID(owner) if owner else None,
            "case_id": UUID(case) if case else None,
            "from_state": before["status"],
            "to_state": to,
            "reason": reason,
            "actor_id": db.actor.id,
            "decision_id": decision_id,
        },
    )


async def require_decision(
    db: ActorSession,
    decision_id: UUID | None,
    bodies: Sequence[str],
    record_id: UUID,
    outcome: str = "agreed",
) -> None:
    """Hold that one of the bodies, by code or kind, decided so on this record.

    A decision that names no record is not enough. Raises `DecisionNeeded`.
    """
    asked = (decision_id, bodies, record_id, outcome)
    if decision_id is None or await db.fetchrow(DECIDED, *asked) is None:
        raise DecisionNeeded.at("/decision_id")
