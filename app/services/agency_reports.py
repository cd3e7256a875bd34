"""Reports of agencies: asked for, written by the agency, signed off by its senior.

Framework section 16. PostgreSQL keeps who may do what (`actor.guard_agency_report`).
"""

from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Conflict, UnknownReference
from app.models.agency_reports import AgencyReport, ReportStatus
from app.reference.working_days import add_working_days
from app.schemas.agency_reports import AgencyReportCreate, AgencyReportRead, AgencyReportUpdate
from app.services.campaigns import board_day
from app.services.casework import narrate
from app.services.records import changing, insert, patch, update
from app.services.transitions import record_move

CASE_OF = "SELECT case_id FROM case_reviews WHERE id = $1"
TAKES_PART = """
SELECT FROM case_agencies WHERE case_id = $1 AND agency_id = $2
    AND coalesce(valid_to, 'infinity') >= current_date
"""
WRITABLE = (ReportStatus.requested, ReportStatus.in_progress, ReportStatus.returned)


class AgencyTakesNoPart(Conflict):
    """The agency takes no part in the case."""

    code = "agency_takes_no_part"


class ReportNotOpen(Conflict):
    """The report is signed off or submitted: take it back before you write it again."""

    code = "report_not_open"


async def case_of(db: ActorSession, review_id: UUID) -> UUID | None:
    """Return the case of a review; null for a review that the actor may not know of."""
    row = await db.fetchrow(CASE_OF, review_id)
    return None if row is None else row["case_id"]


async def request_report(db: ActorSession, body: AgencyReportCreate) -> UUID:
    """Ask an agency for its report. Raises `UnknownReference`, `AgencyTakesNoPart`."""
    case_id = await case_of(db, body.case_review_id)
    if case_id is None:
        raise UnknownReference.at("/case_review_id")
    if await db.fetchrow(TAKES_PART, case_id, body.agency_id) is None:
        raise AgencyTakesNoPart.at("/agency_id")
    values = body.model_dump() | {
        "case_id": case_id,
        "due_on": add_working_days(board_day(), body.working_days),
        "requested_by_id": db.actor.id,
    }
    return await insert(db, AgencyReport, values)


async def write_report(caller: Caller, report_id: UUID, body: AgencyReportUpdate) -> Response:
    """Write some of the texts of a report, under `If-Match`; the first moves it to `in_progress`.

    Raises `Forbidden` for all but its agency, `ReportNotOpen`, and as `narrate`.
    """
    async with changing(caller, AgencyReportRead, report_id, body) as changed:
        before, db = changed.before, changed.db
        if before["status"] not in WRITABLE:
            raise ReportNotOpen
        case_id = UUID(before["case_id"])
        values = await narrate(db, caller, AgencyReportRead, case_id, patch(body))
        await update(db, AgencyReport, report_id, values)
        if values and before["status"] != ReportStatus.in_progress:
            await record_move(db, AgencyReportRead, before, ReportStatus.in_progress)
    return changed.response
