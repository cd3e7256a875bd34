"""The timetable as a calendar, who delivers on time, and what one agency owes (section 23)."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.models.timetable import CalendarFeed
from app.schemas.base import CreateSchema, Label, RecordRead
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
        str,
        Field(
            max_length=64,
            pattern=r"^[A-Za-z0-9_\-]+$",
            description="Password of the calendar, for HTTP Basic; any user name.",
            examples=["x7Qm3pY0dYt2C8n5rK1vB6wZ4aH9eJ2uF7gL0sT3iPo"],
        ),
    ]
