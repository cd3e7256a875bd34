"""`/agency-reports`: what each agency reports to a review of a case (Framework section 16)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import DisclosureRefused, StepUpRequired, UndertakingRequired, responses
from app.models.agency_reports import REPORT_LIFECYCLE, AgencyReport
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.reference.working_days import BeyondCalendar
from app.schemas.agency_reports import (
    AgencyReportCreate,
    AgencyReportFilters,
    AgencyReportRead,
    AgencyReportTransitionCreate,
    AgencyReportUpdate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.agency_reports import (
    AgencyTakesNoPart,
    ReportNotOpen,
    request_report,
    write_report,
)
from app.services.disclosure import DISCLOSES, show_disclosed
from app.services.nested import page_of_moves
from app.services.records import creating, page
from app.services.transitions import move

router = APIRouter(tags=["agency-reports"])

ReportId = Annotated[UUID, Path(description="The report.")]
Read = Annotated[Caller, Requires(Scope.case_reviews_read)]
Ask = Annotated[Caller, Requires(Scope.case_reviews_write)]
Write = Annotated[Caller, Requires(Scope.agency_reports_write)]
NARRATES = {"x-narrates": True}
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)


@router.get("/agency-reports", response_model=Page[AgencyReportRead])
async def list_agency_reports(
    caller: Read, filters: Annotated[AgencyReportFilters, Query()]
) -> Response:
    """List reports, newest first: an agency's own, or all of the cases you work on."""
    return await page(caller, AgencyReportRead, filters)


@router.post(
    "/agency-reports",
    status_code=201,
    response_model=AgencyReportRead,
    responses=responses(AgencyTakesNoPart, BeyondCalendar),
)
async def create_agency_report(caller: Ask, body: AgencyReportCreate) -> Response:
    """Ask an agency that takes part in a case for its report, due in working days from today."""
    async with creating(caller, AgencyReportRead, body) as creation:
        if creation.is_new:
            creation.id = await request_report(creation.db, body)
    return creation.response


@router.get(
    "/agency-reports/{report_id}",
    response_model=AgencyReportRead,
    responses=responses(DisclosureRefused, StepUpRequired, UndertakingRequired),
    openapi_extra=DISCLOSES,
)
async def read_agency_report(caller: Read, report_id: ReportId) -> Response:
    """Read one report, and what you may do with it now."""
    return await show_disclosed(caller, AgencyReportRead, report_id)


@router.patch(
    "/agency-reports/{report_id}",
    response_model=AgencyReportRead,
    responses=responses(ReportNotOpen, *OF_TEXTS),
    openapi_extra=NARRATES,
)
async def update_agency_report(
    caller: Write, report_id: ReportId, body: AgencyReportUpdate
) -> Response:
    """Write some of the texts, as the agency. The first text moves the report to `in_progress`."""
    return await write_report(caller, report_id, body)


@router.get("/agency-reports/{report_id}/transitions", response_model=Page[TransitionRead])
async def list_agency_report_transitions(
    caller: Read, report_id: ReportId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a report, newest first."""
    return await page_of_moves(caller, AgencyReport, report_id, filters)


@router.post(
    "/agency-reports/{report_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(*OF_TEXTS),
    openapi_extra=NARRATES,
)
async def move_agency_report(
    caller: Read, report_id: ReportId, body: AgencyReportTransitionCreate
) -> Response:
    """Sign off, submit, return or accept a report.

    The agency's senior signs off, and only what somebody else wrote on; then the agency submits.
    """
    return await move(
        caller,
        AgencyReportRead,
        REPORT_LIFECYCLE,
        report_id,
        body.to,
        body.reason,
        resolutions=body.resolutions,
    )
