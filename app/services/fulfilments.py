"""That what was owed is delivered (Framework section 23)."""

from uuid import UUID

from fastapi import Response

from app.access.caller import Caller
from app.access.scopes import Scope
from app.errors import Conflict, Forbidden, TransitionNotAllowed
from app.models.audits import Transition
from app.models.timetable import OPEN, Obligation
from app.schemas.obligations import FulfilmentCreate, ObligationRead
from app.services.campaigns import board_day
from app.services.nameless import refuse_names_in
from app.services.records import changing, insert, update


class StillToCome(Conflict):
    """The day of delivery is still to come."""

    code = "still_to_come"


async def fulfil(caller: Caller, obligation_id: UUID, body: FulfilmentCreate) -> Response:
    """Record a delivery under `If-Match`, late if after the last day on time; answer 201.

    Raises `TransitionNotAllowed` for what is not owed any more, `StillToCome`, and `Forbidden`
    for who neither owes it nor runs the timetable, or dates an own delivery otherwise.
    """
    today = board_day()
    met_on = body.met_on or today
    if met_on > today:
        raise StillToCome.at("/met_on")
    await refuse_names_in(caller, {"/note": body.note} if body.note else {})
    async with changing(caller, ObligationRead, obligation_id) as changed:
        before, db = changed.before, changed.db
        if before["status"] not in OPEN:
            raise TransitionNotAllowed
        if not db.actor.can(Scope.timetable_write) and met_on != today:
            raise Forbidden
        status = "met_late" if met_on.isoformat() > before["locks_on"] else "met"
        delivered = {
            "status": status,
            "met_on": met_on,
            "met_subject": body.subject,
            "met_record_id": body.record_id,
            "note": body.note,
        }
        await update(db, Obligation, obligation_id, delivered)
        made = {
            "subject": Obligation.__tablename__,
            "record_id": obligation_id,
            "agency_id": UUID(before["agency_id"]) if before["agency_id"] else None,
            "from_state": before["status"],
            "to_state": status,
            "actor_id": db.actor.id,
        }
        await insert(db, Transition, made)
    changed.response.status_code = 201
    return changed.response
