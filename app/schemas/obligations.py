"""What is owed to the Board or by it, on the wire (Framework section 23)."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.models.agencies import LeadFunction
from app.models.timetable import (
    OBLIGATION_LIFECYCLE,
    OPEN,
    NoticeOutcome,
    Obligation,
    ObligationNotice,
    ObligationStatus,
)
from app.pagination import Matches, Paging
from app.schemas.base import Code, CreateSchema, Date, Label, Prose, RecordRead
from app.schemas.transitions import AllowedTransitions, DecidedTransitionCreate, DecisionId
from app.sensitivity import Computed, Level

TODAY = "(now() AT TIME ZONE 'Europe/London')::date"
IS_OPEN = f"t.status IN {OPEN}"
IS_OVERDUE = f"({IS_OPEN} AND t.locks_on < {TODAY})"
DAYS_LATE = f"greatest(0, coalesce(t.met_on, CASE WHEN {IS_OPEN} THEN {TODAY} END) - t.locks_on)"
WAIVED_BY = (
    "CASE WHEN t.status = 'waived' THEN (SELECT m.decision_id FROM transitions m"
    " WHERE m.record_id = t.id AND m.to_state = 'waived' ORDER BY m.id DESC LIMIT 1) END"
)
Subject = Annotated[
    str,
    Field(
        max_length=63,
        pattern=r"^[a-z][a-z0-9_]*$",
        description="Kind of record, as events name it.",
        examples=["documents"],
    ),
]
MetOn = Annotated[
    Date | None, Field(description="Day it was delivered, none to come; null: today.")
]
Note = Annotated[
    Prose | None,
    Field(description="What was delivered, in words.", examples=["Sent to the sub group."]),
]
Status = Annotated[ObligationStatus, Field(description="Where it stands.")]


class FulfilmentCreate(CreateSchema):
    """That it was delivered. An agency delivers today; the Business Office records any day."""

    met_on: MetOn = None
    subject: Annotated[
        Subject | None, Field(description="Kind of the record that meets it, as events name it.")
    ] = None
    record_id: Annotated[UUID | None, Field(description="The record that meets it.")] = None
    note: Note = None


class ObligationTransitionCreate(DecidedTransitionCreate):
    """A move: to waive it takes a decision of the Board or of the body in charge."""

    to: Annotated[ObligationStatus, Field(description="State to move to.")]


class ObligationRead(RecordRead, table=Obligation, level=Level.partnership):
    """What an agency or a body owes by a day."""

    rule_id: Annotated[UUID | None, Field(description="The rule; null where a record made it.")]
    kind: Annotated[Code, Field(description="What is owed.", examples=["section_11_audit"])]
    title: Annotated[Prose, Field(description="What is owed, in words.")]
    period: Annotated[
        str,
        Field(
            max_length=64,
            pattern=r"^[ -~]*$",
            description="Month it is due in, by a rule; else what tells it from others.",
            examples=["2026-03"],
        ),
    ]
    agency_id: Annotated[UUID | None, Field(description="Agency that owes it; null for a body.")]
    body_id: Annotated[UUID | None, Field(description="Body that owes it; null for an agency.")]
    in_charge_id: Annotated[
        UUID | None, Field(description="Body it is escalated to first; null: the Board.")
    ]
    function: Annotated[LeadFunction, Field(description="Function of the lead that is written to.")]
    subject: Annotated[
        Subject | None, Field(description="Kind of record it is about; null by a rule.")
    ]
    record_id: Annotated[UUID | None, Field(description="Record it is about; null by a rule.")]
    opens_on: Annotated[Date, Field(description="Day the owner is told.")]
    due_on: Annotated[Date, Field(description="Day it is due.")]
    locks_on: Annotated[Date, Field(description="Last day on which it counts as on time.")]
    met_on: Annotated[Date | None, Field(description="Day it was delivered; null until then.")]
    met_subject: Annotated[Subject | None, Field(description="Kind of record that met it.")]
    met_record_id: Annotated[UUID | None, Field(description="Record that met it.")]
    note: Note
    status: Status
    is_overdue: Annotated[
        bool, Computed(IS_OVERDUE), Field(description="Whether it is still owed and late.")
    ]
    days_late: Annotated[
        int,
        Computed(DAYS_LATE),
        Field(ge=0, description="Days after the last that was on time; 0 if on time."),
    ]
    decision_id: Annotated[DecisionId, Computed(WAIVED_BY)]
    allowed_transitions: Annotated[AllowedTransitions, Computed(OBLIGATION_LIFECYCLE.allowed)]


class ObligationFilters(Paging):
    """Query parameters of the list."""

    agency_id: Annotated[UUID | None, Field(description="Owed by this agency.")] = None
    body_id: Annotated[UUID | None, Field(description="Owed by this body.")] = None
    kind: Annotated[list[Code], Field(max_length=20, description="Any of these kinds.")] = []
    status: Annotated[
        list[ObligationStatus], Field(max_length=11, description="In any of these states.")
    ] = []
    due_on_from: Annotated[Date | None, Field(description="Due on this day or later.")] = None
    due_on_before: Annotated[Date | None, Field(description="Due before this day.")] = None
    is_overdue: Annotated[
        bool | None,
        Matches(f"{IS_OVERDUE} = {{}}"),
        Field(description="Only what is late and still owed, or not."),
    ] = None
    is_open: Annotated[
        bool | None,
        Matches(f"({IS_OPEN}) = {{}}"),
        Field(description="Only what is still owed, or not."),
    ] = None


class ObligationNoticeRead(RecordRead, table=ObligationNotice, level=Level.partnership):
    """A step of the clock: what was sent, and to which roles."""

    obligation_id: Annotated[UUID, Field(description="The obligation.")]
    step: Annotated[Code, Field(description="The step.", examples=["reminder_30"])]
    outcome: Annotated[NoticeOutcome, Field(description="Sent, passed over, or to nobody.")]
    planned_on: Annotated[Date, Field(description="Day of the step.")]
    recorded_on: Annotated[Date, Field(description="Day the clock came to it.")]
    recipients: Annotated[
        list[Label], Field(max_length=10, description="Roles that were written to.")
    ]


class ObligationNoticeFilters(Paging):
    """Query parameters of the list."""
