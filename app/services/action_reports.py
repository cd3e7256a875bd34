"""What is said of an agreed action: progress, evidence and new days (Framework section 21)."""

from uuid import UUID

import asyncpg
from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.models.actions import OPEN, ActionDueChange, ActionEvidence, ActionUpdate, SmartAction
from app.schemas.action_reports import (
    ActionDueChangeCreate,
    ActionDueChangeRead,
    ActionEvidenceCreate,
    ActionEvidenceRead,
    ActionUpdateCreate,
    ActionUpdateRead,
)
from app.services.actions import COMPLETE, owe_completion, refuse_used_decision
from app.services.campaigns import board_day
from app.services.nameless import refuse_names_in
from app.services.obligations import cancel
from app.services.records import creating, insert, update
from app.services.transitions import require_decision
from app.services.wording import texts_of

DECIDING = ("board", "sub_group", "panel")
"""Kinds of bodies of which one moves the last day of an action."""
LOCKED = "SELECT id, status, agency_id, due_on FROM actions WHERE id = $1 FOR UPDATE"
SEEN = "SELECT id FROM actions WHERE id = $1"


class ActionNotOpen(Conflict):
    """The action is not agreed yet, or is not open any more."""

    code = "action_not_open"


async def report_progress(caller: Caller, action_id: UUID, body: ActionUpdateCreate) -> Response:
    """Report on the action of the own agency. Raises `ActionNotOpen`, `Forbidden` for others."""
    await refuse_names_in(caller, texts_of(body))
    async with creating(caller, ActionUpdateRead, [str(action_id), body]) as creation:
        if creation.is_new:
            of_action = await _own_action(creation.db, action_id)
            said = body.model_dump() | of_action | {"written_by_id": creation.db.actor.id}
            creation.id = await insert(creation.db, ActionUpdate, said)
            newest = body.model_dump(include={"percent", "forecast_on"}, exclude_none=True)
            await update(creation.db, SmartAction, action_id, newest)
    return creation.response


async def add_evidence(caller: Caller, action_id: UUID, body: ActionEvidenceCreate) -> Response:
    """Add evidence of the own agency. Raises as `report_progress`, `Invalid` for two or none."""
    if (body.url is None) == (body.evidence_id is None):
        raise Invalid.at_each(("/url", "/evidence_id"))
    await refuse_names_in(caller, texts_of(body))
    async with creating(caller, ActionEvidenceRead, [str(action_id), body]) as creation:
        if creation.is_new:
            of_action = await _own_action(creation.db, action_id)
            shown = body.model_dump() | of_action | {"added_by_id": creation.db.actor.id}
            creation.id = await insert(creation.db, ActionEvidence, shown)
    return creation.response


async def change_due_day(caller: Caller, action_id: UUID, body: ActionDueChangeCreate) -> Response:
    """Move the last day of an agreed action, by a decision that served nothing else.

    Raises `Invalid` for a day that is not after today, `ActionNotOpen`, `DecisionNeeded`.
    """
    if body.due_on <= board_day():
        raise Invalid.at("/due_on")
    await refuse_names_in(caller, texts_of(body))
    async with creating(caller, ActionDueChangeRead, [str(action_id), body]) as creation:
        if creation.is_new:
            creation.id = await _move_due_day(creation.db, action_id, body)
    return creation.response


async def _move_due_day(db: ActorSession, action_id: UUID, body: ActionDueChangeCreate) -> UUID:
    action = await _open_action(db, action_id)
    await require_decision(db, body.decision_id, DECIDING, action_id)
    change = {
        "action_id": action_id,
        "from_due_on": action["due_on"],
        "to_due_on": body.due_on,
        "decision_id": body.decision_id,
        "reason": body.reason,
        "changed_by_id": db.actor.id,
    }
    change_id = await insert(db, ActionDueChange, change)
    await refuse_used_decision(db, action_id)
    await update(db, SmartAction, action_id, {"due_on": body.due_on})
    await cancel(db, kind=COMPLETE, record_id=action_id)
    await owe_completion(db, action_id, action["agency_id"], body.due_on, f"change-{change_id}")
    return change_id


async def _own_action(db: ActorSession, action_id: UUID) -> dict[str, UUID]:
    """Lock an open action of the actor's agency; return what a report takes from it."""
    action = await _open_action(db, action_id)
    if action["agency_id"] != db.actor.agency_id:
        raise Forbidden
    return {"action_id": action_id, "agency_id": action["agency_id"]}


async def _open_action(db: ActorSession, action_id: UUID) -> asyncpg.Record:
    """Lock an action that is open. Raises `NotFound`, `Forbidden`, `ActionNotOpen`."""
    action = await db.fetchrow(LOCKED, action_id)
    if action is None:
        raise NotFound if await db.fetchrow(SEEN, action_id) is None else Forbidden
    if action["status"] not in OPEN:
        raise ActionNotOpen
    return action
