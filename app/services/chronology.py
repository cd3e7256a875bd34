"""The integrated chronology: agencies write what they know, the team reads it side by side.

Framework section 16.
"""

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Forbidden, Invalid, UnknownReference
from app.models.agency_reports import ChronologyEntry, Precision
from app.schemas.chronology import (
    ChronologyEntryCreate,
    ChronologyEntryRead,
    ChronologyEntryUpdate,
    EntryWrite,
)
from app.services.agency_reports import case_of
from app.services.campaigns import board_day
from app.services.casework import narrate
from app.services.records import changing, insert, patch, update


def first_day(day: date, precision: Precision) -> date:
    """Return the day that stands for one that is known so exactly."""
    if precision == Precision.year:
        return day.replace(month=1, day=1)
    return day.replace(day=1) if precision == Precision.month else day


def wrong_members(entry: EntryWrite | ChronologyEntryCreate, today: date) -> list[str]:
    """Return the members of an entry that cannot be: in the future, or against each other."""
    is_period = entry.happened_to is not None
    claims = {
        "happened_on": entry.happened_on > today,
        "happened_to": entry.happened_to is not None and entry.happened_to < entry.happened_on,
        "happened_at": entry.happened_at is not None
        and (is_period or entry.precision != Precision.day),
    }
    return [member for member, is_wrong in claims.items() if is_wrong]


def own_agency(db: ActorSession) -> UUID:
    """Return the agency of the actor. Raises `Forbidden` for who is of none."""
    if db.actor.agency_id is None:
        raise Forbidden
    return db.actor.agency_id


async def record_entry(db: ActorSession, caller: Caller, body: ChronologyEntryCreate) -> UUID:
    """Write an entry of the actor's agency. Raises `UnknownReference`, and as `narrate`."""
    agency_id = own_agency(db)
    if wrong := wrong_members(body, board_day()):
        raise Invalid.at_each(f"/{member}" for member in wrong)
    case_id = await case_of(db, body.case_review_id)
    if case_id is None:
        raise UnknownReference.at("/case_review_id")
    values = await narrate(db, caller, ChronologyEntryRead, case_id, body.model_dump())
    values |= {
        "case_id": case_id,
        "agency_id": agency_id,
        "recorded_by_id": db.actor.id,
        "happened_on": first_day(body.happened_on, body.precision),
    }
    return await insert(db, ChronologyEntry, values)


async def change_entry(caller: Caller, entry_id: UUID, body: ChronologyEntryUpdate) -> Response:
    """Apply a merge patch to an entry, under `If-Match`.

    Raises `Forbidden` for all but its agency. What contradicts itself then is a conflict.
    """
    async with changing(caller, ChronologyEntryRead, entry_id, body) as changed:
        before = changed.before
        values = patch(body)
        _settle_day(before, values)
        case_id = UUID(before["case_id"])
        values = await narrate(changed.db, caller, ChronologyEntryRead, case_id, values)
        await update(changed.db, ChronologyEntry, entry_id, values)
    return changed.response


def _settle_day(before: dict[str, Any], values: dict[str, Any]) -> None:
    """Bring the day of a change in line with how exactly it is known."""
    if not values.keys() & {"happened_on", "precision"}:
        return
    day = values.get("happened_on") or date.fromisoformat(before["happened_on"])
    if day > board_day():
        raise Invalid.at("/happened_on")
    precision = Precision(values.get("precision") or before["precision"])
    values["happened_on"] = first_day(day, precision)
