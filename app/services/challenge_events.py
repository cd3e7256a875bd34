"""Challenge events: who challenges whom, what was asked and promised (Framework section 15).

An agreed record makes every commitment a draft action, and a closed event marks the returns that
were challenged. No grade of a return changes here: moderators do that.
"""

from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ENTER, ActorSession, Caller
from app.errors import Conflict, Invalid, UnknownReference
from app.models.challenge_events import (
    CHAIRS_LIFECYCLE,
    EVENT_LIFECYCLE,
    ChallengeEventStatus,
    ChallengeExchange,
)
from app.schemas.audit_responses import AuditResponseRead
from app.schemas.challenge_events import (
    ChallengeEventRead,
    ChallengeEventTransitionCreate,
)
from app.schemas.challenge_exchanges import ExchangeCreate, ExchangeRead, ExchangeUpdate
from app.services.actions import draft_action
from app.services.nameless import refuse_names_in
from app.services.records import changing, creating, insert, patch, update
from app.services.transitions import Effect, record_move
from app.services.wording import step, texts_of

IS_CHAIR = f"{ENTER} SELECT 'chairs-action:take' = ANY (grants) AS is_chair FROM caller"
QUESTION = """
SELECT q.id FROM questions q JOIN audits a ON a.instrument_id = q.instrument_id
JOIN challenge_events e ON e.audit_id = a.id WHERE e.id = $1 AND q.code = $2
"""
PAIRED = """
SELECT FROM challenge_pairings
WHERE event_id = $1 AND challenger_agency_id = $2 AND challenged_agency_id = $3
"""
COMMITMENTS = """
SELECT id, challenged_agency_id, commitment, commitment_due_on FROM challenge_exchanges
WHERE event_id = $1 AND commitment IS NOT NULL AND action_id IS NULL ORDER BY id FOR UPDATE
"""
CHALLENGED = """
SELECT DISTINCT r.id::text, r.agency_id::text, r.status FROM audit_responses r
JOIN challenge_exchanges x ON x.challenged_agency_id = r.agency_id
WHERE r.audit_id = $1 AND x.event_id = $2 AND r.status = 'moderated'
"""
GRADES = """
SELECT v.code FROM challenge_events e JOIN audits a ON a.id = e.audit_id
JOIN instruments i ON i.id = a.instrument_id JOIN grade_values v ON v.scale_id = i.grade_scale_id
WHERE e.id = $1
"""


class NotPaired(Conflict):
    """This agency does not challenge that one at this event."""

    code = "not_paired"


async def challenge_agency(caller: Caller, event_id: UUID, body: ExchangeCreate) -> Response:
    """Put a question to the agency one is paired with.

    Raises `UnknownReference` for a question of another instrument, `NotPaired`.
    """
    await refuse_names_in(caller, {"/challenge": body.challenge})
    async with creating(caller, ExchangeRead, [str(event_id), body]) as creation:
        if creation.is_new:
            found = await creation.db.fetchrow(QUESTION, event_id, body.question)
            if found is None:
                raise UnknownReference.at("/question")
            pairing = (event_id, body.challenger_agency_id, body.challenged_agency_id)
            if await creation.db.fetchrow(PAIRED, *pairing) is None:
                raise NotPaired.at("/challenged_agency_id")
            values = body.model_dump(exclude={"question"})
            values |= {"event_id": event_id, "question_id": found["id"]}
            creation.id = await insert(creation.db, ChallengeExchange, values)
    return creation.response


async def change_exchange(
    caller: Caller, event_id: UUID, exchange_id: UUID, body: ExchangeUpdate
) -> Response:
    """Reply, commit or grade, under `If-Match`: each side its own. Raises `Invalid`."""
    await refuse_names_in(caller, texts_of(body))
    async with changing(caller, ExchangeRead, exchange_id, body) as changed:
        values = patch(body)
        if (grade := values.get("grade_after")) is not None:
            grades = {row["code"] for row in await changed.db.fetch(GRADES, event_id)}
            if grade not in grades:
                raise Invalid.at("/grade_after")
        await update(changed.db, ChallengeExchange, exchange_id, values)
    return changed.response


async def move_event_on(
    caller: Caller, event_id: UUID, body: ChallengeEventTransitionCreate
) -> Response:
    """Move an event. Raises `DecisionNeeded` where it is not the chair who agrees the record."""
    lifecycle = EVENT_LIFECYCLE
    if body.to == ChallengeEventStatus.record_agreed:
        row = await caller.fetchrow(IS_CHAIR)
        lifecycle = CHAIRS_LIFECYCLE if row and row["is_chair"] else EVENT_LIFECYCLE
    effects: dict[str, Effect] = {
        ChallengeEventStatus.record_agreed: _act_on_commitments,
        ChallengeEventStatus.closed: _mark_returns,
    }
    return await step(caller, ChallengeEventRead, lifecycle, event_id, body.to, body, effects)


async def _act_on_commitments(db: ActorSession, before: dict[str, Any]) -> None:
    """Make every commitment a draft action of the agency that made it, once."""
    for row in await db.fetch(COMMITMENTS, UUID(before["id"])):
        values = {
            "source_subject": ChallengeExchange.__tablename__,
            "source_record_id": row["id"],
            "agency_id": row["challenged_agency_id"],
            "title": "Commitment at a challenge event",
            "specific": row["commitment"],
            "due_on": row["commitment_due_on"],
        }
        action_id = await draft_action(db, values)
        await update(db, ChallengeExchange, row["id"], {"action_id": action_id})


async def _mark_returns(db: ActorSession, before: dict[str, Any]) -> None:
    """Mark the moderated returns that were challenged; the moderator's own agency's stays."""
    for row in await db.fetch(CHALLENGED, UUID(before["audit_id"]), UUID(before["id"])):
        if row["agency_id"] != str(db.actor.agency_id):
            await record_move(db, AuditResponseRead, dict(row), "challenged")
