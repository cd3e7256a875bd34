"""SMART actions: drafted, agreed by the Board, claimed by their agency, verified by others.

Framework sections 9 and 21.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Conflict, Invalid, UnknownReference
from app.models.actions import ACTION_LIFECYCLE, ActionStatus, SmartAction
from app.reference.impact_rules import VERIFY_WORKING_DAYS
from app.reference.working_days import add_working_days
from app.schemas.actions import (
    ActionTransitionCreate,
    SmartActionCreate,
    SmartActionRead,
    SmartActionUpdate,
)
from app.services.campaigns import board_day
from app.services.impact_schedule import live_case, schedule_after_verification
from app.services.nameless import refuse_names_in
from app.services.obligations import cancel, meet, owe
from app.services.reading import read
from app.services.records import changing, creating, insert, patch, update
from app.services.rows import cast
from app.services.transitions import DecisionNeeded, Effect
from app.services.wording import RecordFixed, step, texts_of

SMART = ("specific", "measurable", "achievable", "relevant", "due_on", "owner_id", "deputy_id")
"""What an action has before it is agreed: four parts, the timescale, and who answers for it."""
PEOPLE = frozenset({"owner_id", "deputy_id"})
COMPLETE, VERIFY = "action_completion", "action_verification"
USED_TWICE = """
SELECT decision_id FROM transitions WHERE record_id = $1 AND decision_id IS NOT NULL
GROUP BY decision_id HAVING count(*) > 1
UNION ALL
SELECT c.decision_id FROM action_due_changes c JOIN transitions t ON t.decision_id = c.decision_id
WHERE c.action_id = $1
"""
CLAIMS = "SELECT count(*) FROM transitions WHERE record_id = $1 AND to_state = 'completion_claimed'"
CHILD = """
INSERT INTO actions (recommendation_id, finding_id, source_subject, source_record_id, parent_id,
    agency_id, title, delivery_type)
SELECT recommendation_id, finding_id, source_subject, source_record_id, id, agency_id, title,
    delivery_type
FROM actions WHERE id = $1
"""


class NotSmart(Conflict):
    """To be agreed, an action needs five SMART parts, an owner, a deputy and a day to come."""

    code = "action_not_smart"


async def create_draft(caller: Caller, body: SmartActionCreate) -> Response:
    """Draft an action. Raises `Invalid` unless it has one source, `UnknownReference`."""
    sources = {"recommendation_id": "recommendations", "finding_id": "findings"}
    named = [name for name in sources if getattr(body, name) is not None]
    if len(named) != 1:
        raise Invalid.at_each(f"/{name}" for name in sources)
    await refuse_names_in(caller, texts_of(body))
    async with creating(caller, SmartActionRead, body) as creation:
        if creation.is_new:
            seen = f"SELECT id FROM {sources[named[0]]} WHERE id = $1"
            if await creation.db.fetchrow(seen, getattr(body, named[0])) is None:
                raise UnknownReference.at(f"/{named[0]}")
            creation.id = await insert(creation.db, SmartAction, body.model_dump())
    return creation.response


async def draft_action(db: ActorSession, values: Mapping[str, object]) -> UUID:
    """Draft an action that comes from another record, which its author need not see afterwards.

    `values` are columns: `agency_id`, `title`, `source_subject`, `source_record_id`, and any part
    that is known by then. The texts name nobody; that is for the author to hold.
    """
    made = await db.fetchrow("SELECT uuidv7() AS id")
    assert made is not None  # noqa: S101 - a SELECT of one value has one row
    row = {"id": made["id"], **values}
    columns = SmartAction.__table__.columns
    places = ", ".join(f"${n}{cast(columns[name])}" for n, name in enumerate(row, start=1))
    await db.fetchrow(f"INSERT INTO actions ({', '.join(row)}) VALUES ({places})", *row.values())
    action_id: UUID = made["id"]
    return action_id


async def draft_child(db: ActorSession, action_id: UUID) -> None:
    """Draft what goes on from an action that did not embed; its five parts are written anew."""
    await db.fetchrow(CHILD, action_id)


async def change_action(caller: Caller, action_id: UUID, body: SmartActionUpdate) -> Response:
    """Change a draft, or who answers for an action that is open. Raises `RecordFixed`."""
    await refuse_names_in(caller, texts_of(body))
    async with changing(caller, SmartActionRead, action_id, body) as changed:
        sent = patch(body)
        is_draft = changed.before["status"] == ActionStatus.draft
        if changed.before["closed_on"] or not (is_draft or sent.keys() <= PEOPLE):
            raise RecordFixed
        await update(changed.db, SmartAction, action_id, sent)
    return changed.response


async def move_action(caller: Caller, action_id: UUID, body: ActionTransitionCreate) -> Response:
    """Move an action. Raises `NotSmart`, by the members that are missing, and as `step`."""
    if body.to == ActionStatus.agreed:
        before = json.loads(await read(caller, SmartActionRead, action_id))
        if before["status"] == ActionStatus.draft:
            _refuse_unless_smart(before)
    return await step(caller, SmartActionRead, ACTION_LIFECYCLE, action_id, body.to, body, EFFECTS)


def _refuse_unless_smart(action: Mapping[str, Any]) -> None:
    missing = [name for name in SMART if action[name] is None]
    if "due_on" not in missing and action["due_on"] <= str(board_day()):
        missing.append("due_on")
    if missing:
        raise NotSmart.at_each(f"/{name}" for name in missing)


async def owe_completion(
    db: ActorSession, action_id: UUID, agency_id: UUID, due_on: date, period: str
) -> None:
    """Have an agency report back that its action is done (duty 9.12)."""
    await owe(
        db,
        kind=COMPLETE,
        title="Report back on an action",
        due_on=due_on,
        subject=SmartAction.__tablename__,
        record_id=action_id,
        agency_id=agency_id,
        period=period,
        source_case_id=await live_case(db, SmartAction.__tablename__, action_id),
    )


async def refuse_used_decision(db: ActorSession, action_id: UUID) -> None:
    """Hold that each decision served one step of an action. Raises `DecisionNeeded`."""
    if await db.fetchrow(USED_TWICE, action_id) is not None:
        raise DecisionNeeded.at("/decision_id")


async def _agreed(db: ActorSession, before: dict[str, Any]) -> None:
    action_id, due_on = UUID(before["id"]), before["due_on"]
    await refuse_used_decision(db, action_id)
    agency_id = UUID(before["agency_id"])
    await owe_completion(db, action_id, agency_id, date.fromisoformat(due_on), due_on)


async def _claimed(db: ActorSession, before: dict[str, Any]) -> None:
    action_id = UUID(before["id"])
    await meet(db, kind=COMPLETE, record_id=action_id)
    claims = await db.fetchrow(CLAIMS, action_id)
    await owe(
        db,
        kind=VERIFY,
        title="Verify that an action was done",
        due_on=add_working_days(board_day(), VERIFY_WORKING_DAYS),
        subject=SmartAction.__tablename__,
        record_id=action_id,
        body="business_office",
        period=f"claim-{claims['count'] if claims else 1}",
        source_case_id=await live_case(db, SmartAction.__tablename__, action_id),
    )


async def _verified(db: ActorSession, before: dict[str, Any]) -> None:
    await meet(db, kind=VERIFY, record_id=UUID(before["id"]))
    await schedule_after_verification(db, UUID(before["id"]))


async def _rejected(db: ActorSession, before: dict[str, Any]) -> None:
    action_id, today = UUID(before["id"]), board_day()
    await meet(db, kind=VERIFY, record_id=action_id)
    again = max(date.fromisoformat(before["due_on"]), add_working_days(today, VERIFY_WORKING_DAYS))
    claims = await db.fetchrow(CLAIMS, action_id)
    period = f"again-{claims['count'] if claims else 1}"
    await owe_completion(db, action_id, UUID(before["agency_id"]), again, period)


async def _cancelled(db: ActorSession, before: dict[str, Any]) -> None:
    await refuse_used_decision(db, UUID(before["id"]))
    for kind in (COMPLETE, VERIFY):
        await cancel(db, kind=kind, record_id=UUID(before["id"]))


EFFECTS: dict[str, Effect] = {
    ActionStatus.agreed: _agreed,
    ActionStatus.completion_claimed: _claimed,
    ActionStatus.verified: _verified,
    ActionStatus.rejected_back: _rejected,
    ActionStatus.cancelled: _cancelled,
}
