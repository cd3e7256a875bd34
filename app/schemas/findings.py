"""Findings and forums on the wire. Every text names nobody: a name is refused.

Framework sections 1, 3, 9 and 23.
"""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.findings import FINDING_LIFECYCLE, FindingStatus, LearningFinding
from app.models.review_work import FindingKind, FindingScope
from app.models.timetable import ObligationStatus
from app.pagination import Matches, Paging
from app.schemas.base import (
    WHOLE,
    Body,
    CreateSchema,
    Date,
    Label,
    Prose,
    RecordRead,
    Redaction,
    UpdateSchema,
)
from app.schemas.sources import (
    KINDS,
    OF_CASE,
    WORKS_ON_SOURCE,
    Area,
    AreaFilter,
    IsReleased,
    Kind,
    PriorityId,
    ShownCaseId,
    ShownSourceId,
    ShownSourceTitle,
    SourceId,
    SourceTitle,
    Standard,
)
from app.schemas.transitions import AllowedTransitions, TransitionCreate
from app.sensitivity import Computed, Level

IS_OPEN = "(t.status NOT IN ('closed', 'shared'))"
ESCALATION = (
    "(SELECT o.status FROM obligations o WHERE o.record_id = t.id"
    " AND o.status NOT IN ('met', 'met_late', 'waived', 'cancelled') ORDER BY o.due_on LIMIT 1)"
)
AGE = "((now() AT TIME ZONE 'Europe/London')::date - t.created_at::date)"

AgencyId = Annotated[
    UUID | None, Field(description="Agency concerned; null where it is of no single agency.")
]
KindOf = Annotated[FindingKind, Field(description="What it says of practice.")]
Scope = Annotated[FindingScope, Field(description="Whose practice it is about.")]
Title = Annotated[Label, Field(description="Title.", examples=["Visits were not followed up"])]
Text = Annotated[
    Prose,
    Field(description="What was found.", examples=["In 7 of 20 files nobody visited again."]),
]
Analysis = Annotated[
    Prose | None,
    Field(
        description="What happened and why; null until it is analysed.",
        examples=["Duty teams had no list of visits that failed."],
    ),
]
Rating = Annotated[
    int | None,
    Field(
        ge=1,
        le=5,
        json_schema_extra={"format": "int32"},
        description="From 1, least, to 5; null until it is weighed.",
    ),
    WHOLE,
]
BodyId = Annotated[UUID | None, Field(description="Sub group in charge; null for none.")]
ReviewFindingId = Annotated[
    UUID | None,
    Field(
        description="Finding of the case review that it takes over in words of its own; or null."
    ),
]


def said(description: str, example: str) -> object:
    """Describe a part of the method."""
    return Field(description=description, examples=[example])


class FindingMethod(Body):
    """How it was found out: what anybody needs to weigh it (Framework section 1)."""

    sample: Annotated[Prose, said("What was looked at.", "20 files of one month, at random.")]
    exclusions: Annotated[
        Prose | None, said("What was left out and why; null for nothing.", "Open police cases.")
    ] = None
    denominators: Annotated[
        Prose | None, said("Out of how many; null where none is counted.", "20 of 212 files.")
    ] = None
    research_references: Annotated[
        list[Annotated[Label, Field(examples=["National review of neglect, 2014"])]],
        Field(max_length=50, description="Research that it rests on."),
    ] = []


Method = Annotated[
    FindingMethod | None, Field(description="How it was found out; null until it is said.")
]


class FindingCreate(CreateSchema):
    """A finding to draft."""

    agency_id: AgencyId = None
    kind: KindOf
    scope: Scope
    title: Title
    text: Text
    analysis: Analysis = None
    method: Method = None
    severity: Rating = None
    spread: Rating = None
    standard: Standard = None
    priority_id: PriorityId = None
    body_id: BodyId = None
    source_kind: Kind
    source_id: SourceId = None
    source_title: SourceTitle
    review_finding_id: ReviewFindingId = None


class FindingUpdate(UpdateSchema):
    """Changes to a draft or to what is disputed; what it weighs may change until it is closed."""

    kind: KindOf | MISSING = MISSING
    scope: Scope | MISSING = MISSING
    title: Title | MISSING = MISSING
    text: Text | MISSING = MISSING
    analysis: Analysis | MISSING = MISSING
    method: Method | MISSING = MISSING
    severity: Rating | MISSING = MISSING
    spread: Rating | MISSING = MISSING
    standard: Standard | MISSING = MISSING
    priority_id: PriorityId | MISSING = MISSING
    body_id: BodyId | MISSING = MISSING


class FindingRead(RecordRead, table=LearningFinding, level=Level.partnership):
    """What was found, how, and where that stands."""

    agency_id: AgencyId
    kind: KindOf
    scope: Scope
    title: Title
    text: Text
    analysis: Analysis
    method: Method
    severity: Rating
    spread: Rating
    priority_score: Annotated[
        int | None,
        Computed("(t.severity * t.spread)"),
        Field(
            ge=1,
            le=25,
            json_schema_extra={"format": "int32"},
            description="Severity times spread; null until both are known.",
        ),
    ]
    standard: Standard
    priority_id: PriorityId
    body_id: BodyId
    source_kind: Kind
    source_area: Area
    source_id: ShownSourceId
    source_title: ShownSourceTitle
    source_case_id: ShownCaseId
    review_finding_id: Annotated[ReviewFindingId, OF_CASE, WORKS_ON_SOURCE]
    is_released: IsReleased
    age_days: Annotated[
        int,
        Computed(AGE),
        Field(ge=0, lt=2**31, json_schema_extra={"format": "int32"}, description="Days on record."),
    ]
    is_open: Annotated[bool, Computed(IS_OPEN), Field(description="Whether something is to do.")]
    escalation: Annotated[
        ObligationStatus | None,
        Computed(ESCALATION),
        Field(description="How far the oldest of what is owed on it has gone; null for nothing."),
    ]
    factual_check_due_on: Annotated[
        Date | None, Field(description="Day until which the agency may dispute; null before.")
    ]
    facts_accepted_on: Annotated[
        Date | None, Field(description="Day the agency accepted the facts; null until then.")
    ]
    drafted_by_id: Annotated[UUID, Field(description="Who drafted it.")]
    confirmed_by_id: Annotated[
        UUID | None, Field(description="Who confirmed it, or settled the dispute; null until then.")
    ]
    confirmed_on: Annotated[Date | None, Field(description="Day of that; null until then.")]
    status: Annotated[FindingStatus, Field(description="Where it stands.")]
    allowed_transitions: Annotated[AllowedTransitions, Computed(FINDING_LIFECYCLE.allowed)]
    redactions: Annotated[
        list[Redaction], Field(max_length=20, description="What is withheld from you, and why.")
    ]


class FindingFilters(Paging):
    """Query parameters of the list; with `kind=concern` it is the register of concerns."""

    agency_id: Annotated[UUID | None, Field(description="Of this agency.")] = None
    body_id: Annotated[UUID | None, Field(description="This sub group is in charge.")] = None
    priority_id: Annotated[UUID | None, Field(description="Of this priority.")] = None
    kind: Annotated[list[FindingKind], Field(max_length=6, description="Any of these kinds.")] = []
    status: Annotated[
        list[FindingStatus], Field(max_length=8, description="In any of these states.")
    ] = []
    source_kind: KINDS = []
    source_area: AreaFilter = None
    from_source_id: Annotated[
        UUID | None,
        Matches(f"(t.source_id = {{}} AND ({WORKS_ON_SOURCE.sql}))"),
        Field(description="From this source, if you may know it."),
    ] = None
    standard: Annotated[Label | None, Field(description="About this standard or theme.")] = None
    is_open: Annotated[
        bool | None, Matches(f"{IS_OPEN} = {{}}"), Field(description="Only what is open, or not.")
    ] = None


class FindingTransitionCreate(TransitionCreate):
    """A move of a finding; an agency disputes with its reason."""

    to: Annotated[FindingStatus, Field(description="State to move to.", examples=["confirmed"])]
