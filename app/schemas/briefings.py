"""6 Step Briefings on the wire (Framework section 15). Every text names nobody: a name is refused.

A briefing from a live case shows where it comes from to nobody but who works on that case.
"""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.briefings import (
    BRIEFING_LIFECYCLE,
    Briefing,
    BriefingStatus,
    DisseminationChannel,
)
from app.models.findings import SourceKind
from app.pagination import Matches, Paging
from app.schemas.base import CreateSchema, Date, Label, Prose, RecordRead, Redaction, UpdateSchema
from app.schemas.sources import ShownCaseId, ShownSourceId, ShownSourceTitle
from app.schemas.transitions import AllowedTransitions, DecidedTransitionCreate
from app.sensitivity import Computed, Level

LINKED = (
    "coalesce((SELECT json_agg(l.{0}_id ORDER BY l.{0}_id) FROM briefing_{0}s l"
    " WHERE l.briefing_id = t.id), '[]'::json)"
)
LINKS = "EXISTS (SELECT FROM briefing_{0}s l WHERE l.briefing_id = t.id AND l.{0}_id = {{}})"


def _part(description: str, example: str) -> object:
    return Field(description=f"{description} Null in a draft only.", examples=[example])


Title = Annotated[Label, Field(description="Title.", examples=["Visits that were missed"])]
Source = Annotated[SourceKind, Field(description="What kind of source it was learned from.")]
SourceId = Annotated[UUID | None, Field(description="The source, if it is a record here.")]
SourceTitle = Annotated[
    Label, Field(description="What the source is called.", examples=["Audit of neglect, 2017"])
]
WhatWeLookedAt = Annotated[
    Prose | None, _part("Step 1: what happened, or what was looked at.", "Twelve case files.")
]
WhyItMatters = Annotated[
    Prose | None, _part("Step 2: why it matters.", "A missed visit is a missed child.")
]
WhatWorkedWell = Annotated[
    Prose | None, _part("Step 3: what worked well.", "Schools told at once.")
]
WhatNeedsToChange = Annotated[
    Prose | None, _part("Step 4: what needs to change.", "Missed visits are followed up.")
]
WhatToDoNow = Annotated[
    Prose | None, _part("Step 5: what you should do now.", "Follow up within two days.")
]
FindOutMore = Annotated[
    Prose | None,
    _part("Step 6: where to find out more, and what to discuss.", "How will we know?"),
]
Channels = Annotated[
    list[DisseminationChannel],
    Field(max_length=12, description="By what the Board itself means to spread it."),
]
SpotCheckOn = Annotated[
    Date | None, Field(description="Day on which practitioners are asked about it; null: none.")
]
SupersedesId = Annotated[
    UUID | None, Field(description="The briefing whose place it takes; null for none.")
]
FindingIds = Annotated[
    list[UUID], Field(max_length=100, description="Findings it tells of, that you may see.")
]
RecommendationIds = Annotated[
    list[UUID], Field(max_length=100, description="Recommendations it tells of.")
]
Status = Annotated[BriefingStatus, Field(description="Where it stands.")]


class BriefingCreate(CreateSchema):
    """A briefing to draft. It is approved when all six steps are written."""

    title: Title
    source_kind: Source
    source_id: SourceId = None
    source_title: SourceTitle
    what_we_looked_at: WhatWeLookedAt = None
    why_it_matters: WhyItMatters = None
    what_worked_well: WhatWorkedWell = None
    what_needs_to_change: WhatNeedsToChange = None
    what_to_do_now: WhatToDoNow = None
    find_out_more: FindOutMore = None
    channels: Channels = []
    spot_check_on: SpotCheckOn = None
    supersedes_id: SupersedesId = None
    finding_ids: FindingIds = []
    recommendation_ids: RecommendationIds = []


class BriefingUpdate(UpdateSchema):
    """Changes to a draft. Lists take the place of those on record."""

    title: Title | MISSING = MISSING
    source_title: SourceTitle | MISSING = MISSING
    what_we_looked_at: WhatWeLookedAt | MISSING = MISSING
    why_it_matters: WhyItMatters | MISSING = MISSING
    what_worked_well: WhatWorkedWell | MISSING = MISSING
    what_needs_to_change: WhatNeedsToChange | MISSING = MISSING
    what_to_do_now: WhatToDoNow | MISSING = MISSING
    find_out_more: FindOutMore | MISSING = MISSING
    channels: Channels | MISSING = MISSING
    spot_check_on: SpotCheckOn | MISSING = MISSING
    supersedes_id: SupersedesId | MISSING = MISSING
    finding_ids: FindingIds | MISSING = MISSING
    recommendation_ids: RecommendationIds | MISSING = MISSING


class BriefingRead(RecordRead, table=Briefing, level=Level.partnership):
    """What was learned, in six steps, for every partner to pass on."""

    title: Title
    source_kind: Source
    source_id: ShownSourceId
    source_title: ShownSourceTitle
    source_case_id: ShownCaseId
    what_we_looked_at: WhatWeLookedAt
    why_it_matters: WhyItMatters
    what_worked_well: WhatWorkedWell
    what_needs_to_change: WhatNeedsToChange
    what_to_do_now: WhatToDoNow
    find_out_more: FindOutMore
    channels: Channels
    spot_check_on: SpotCheckOn
    supersedes_id: SupersedesId
    released_on: Annotated[Date | None, Field(description="Day it was released; null until it is.")]
    finding_ids: Annotated[FindingIds, Computed(LINKED.format("finding"))]
    recommendation_ids: Annotated[RecommendationIds, Computed(LINKED.format("recommendation"))]
    status: Status
    allowed_transitions: Annotated[AllowedTransitions, Computed(BRIEFING_LIFECYCLE.allowed)]
    redactions: Annotated[
        list[Redaction], Field(max_length=50, description="Members withheld from you, and why.")
    ]


class BriefingFilters(Paging):
    """Query parameters of the list."""

    status: Annotated[
        list[BriefingStatus], Field(max_length=6, description="Standing in any of these.")
    ] = []
    source_kind: Annotated[
        list[SourceKind], Field(max_length=30, description="From any of these kinds of source.")
    ] = []
    finding_id: Annotated[
        UUID | None, Matches(LINKS.format("finding")), Field(description="Telling of this finding.")
    ] = None
    recommendation_id: Annotated[
        UUID | None,
        Matches(LINKS.format("recommendation")),
        Field(description="Telling of this recommendation."),
    ] = None


class BriefingTransitionCreate(DecidedTransitionCreate):
    """A move of a briefing."""

    to: Annotated[
        BriefingStatus, Field(description="State to move to.", examples=["qa_sg_approved"])
    ]
