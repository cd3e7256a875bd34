"""The timetable as a calendar, who delivers on time, and what one agency owes (section 23)."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.models.timetable import CalendarFeed, ObligationStatus
from app.schemas.base import Code, CreateSchema, Date, Label, RecordRead
from app.schemas.obligations import ObligationRead
from app.sensitivity import Level

Count = Annotated[int, Field(ge=0)]
AgencyId = Annotated[UUID | None, Field(description="The agency; null for a body.")]
BodyId = Annotated[UUID | None, Field(description="The body; null for an agency.")]


class OnTimeFigures(BaseModel):
    """How much was due and delivered on time. What was waived or cancelled is left out."""

    due: Annotated[Count, Field(description="Delivered, or late and still owed.")]
    met: Annotated[Count, Field(description="Delivered on time.")]
    met_late: Annotated[Count, Field(description="Delivered late.")]
    open_late: Annotated[Count, Field(description="Late and still owed.")]
    waived: Annotated[Count, Field(description="Waived; not part of what was due.")]
    percent: Annotated[
        float | None,
        Field(ge=0, le=100, description="On time, in percent, one decimal; null: none was due."),
    ]


class OnTimeRate(OnTimeFigures):
    """How much an agency or a body delivered on time."""

    agency_id: AgencyId
    body_id: BodyId
    name: Annotated[Label, Field(description="Its name.")]


class OnTimeRatesRead(BaseModel):
    """How much was delivered on time in a period, by owner and in all."""

    all: Annotated[OnTimeFigures, Field(description="The Board and all its partners together.")]
    owners: Annotated[
        list[OnTimeRate],
        Field(max_length=5000, description="Agencies and bodies with anything due, by name."),
    ]


class TimetableEntry(BaseModel):
    """That something opens, is due or locks on a day; one day may be all three."""

    obligation_id: Annotated[UUID, Field(description="The obligation.")]
    title: Annotated[Label, Field(description="What is owed.")]
    kind: Annotated[Code, Field(description="Kind of obligation.", examples=["section_11"])]
    agency_id: AgencyId
    body_id: BodyId
    status: Annotated[ObligationStatus, Field(description="Where it stands.")]
    opens: Annotated[bool, Field(description="Whether it opens on this day.")]
    is_due: Annotated[bool, Field(description="Whether it is due on this day.")]
    locks: Annotated[bool, Field(description="Whether this is the last day for what is late.")]


class TimetableDay(BaseModel):
    """A day on which something opens, is due or locks."""

    day: Annotated[Date, Field(description="The day.")]
    entries: Annotated[list[TimetableEntry], Field(max_length=5000, description="By title.")]


class TimetableRead(BaseModel):
    """The timetable of a period, day by day; days without an entry are left out."""

    days: Annotated[list[TimetableDay], Field(max_length=400, description="The earliest first.")]


class DutiesRead(BaseModel):
    """What one agency owes, is late with and has delivered in the last twelve months."""

    owes: Annotated[
        list[ObligationRead], Field(max_length=1000, description="Open, still in time.")
    ]
    late: Annotated[list[ObligationRead], Field(max_length=1000, description="Open and late.")]
    delivered: Annotated[
        list[ObligationRead], Field(max_length=1000, description="Delivered, the last first.")
    ]


class CalendarFeedCreate(CreateSchema):
    """A calendar to make: of the own agency, or of a body."""

    agency_id: AgencyId = None
    body_id: BodyId = None


class CalendarFeedRead(RecordRead, table=CalendarFeed, level=Level.partnership):
    """A calendar of what an agency or a body owes."""

    agency_id: AgencyId
    body_id: BodyId


class IssuedCalendarFeed(CalendarFeedRead):
    """A new calendar with its secret, which is shown once."""

    secret: Annotated[
        str | None,
        Field(
            max_length=64,
            pattern=r"^[A-Za-z0-9_\-]+$",
            description="Password of the calendar, for HTTP Basic; any user name. Null if the same"
            " idempotency key was sent before.",
            examples=["x7Qm3pY0dYt2C8n5rK1vB6wZ4aH9eJ2uF7gL0sT3iPo"],
        ),
    ]
