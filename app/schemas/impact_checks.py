"""Checks of impact on the wire (Framework sections 22 and 23). Every text names nobody."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.findings import SourceKind
from app.models.impact_checks import (
    IMPACT_CHECK_LIFECYCLE,
    CheckSubject,
    ImpactCheck,
    ImpactCheckStatus,
    ImpactMethod,
    ImpactResult,
)
from app.pagination import Paging
from app.schemas.base import (
    WHOLE,
    Code,
    CreateSchema,
    Date,
    Label,
    Prose,
    RecordRead,
    UpdateSchema,
)
from app.schemas.health import Said
from app.schemas.transitions import AllowedTransitions, TransitionCreate
from app.sensitivity import Computed, Level

Subject = Annotated[CheckSubject, Field(description="What is checked.")]
RecordId = Annotated[UUID, Field(description="The action, recommendation or briefing.")]
BodyId = Annotated[UUID, Field(description="Body that checks.")]
Method = Annotated[ImpactMethod, Field(description="How impact is found out.")]
ScheduledOn = Annotated[Date, Field(description="Day by which it is checked.")]
Result = Annotated[
    ImpactResult | None, Field(description="How far it embedded; null until it was found out.")
]
Text = Annotated[
    Prose | None,
    Field(
        description="What was found; null until then.",
        examples=["18 of 20 files show a second visit within the week."],
    ),
]
Kind = Annotated[
    SourceKind | None, Field(description="Kind of source the result rests on; null for none.")
]
SourceId = Annotated[
    UUID | None, Field(description="That source, if it is a record here; else null.")
]
SourceTitle = Annotated[
    Label | None,
    Field(description="What it is called; null for none.", examples=["Audit of files, May 2018"]),
]
Counted = Annotated[
    int,
    Field(ge=0, lt=2**31, json_schema_extra={"format": "int32"}, description="How many."),
    WHOLE,
]


class ImpactCheckCreate(CreateSchema):
    """A check beyond those that follow every verification."""

    subject: Subject
    record_id: RecordId
    body_id: BodyId
    method: Method
    scheduled_on: ScheduledOn


class ImpactCheckUpdate(UpdateSchema):
    """A new plan while it is scheduled; what was found while it goes on."""

    body_id: BodyId | MISSING = MISSING
    method: Method | MISSING = MISSING
    scheduled_on: ScheduledOn | MISSING = MISSING
    result: Result | MISSING = MISSING
    text: Text | MISSING = MISSING
    source_kind: Kind | MISSING = MISSING
    source_id: SourceId | MISSING = MISSING
    source_title: SourceTitle | MISSING = MISSING


class ImpactCheckRead(RecordRead, table=ImpactCheck, level=Level.partnership):
    """Whether something was found to have changed practice."""

    subject: Subject
    record_id: RecordId
    agency_id: Annotated[
        UUID | None,
        Field(description="Agency whose work is checked, and that does not check; null for none."),
    ]
    body_id: BodyId
    method: Method
    scheduled_on: ScheduledOn
    follows_id: Annotated[
        UUID | None, Field(description="Check that left it open and made this one; else null.")
    ]
    result: Result
    text: Text
    source_kind: Kind
    source_id: SourceId
    source_title: SourceTitle
    concluded_on: Annotated[Date | None, Field(description="Day of the result; null until then.")]
    concluded_by_id: Annotated[UUID | None, Field(description="Who concluded it; null until then.")]
    status: Annotated[ImpactCheckStatus, Field(description="Where it stands.")]
    allowed_transitions: Annotated[AllowedTransitions, Computed(IMPACT_CHECK_LIFECYCLE.allowed)]


class ImpactCheckFilters(Paging):
    """Query parameters of the list."""

    subject: Annotated[
        list[CheckSubject], Field(max_length=3, description="Of any of these kinds of record.")
    ] = []
    record_id: Annotated[UUID | None, Field(description="Of this record.")] = None
    agency_id: Annotated[UUID | None, Field(description="Of the work of this agency.")] = None
    body_id: Annotated[UUID | None, Field(description="By this body.")] = None
    method: Annotated[
        list[ImpactMethod], Field(max_length=6, description="By any of these methods.")
    ] = []
    result: Annotated[
        list[ImpactResult], Field(max_length=5, description="With any of these results.")
    ] = []
    status: Annotated[
        list[ImpactCheckStatus], Field(max_length=4, description="In any of these states.")
    ] = []
    scheduled_on_before: Annotated[Date | None, Field(description="Scheduled before this day.")] = (
        None
    )


class ImpactCheckTransitionCreate(TransitionCreate):
    """A move of a check."""

    to: Annotated[
        ImpactCheckStatus, Field(description="State to move to.", examples=["in_progress"])
    ]


class ImpactOfSource(Said):
    """Agreed actions that go back to one kind of source."""

    source_kind: Annotated[
        Code | None,
        Field(description="Kind of source; null for what goes back to none.", examples=["maca"]),
    ]
    actions: Counted
    impact_known: Counted
    impact_unknown: Counted
    overdue: Counted
    median_age_days: Annotated[
        int,
        Field(
            ge=0,
            lt=2**31,
            json_schema_extra={"format": "int32"},
            description="Days since they were agreed, until closed; half of them are older.",
        ),
        WHOLE,
    ]


class ImpactSummaryRead(Said):
    """Of how many actions that you see it is known what they changed."""

    sources: Annotated[
        list[ImpactOfSource], Field(max_length=100, description="By kind of source, by name.")
    ]
