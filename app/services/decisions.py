"""Decisions: taken in a meeting with a quorum, or by the chair until one ratifies them."""

from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Conflict, Invalid, UnknownReference
from app.models import Base
from app.models.governance import BodyDecision
from app.schemas.decisions import BodyDecisionCreate, BodyDecisionRead, RatificationCreate
from app.schemas.meetings import QUORATE
from app.services.campaigns import board_day
from app.services.nameless import refuse_names_in
from app.services.records import changing, creating, insert, update

TAKEN = f"""
SELECT t.id FROM meetings t
WHERE t.id = $1 AND t.body_id = $2 AND t.status IN ('held', 'minutes_agreed')
    AND t.held_on = $3 AND {QUORATE}
    AND ($4::uuid IS NULL
        OR EXISTS (SELECT FROM agenda_items i WHERE i.id = $4 AND i.meeting_id = t.id))
"""
RATIFIES = """
SELECT later.id FROM decisions later JOIN decisions d ON d.body_id = later.body_id
WHERE later.id = $1 AND d.id = $2 AND later.meeting_id IS NOT NULL AND later.outcome = 'agreed'
    AND later.decided_on >= d.decided_on AND d.is_chairs_action AND d.ratified_by_id IS NULL
"""


class NotTakenInMeeting(Conflict):
    """No such meeting of this body was held on that day with a quorum, or not with this item."""

    code = "not_taken_in_meeting"


class DoesNotRatify(Conflict):
    """Only a later decision of a meeting of the same body ratifies an action of its chair, once."""

    code = "does_not_ratify"


async def record_decision(caller: Caller, body: BodyDecisionCreate) -> Response:
    """Record what a body decided. Raises `NotTakenInMeeting`, `UnknownReference`, `Invalid`."""
    _refuse_half(body)
    texts = {f"/{name}": text for name in ("text", "dissent") if (text := getattr(body, name))}
    await refuse_names_in(caller, texts)
    async with creating(caller, BodyDecisionRead, body) as creation:
        if creation.is_new:
            await _refuse_unfounded(creation.db, body)
            values = body.model_dump() | {"recorded_by_id": creation.db.actor.id}
            creation.id = await insert(creation.db, BodyDecision, values)
    return creation.response


def _refuse_half(body: BodyDecisionCreate) -> None:
    """Refuse what no decision can be: half a reference, half a vote, both chair and meeting."""
    if (body.subject is None) != (body.record_id is None):
        raise Invalid.at("/record_id")
    if body.is_chairs_action == (body.meeting_id is not None):
        raise Invalid.at("/meeting_id")
    if body.agenda_item_id is not None and body.meeting_id is None:
        raise Invalid.at("/agenda_item_id")
    votes = (body.votes_for, body.votes_against, body.votes_abstained)
    if any((vote is None) != body.is_consensus for vote in votes):
        raise Invalid.at("/votes_for")


async def _refuse_unfounded(db: ActorSession, body: BodyDecisionCreate) -> None:
    if body.decided_on > board_day():
        raise NotTakenInMeeting.at("/decided_on")
    if body.meeting_id is not None:
        taken = await db.fetchrow(
            TAKEN, body.meeting_id, body.body_id, body.decided_on, body.agenda_item_id
        )
        if taken is None:
            raise NotTakenInMeeting.at("/meeting_id")
    if body.subject is not None:
        await require_seen(db, body.subject, body.record_id)


async def require_seen(db: ActorSession, subject: str, record_id: UUID | None) -> None:
    """Hold that a typed reference names a record the actor may see. Raises `UnknownReference`."""
    table = Base.metadata.tables.get(subject)
    if table is None or "id" not in table.columns:
        raise UnknownReference.at("/subject")
    if await db.fetchrow(f'SELECT id FROM "{table.name}" WHERE id = $1', record_id) is None:
        raise UnknownReference.at("/record_id")


async def ratify(caller: Caller, decision_id: UUID, body: RatificationCreate) -> Response:
    """Ratify a chair's action by a decision of a meeting. Raises `DoesNotRatify`."""
    async with changing(caller, BodyDecisionRead, decision_id) as changed:
        if await changed.db.fetchrow(RATIFIES, body.decision_id, decision_id) is None:
            raise DoesNotRatify.at("/decision_id")
        await update(changed.db, BodyDecision, decision_id, {"ratified_by_id": body.decision_id})
    return changed.response
