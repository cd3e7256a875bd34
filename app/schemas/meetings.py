"""Meetings on the wire: agenda, attendance and minutes (Framework section 13)."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, BaseModel, ConfigDict, Field

from app.models.governance import (
    MEETING_LIFECYCLE,
    AgendaItem,
    Attendance,
    DecidedSubject,
    Meeting,
    MeetingStatus,
    Presence,
)
from app.pagination import Paging
from app.schemas.base import WHOLE, CreateSchema, Date, Label, Prose, RecordRead, UpdateSchema
from app.schemas.transitions import AllowedTransitions, TransitionCreate
from app.sensitivity import Computed, Level

PRESENT = (
    "(SELECT count(*) FROM attendances a JOIN memberships s ON s.id = a.membership_id"
    " WHERE a.meeting_id = t.id AND a.presence IN ('attended', 'deputised')"
    " AND s.status = 'active' AND s.position IN ('chair', 'vice_chair', 'member'))"
)
"""Who counts towards a quorum: seats that are active and vote."""
QUORATE = f"({PRESENT} >= (SELECT b.quorum FROM bodies b WHERE b.id = t.body_id))"

BodyId = Annotated[UUID, Field(description="The body that meets.")]
HeldOn = Annotated[Date, Field(description="Day of the meeting.")]
Title = Annotated[Label, Field(description="Title.", examples=["Board meeting, spring"])]
Place = Annotated[
    Label | None, Field(description="Where; null where not said.", examples=["County Hall"])
]
Minutes = Annotated[
    Prose | None,
    Field(
        description="Minutes, without names of children or families; null until written.",
        examples=["The Board considered the audit of neglect."],
    ),
]
Number = Annotated[
    Annotated[int, Field(ge=1, le=200)], WHOLE, Field(description="Place on the agenda.")
]
ItemTitle = Annotated[Label, Field(description="Title.", examples=["Audit of neglect: report"])]
Subject = Annotated[
    DecidedSubject | None, Field(description="Kind of record it is about; null for none.")
]
RecordId = Annotated[UUID | None, Field(description="The record it is about; null for none.")]
Presenter = Annotated[
    Label | None,
    Field(description="Office that presents it; null: none.", examples=["Business Office"]),
]
MembershipId = Annotated[UUID, Field(description="The seat; it is one of this body.")]
PresenceOf = Annotated[Presence, Field(description="Whether the member was there.")]


class MeetingCreate(CreateSchema):
    """A meeting to plan."""

    body_id: BodyId
    held_on: HeldOn
    title: Title
    place: Place = None


class MeetingUpdate(UpdateSchema):
    """Changes to a meeting; its day only while it is planned."""

    held_on: HeldOn | MISSING = MISSING
    title: Title | MISSING = MISSING
    place: Place | MISSING = MISSING
    minutes: Minutes | MISSING = MISSING


class MeetingRead(RecordRead, table=Meeting, level=Level.partnership):
    """A meeting of a body."""

    body_id: BodyId
    held_on: HeldOn
    title: Title
    place: Place
    minutes: Minutes
    status: Annotated[MeetingStatus, Field(description="Where it stands.")]
    present: Annotated[
        int,
        Computed(PRESENT),
        Field(description="Active members there, or their deputies."),
    ]
    is_quorate: Annotated[
        bool, Computed(QUORATE), Field(description="Whether it can decide: a quorum is there.")
    ]
    allowed_transitions: Annotated[AllowedTransitions, Computed(MEETING_LIFECYCLE.allowed)]


class MeetingTransitionCreate(TransitionCreate):
    """A move of a meeting."""

    to: Annotated[MeetingStatus, Field(description="State to move to.")]


class MeetingFilters(Paging):
    """Query parameters of the list."""

    body_id: Annotated[UUID | None, Field(description="Only meetings of this body.")] = None
    status: Annotated[
        list[MeetingStatus], Field(max_length=4, description="Any of these states.")
    ] = []
    held_on_from: Annotated[Date | None, Field(description="On this day or later.")] = None
    held_on_before: Annotated[Date | None, Field(description="Before this day.")] = None


class AgendaItemCreate(CreateSchema):
    """What a meeting is to consider."""

    number: Number
    title: ItemTitle
    subject: Subject = None
    record_id: RecordId = None
    presenter: Presenter = None


class AgendaItemRead(RecordRead, table=AgendaItem, level=Level.partnership):
    """What a meeting considers."""

    meeting_id: Annotated[UUID, Field(description="The meeting.")]
    number: Number
    title: ItemTitle
    subject: Subject
    record_id: RecordId
    presenter: Presenter


class AgendaItemFilters(Paging):
    """Query parameters of the list."""


class AttendanceCreate(CreateSchema):
    """Whether a member was there: once for each seat."""

    membership_id: MembershipId
    presence: PresenceOf


class AttendanceRead(RecordRead, table=Attendance, level=Level.partnership):
    """Whether a member was at a meeting."""

    meeting_id: Annotated[UUID, Field(description="The meeting.")]
    membership_id: MembershipId
    agency_id: Annotated[UUID | None, Field(description="Agency of the seat; null for none.")]
    presence: PresenceOf


class AttendanceFilters(Paging):
    """Query parameters of the list."""


class AttendanceRate(BaseModel):
    """How often one agency was at the meetings of a body; the chair and lay members have none."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)
    agency_id: Annotated[UUID | None, Field(description="The agency; null: seats of no agency.")]
    meetings: Annotated[int, Field(description="Meetings with an entry for one of its seats.")]
    attended: Annotated[int, Field(description="Of those, where a member was there.")]
    deputised: Annotated[int, Field(description="Of those, where only a deputy was.")]
    percent: Annotated[
        float, Field(ge=0, le=100, description="Meetings with a member or deputy, in percent.")
    ]


class AttendanceRates(BaseModel):
    """Attendance of every agency with a seat."""

    items: Annotated[list[AttendanceRate], Field(max_length=500, description="By agency.")]


class AttendanceRateFilters(BaseModel):
    """Query parameters of the answer."""

    model_config = ConfigDict(extra="forbid")
    held_on_from: Annotated[Date | None, Field(description="From this day on.")] = None
    held_on_before: Annotated[Date | None, Field(description="Before this day.")] = None
