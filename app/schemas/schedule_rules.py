"""Rules of the timetable on the wire (Framework section 23)."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.agencies import DutyBasis, LeadFunction, Sector
from app.models.timetable import CountedFrom, ScheduleRule
from app.pagination import Paging
from app.schemas.base import WHOLE, Code, CreateSchema, Date, Label, RecordRead, UpdateSchema
from app.sensitivity import Level

Title = Annotated[Label, Field(description="What is delivered.", examples=["Training return"])]
Section = Annotated[Code, Field(description="Section of the framework.", examples=["11"])]
Sectors = Annotated[
    list[Sector], Field(max_length=40, description="Agencies of these sectors; empty: of all.")
]
DutyBases = Annotated[
    list[DutyBasis], Field(max_length=9, description="Agencies with one of these; empty: all.")
]
AgencyIds = Annotated[
    list[UUID], Field(max_length=1000, description="These agencies only; empty: all.")
]
InChargeId = Annotated[UUID, Field(description="Body that late deliveries are escalated to.")]
EveryMonths = Annotated[
    Annotated[int, Field(ge=1, le=60), WHOLE] | None,
    Field(description="Months from one to the next; null: asked for ad hoc."),
]
AnchorOn = Annotated[
    Date, Field(description="A day on which it is due: others are counted from it by months.")
]
Days = Annotated[int, Field(ge=0, le=365), WHOLE]
OpensBefore = Annotated[Days, Field(description="Days before it is due on which it opens.")]
GraceDays = Annotated[Days, Field(description="Days after it is due that still count as on time.")]
Function = Annotated[LeadFunction, Field(description="Function of the lead that is written to.")]
ReminderDays = Annotated[
    list[Annotated[int, Field(ge=1, le=365), WHOLE]],
    Field(max_length=10, description="Days before it is due on which the owner is reminded."),
]
EscalationDays = Annotated[
    list[Annotated[int, Field(ge=1, le=60), WHOLE]],
    Field(
        min_length=3,
        max_length=3,
        description="Working days after the last day on time: owner and deputy; the agency's"
        " senior; the chair.",
        examples=[[1, 10, 20]],
    ),
]
IsActive = Annotated[bool, Field(description="Whether it makes obligations.")]
ValidTo = Annotated[Date | None, Field(description="Its last day; null while it lasts.")]


class ScheduleRuleCreate(CreateSchema):
    """A rule to add. It is for one body, or for every agency that the lists do not leave out."""

    code: Annotated[Code, Field(description="Its code; the kind of what it makes owed.")]
    title: Title
    section: Section
    sectors: Sectors = []
    duty_bases: DutyBases = []
    agency_ids: AgencyIds = []
    body_id: Annotated[UUID | None, Field(description="Body that owes it; null: agencies.")] = None
    in_charge_id: InChargeId
    every_months: EveryMonths
    counted_from: Annotated[
        CountedFrom, Field(description="Months from the anchor, or from the last delivery.")
    ] = CountedFrom.anchor
    anchor_on: AnchorOn
    opens_before_days: OpensBefore = 60
    grace_days: GraceDays = 0
    function: Function = LeadFunction.safeguarding
    reminder_days: ReminderDays = [30, 14, 7]
    escalation_days: EscalationDays = [1, 10, 20]
    is_active: IsActive = True
    valid_from: Annotated[Date, Field(description="Nothing is due by it before this day.")]
    valid_to: ValidTo = None


class ScheduleRuleUpdate(UpdateSchema):
    """Changes to a rule, for what has not opened yet."""

    title: Title | MISSING = MISSING
    section: Section | MISSING = MISSING
    sectors: Sectors | MISSING = MISSING
    duty_bases: DutyBases | MISSING = MISSING
    agency_ids: AgencyIds | MISSING = MISSING
    in_charge_id: InChargeId | MISSING = MISSING
    every_months: EveryMonths | MISSING = MISSING
    anchor_on: AnchorOn | MISSING = MISSING
    opens_before_days: OpensBefore | MISSING = MISSING
    grace_days: GraceDays | MISSING = MISSING
    function: Function | MISSING = MISSING
    reminder_days: ReminderDays | MISSING = MISSING
    escalation_days: EscalationDays | MISSING = MISSING
    is_active: IsActive | MISSING = MISSING
    valid_to: ValidTo | MISSING = MISSING


class ScheduleRuleRead(RecordRead, table=ScheduleRule, level=Level.partnership):
    """What has to be delivered, by whom and how often."""

    code: Annotated[Code, Field(description="Its code; the kind of what it makes owed.")]
    title: Title
    section: Section
    sectors: Sectors
    duty_bases: DutyBases
    agency_ids: AgencyIds
    body_id: Annotated[UUID | None, Field(description="Body that owes it; null: agencies.")]
    in_charge_id: InChargeId
    every_months: EveryMonths
    counted_from: Annotated[CountedFrom, Field(description="Where the months are counted from.")]
    anchor_on: AnchorOn
    opens_before_days: OpensBefore
    grace_days: GraceDays
    function: Function
    reminder_days: ReminderDays
    escalation_days: EscalationDays
    is_active: IsActive
    valid_from: Annotated[Date, Field(description="Nothing is due by it before this day.")]
    valid_to: ValidTo


class ScheduleRuleFilters(Paging):
    """Query parameters of the list."""

    is_active: Annotated[bool | None, Field(description="Only those in use, or not.")] = None
    body_id: Annotated[UUID | None, Field(description="Those that this body owes by.")] = None
