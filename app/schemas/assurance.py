"""Statements of assurance on the wire: what is stated, how surely, and what it rests on.

Framework sections 3, 9 and 23. Every text names nobody: a name is refused.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, BaseModel, Field

from app.models.assurance import (
    ASSURANCE_LIFECYCLE,
    AssuranceStatement,
    AssuranceStatus,
    Confidence,
)
from app.models.findings import SourceArea, SourceKind
from app.pagination import Paging
from app.reference.source_kinds import area_sql
from app.schemas.base import Body, Code, CreateSchema, Label, Prose, RecordRead, UpdateSchema
from app.schemas.transitions import AllowedTransitions, DecidedTransitionCreate
from app.sensitivity import Computed, Level

SOURCES = (
    "coalesce((SELECT json_agg(json_build_object('source_kind', s.source_kind, 'source_area',"
    f" {area_sql('s.source_kind')}, 'source_id', s.source_id, 'source_title', s.source_title)"
    " ORDER BY s.id) FROM assurance_sources s WHERE s.statement_id = t.id), '[]'::json)"
)

Statement = Annotated[
    Prose,
    Field(
        description="What the Board states.",
        examples=["Agencies see children alone; how often, two of eight cannot say."],
    ),
]
Period = Annotated[Code, Field(description="Year or quarter it is about.", examples=["2017-18"])]
Confidently = Annotated[Confidence, Field(description="How sure the Board is of it.")]
PriorityId = Annotated[UUID | None, Field(description="The priority it is about; null for none.")]
Standard = Annotated[
    Code | None, Field(description="The standard it is about; null for none.", examples=[None])
]
ThemeId = Annotated[
    UUID | None, Field(description="The theme it is about; null for none.", examples=[None])
]
SupersedesId = Annotated[
    UUID | None,
    Field(
        description="The agreed statement about the same whose place it takes; null for the first.",
        examples=[None],
    ),
]
Kind = Annotated[SourceKind, Field(description="What kind of source it is.")]
SourceId = Annotated[
    UUID | None,
    Field(
        description="Its record; null where there is none, and always of a case review.",
        examples=[None],
    ),
]
SourceTitle = Annotated[
    Label, Field(description="What it is called.", examples=["Section 11 audit 2017"])
]


class AssuranceSourceCreate(Body):
    """A source that a statement rests on."""

    source_kind: Kind
    source_id: SourceId = None
    source_title: SourceTitle


class AssuranceSourceRead(BaseModel):
    """A source that a statement rests on."""

    source_kind: Kind
    source_area: Annotated[SourceArea, Field(description="What such a source can tell.")]
    source_id: SourceId
    source_title: SourceTitle


Sources = Annotated[
    list[AssuranceSourceCreate],
    Field(max_length=50, description="What it rests on; to be agreed it needs one at least."),
]


class AssuranceStatementCreate(CreateSchema):
    """A statement to draft, about one priority, standard or theme."""

    statement: Statement
    period: Period
    confidence: Confidently
    priority_id: PriorityId = None
    standard: Standard = None
    theme_id: ThemeId = None
    supersedes_id: SupersedesId = None
    sources: Sources = []


class AssuranceStatementUpdate(UpdateSchema):
    """Changes to a draft. `sources` takes the place of all there were."""

    statement: Statement | MISSING = MISSING
    period: Period | MISSING = MISSING
    confidence: Confidently | MISSING = MISSING
    sources: Sources | MISSING = MISSING


class AssuranceStatementRead(RecordRead, table=AssuranceStatement, level=Level.partnership):
    """How far the Board is assured of something, and what it knows that by."""

    statement: Statement
    period: Period
    confidence: Confidently
    priority_id: PriorityId
    standard: Standard
    theme_id: ThemeId
    supersedes_id: SupersedesId
    version: Annotated[
        int, Field(ge=1, le=32_767, description="1, and one more for each that took its place.")
    ]
    drafted_by_id: Annotated[UUID, Field(description="Who drafted it.")]
    sources: Annotated[
        list[AssuranceSourceRead],
        Computed(SOURCES),
        Field(max_length=50, description="What it rests on."),
    ]
    status: Annotated[AssuranceStatus, Field(description="Where it stands.")]
    allowed_transitions: Annotated[AllowedTransitions, Computed(ASSURANCE_LIFECYCLE.allowed)]


class AssuranceStatementFilters(Paging):
    """Query parameters of the list."""

    status: Annotated[
        list[AssuranceStatus], Field(max_length=3, description="In any of these states.")
    ] = []
    confidence: Annotated[
        list[Confidence], Field(max_length=3, description="Of any such confidence.")
    ] = []
    period: Annotated[Code | None, Field(description="About this period.")] = None
    priority_id: Annotated[UUID | None, Field(description="About this priority.")] = None
    standard: Annotated[Code | None, Field(description="About this standard.")] = None
    theme_id: Annotated[UUID | None, Field(description="About this theme.")] = None


class AssuranceTransitionCreate(DecidedTransitionCreate):
    """A move of a statement: agreed by decision of the Board."""

    to: Annotated[Literal["agreed", "superseded"], Field(description="State to move it to.")]
