"""Recommendations to the Board on the wire (Framework sections 16 and 21). Texts name nobody."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.recommendations import (
    RECOMMENDATION_LIFECYCLE,
    BoardRecommendation,
    RecommendationFinding,
    RecommendationStatus,
)
from app.pagination import Paging
from app.schemas.base import (
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
)
from app.schemas.transitions import AllowedTransitions, DecidedTransitionCreate
from app.sensitivity import Computed, Level

Title = Annotated[Label, Field(description="Title.", examples=["Follow up missed visits"])]
Text = Annotated[
    Prose,
    Field(
        description="What is recommended.", examples=["Each visit that fails is made in a week."]
    ),
]
BodyId = Annotated[UUID, Field(description="Sub group or panel that recommends, or follows it.")]
AgencyId = Annotated[
    UUID | None, Field(description="Agency it is for; null where it is for several.")
]
FindingIds = Annotated[
    list[UUID], Field(max_length=50, description="Findings that it answers, confirmed or shared.")
]
DeferredUntil = Annotated[
    Date | None, Field(description="Day the Board considers it again; null unless deferred.")
]
SupersededById = Annotated[
    UUID | None, Field(description="Recommendation in its place; null unless superseded.")
]


class RecommendationCreate(CreateSchema):
    """A recommendation to draft. A national one enters as recommended."""

    title: Title
    text: Text
    body_id: BodyId
    agency_id: AgencyId = None
    priority_id: PriorityId = None
    source_kind: Kind
    source_id: SourceId = None
    source_title: SourceTitle
    is_national: Annotated[bool, Field(description="Whether it was made for the country.")] = False
    finding_ids: FindingIds = []


class RecommendationUpdate(UpdateSchema):
    """Changes to a draft, or to what the executive group returned."""

    title: Title | MISSING = MISSING
    text: Text | MISSING = MISSING
    agency_id: AgencyId | MISSING = MISSING
    priority_id: PriorityId | MISSING = MISSING


class RecommendationRead(RecordRead, table=BoardRecommendation, level=Level.partnership):
    """What a sub group recommends, and what became of it."""

    title: Title
    text: Text
    body_id: BodyId
    agency_id: AgencyId
    priority_id: PriorityId
    source_kind: Kind
    source_area: Area
    source_id: ShownSourceId
    source_title: ShownSourceTitle
    source_case_id: ShownCaseId
    is_released: IsReleased
    is_national: Annotated[bool, Field(description="Whether it was made for the country.")]
    deferred_until: DeferredUntil
    superseded_by_id: SupersededById
    drafted_by_id: Annotated[UUID, Field(description="Who drafted it.")]
    status: Annotated[RecommendationStatus, Field(description="Where it stands.")]
    allowed_transitions: Annotated[AllowedTransitions, Computed(RECOMMENDATION_LIFECYCLE.allowed)]
    redactions: Annotated[
        list[Redaction], Field(max_length=20, description="What is withheld from you, and why.")
    ]


class RecommendationFilters(Paging):
    """Query parameters of the list."""

    body_id: Annotated[UUID | None, Field(description="Of this sub group.")] = None
    agency_id: Annotated[UUID | None, Field(description="For this agency.")] = None
    priority_id: Annotated[UUID | None, Field(description="Of this priority.")] = None
    status: Annotated[
        list[RecommendationStatus], Field(max_length=13, description="In any of these states.")
    ] = []
    source_kind: KINDS = []
    source_area: AreaFilter = None
    is_national: Annotated[bool | None, Field(description="Only national ones, or not.")] = None


class RecommendationTransitionCreate(DecidedTransitionCreate):
    """A move of a recommendation, with the decision of the body in charge."""

    to: Annotated[
        RecommendationStatus, Field(description="State to move to.", examples=["accepted"])
    ]
    deferred_until: Annotated[
        Date | None, Field(description="Day after today, where it is deferred; else null.")
    ] = None
    superseded_by_id: Annotated[
        UUID | None, Field(description="The other one, where it is superseded; else null.")
    ] = None


class RecommendationFindingRead(RecordRead, table=RecommendationFinding, level=Level.partnership):
    """That a recommendation answers a finding."""

    recommendation_id: Annotated[UUID, Field(description="The recommendation.")]
    finding_id: Annotated[UUID, Field(description="The finding.")]
    added_by_id: Annotated[UUID, Field(description="Who linked it.")]
