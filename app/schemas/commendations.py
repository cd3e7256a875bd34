"""Commendations on the wire: what was done well (Framework section 23). They name no person."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.challenges import COMMENDATION_LIFECYCLE, Commendation, CommendationStatus
from app.models.findings import SourceKind
from app.pagination import Paging
from app.schemas.base import CreateSchema, Date, Label, Prose, RecordRead, UpdateSchema
from app.schemas.transitions import AllowedTransitions, DecidedTransitionCreate
from app.sensitivity import Computed, Level

AgencyId = Annotated[UUID | None, Field(description="The agency; null where it is a team's alone.")]
Team = Annotated[
    Label | None,
    Field(description="The team, by its name; null for a whole agency.", examples=["Front door"]),
]
Title = Annotated[Label, Field(description="Title.", examples=["Schools that told at once"])]
Text = Annotated[
    Prose, Field(description="What was done well.", examples=["Every absence was followed up."])
]
Source = Annotated[SourceKind, Field(description="What kind of source shows it.")]
SourceId = Annotated[UUID | None, Field(description="The source, if it is a record here.")]
SourceTitle = Annotated[
    Label, Field(description="What the source is called.", examples=["Audit of neglect, 2017"])
]


class CommendationCreate(CreateSchema):
    """A commendation to draft, of an agency, a team or both."""

    agency_id: AgencyId = None
    team: Team = None
    title: Title
    text: Text
    source_kind: Source
    source_id: SourceId = None
    source_title: SourceTitle


class CommendationUpdate(UpdateSchema):
    """Changes to a draft."""

    title: Title | MISSING = MISSING
    text: Text | MISSING = MISSING
    source_title: SourceTitle | MISSING = MISSING


class CommendationRead(RecordRead, table=Commendation, level=Level.partnership):
    """What an agency or a team did well, as the Board says."""

    agency_id: AgencyId
    team: Team
    title: Title
    text: Text
    source_kind: Source
    source_id: SourceId
    source_title: SourceTitle
    drafted_by_id: Annotated[UUID, Field(description="Who drafted it.")]
    is_published: Annotated[
        bool,
        Computed("t.published_on IS NOT NULL"),
        Field(description="Whether all partners see it."),
    ]
    published_on: Annotated[Date | None, Field(description="Day of that; null until then.")]
    status: Annotated[CommendationStatus, Field(description="Where it stands.")]
    allowed_transitions: Annotated[AllowedTransitions, Computed(COMMENDATION_LIFECYCLE.allowed)]


class CommendationFilters(Paging):
    """Query parameters of the list."""

    agency_id: Annotated[UUID | None, Field(description="Only of this agency.")] = None
    status: Annotated[
        list[CommendationStatus], Field(max_length=3, description="Standing in any of these.")
    ] = []
    source_kind: Annotated[
        list[SourceKind], Field(max_length=30, description="Shown by any of these sources.")
    ] = []


class CommendationTransitionCreate(DecidedTransitionCreate):
    """A move of a commendation."""

    to: Annotated[CommendationStatus, Field(description="State to move to.", examples=["agreed"])]
