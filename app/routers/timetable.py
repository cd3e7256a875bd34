"""The timetable: figures of who delivers on time, one agency's duties, calendars (section 23)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.public import Everybody
from app.access.scopes import Scope
from app.errors import Unauthenticated, responses
from app.schemas.base import Date
from app.schemas.timetable import (
    CalendarFeedCreate,
    CalendarFeedRead,
    DutiesRead,
    IssuedCalendarFeed,
    OnTimeRatesRead,
    TimetableRead,
)
from app.services.calendar_feed import issue_feed, show_feed
from app.services.records import remove, show
from app.services.timetable_figures import show_duties, show_rates, show_timetable

router = APIRouter(tags=["timetable"])

Read = Annotated[Caller, Requires(Scope.timetable_read)]
AgencyId = Annotated[UUID, Path(description="The agency.")]
FeedId = Annotated[UUID, Path(description="The calendar.")]
OfAgency = Annotated[UUID | None, Query(description="Only what this agency owes.")]
OfBody = Annotated[UUID | None, Query(description="Only what this body owes.")]
FirstOn = Annotated[Date, Query(alias="from", description="First day of the period.")]
BeforeOn = Annotated[Date, Query(alias="to", description="The day after the last.")]


@router.get("/timetable", response_model=TimetableRead)
async def read_timetable(
    caller: Read,
    first: FirstOn,
    before: BeforeOn,
    agency_id: OfAgency = None,
    body_id: OfBody = None,
) -> Response:
    """Read what opens, is due or locks in a period of up to 400 days, day by day."""
    return await show_timetable(caller, first, before, agency_id, body_id)


@router.get("/on-time-rates", response_model=OnTimeRatesRead)
async def read_on_time_rates(caller: Read, first: FirstOn, before: BeforeOn) -> Response:
    """Read how much of what was due in a period was delivered on time, by owner and in all."""
    return await show_rates(caller, first, before)


@router.get("/agencies/{agency_id}/duties", response_model=DutiesRead)
async def read_agency_duties(caller: Read, agency_id: AgencyId) -> Response:
    """Read all that an agency owes, is late with, and has delivered within a year."""
    return await show_duties(caller, agency_id)


@router.post("/calendar-feeds", status_code=201, response_model=IssuedCalendarFeed)
async def create_calendar_feed(caller: Read, body: CalendarFeedCreate) -> Response:
    """Make a calendar of what the own agency or a body owes. Its secret is shown this once."""
    return await issue_feed(caller, body)


@router.get("/calendar-feeds/{feed_id}", response_model=CalendarFeedRead)
async def read_calendar_feed(caller: Read, feed_id: FeedId) -> Response:
    """Read one calendar that you made, without its secret."""
    return await show(caller, CalendarFeedRead, feed_id)


@router.delete("/calendar-feeds/{feed_id}", status_code=204)
async def delete_calendar_feed(caller: Read, feed_id: FeedId) -> Response:
    """End a calendar that you made: its secret opens nothing from then on."""
    return await remove(caller, CalendarFeedRead, feed_id)


@router.get(
    "/calendar-feeds/{feed_id}/calendar.ics",
    response_class=Response,
    responses=responses(Unauthenticated),
)
async def read_calendar(caller: Everybody, feed_id: FeedId) -> Response:
    """Read a calendar (iCalendar). The password of HTTP Basic is its secret; any user name does."""
    return await show_feed(caller, feed_id)
