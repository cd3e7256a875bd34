"""Challenges: raised, replied to within ten working days, resolved or escalated (section 23)."""

from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Conflict, Invalid
from app.models.challenges import CHALLENGE_LIFECYCLE, Challenge, ChallengeStatus, ChallengeSubject
from app.reference.working_days import add_working_days
from app.schemas.challenges import ChallengeCreate, ChallengeRead, ChallengeTransitionCreate
from app.services.campaigns import board_day
from app.services.nameless import refuse_names_in
from app.services.obligations import cancel, meet, owe
from app.services.records import creating, insert
from app.services.transitions import Effect
from app.services.wording import step, texts_of

WORKING_DAYS_TO_REPLY = 10
CODE = "SELECT code FROM bodies WHERE id = $1"


class NobodyToChallenge(Conflict):
    """A challenge goes from one agency or body to another one."""

    code = "nobody_to_challenge"


async def raise_challenge(caller: Caller, body: ChallengeCreate) -> Response:
    """Raise a challenge of the caller's agency, or for a body; the other side owes a reply.

    Raises `Invalid` unless it goes to one side, `NobodyToChallenge`.
    """
    if (body.to_agency_id is None) == (body.to_body_id is None):
        raise Invalid.at("/to_agency_id")
    if (body.subject == ChallengeSubject.other) != (body.record_id is None):
        raise Invalid.at("/record_id")
    await refuse_names_in(caller, texts_of(body))
    async with creating(caller, ChallengeRead, body) as creation:
        if creation.is_new:
            creation.id = await _raise(creation.db, body)
    return creation.response


async def _raise(db: ActorSession, body: ChallengeCreate) -> UUID:
    own = db.actor.agency_id if body.from_body_id is None else None
    if body.from_body_id is None and own in (None, body.to_agency_id):
        raise NobodyToChallenge.at("/from_body_id" if own is None else "/to_agency_id")
    due_on = add_working_days(board_day(), WORKING_DAYS_TO_REPLY)
    values = body.model_dump() | {"from_agency_id": own, "reply_due_on": due_on}
    challenge_id = await insert(db, Challenge, values)
    asked = await db.fetchrow(CODE, body.to_body_id)
    await owe(
        db,
        kind="challenge_reply",
        title="Reply to a challenge",
        due_on=due_on,
        subject="challenges",
        record_id=challenge_id,
        agency_id=body.to_agency_id,
        body=asked["code"] if asked else None,
    )
    return challenge_id


async def move_challenge_on(
    caller: Caller, challenge_id: UUID, body: ChallengeTransitionCreate
) -> Response:
    """Move a challenge; a reply meets what is owed. Raises as `move`."""
    effects: dict[str, Effect] = {
        ChallengeStatus.replied: _replied,
        ChallengeStatus.closed: _closed,
    }
    return await step(
        caller, ChallengeRead, CHALLENGE_LIFECYCLE, challenge_id, body.to, body, effects
    )


async def _replied(db: ActorSession, before: dict[str, Any]) -> None:
    agency = before["to_agency_id"]
    await meet(
        db,
        kind="challenge_reply",
        record_id=UUID(before["id"]),
        agency_id=UUID(agency) if agency else None,
    )


async def _closed(db: ActorSession, before: dict[str, Any]) -> None:
    if before["reply"] is None:
        await cancel(db, kind="challenge_reply", record_id=UUID(before["id"]))
