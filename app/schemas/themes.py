"""Themes on the wire: what several findings show, and how firm the evidence is (section 9)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.findings import SourceArea, SourceKind
from app.models.recommendations import THEME_LIFECYCLE, Theme, ThemeFinding, ThemeStatus
from app.pagination import Paging
from app.reference.source_kinds import area_sql
from app.schemas.base import CreateSchema, Label, Prose, RecordRead, UpdateSchema
from app.schemas.sources import PriorityId, Standard
from app.schemas.transitions import AllowedTransitions, TransitionCreate
from app.sensitivity import Computed, Level

Title = Annotated[Label, Field(description="Title.", examples=["Missed visits"])]
Description = Annotated[
    Prose,
    Field(description="What the findings show.", examples=["Visits that fail are not made again."]),
]
BodyId = Annotated[UUID, Field(description="Sub group that follows it.")]


def of_evidence(aggregate: str) -> Computed:
    """Work something out over the findings of a theme that the reader may see."""
    return Computed(
        f"(SELECT {aggregate} FROM theme_findings l JOIN findings f ON f.id = l.finding_id"
        " WHERE l.theme_id = t.id)"
    )


def list_of(expression: str) -> Computed:
    """List the different values of an expression over `f`, a finding."""
    return of_evidence(f"coalesce(json_agg(DISTINCT {expression}), '[]')")


def counted(description: str) -> object:
    """Describe a number of records."""
    return Field(ge=0, lt=2**31, json_schema_extra={"format": "int32"}, description=description)


class ThemeCreate(CreateSchema):
    """A theme to follow."""

    title: Title
    description: Description
    body_id: BodyId
    priority_id: PriorityId = None
    standard: Standard = None


class ThemeUpdate(UpdateSchema):
    """Changes to a theme."""

    title: Title | MISSING = MISSING
    description: Description | MISSING = MISSING
    body_id: BodyId | MISSING = MISSING
    priority_id: PriorityId | MISSING = MISSING
    standard: Standard | MISSING = MISSING


class ThemeRead(RecordRead, table=Theme, level=Level.partnership):
    """What several findings show. It counts the findings that you may read."""

    title: Title
    description: Description
    body_id: BodyId
    priority_id: PriorityId
    standard: Standard
    evidence_count: Annotated[int, of_evidence("count(*)"), counted("Findings that show it.")]
    agency_count: Annotated[
        int, of_evidence("count(DISTINCT f.agency_id)"), counted("Agencies they are of.")
    ]
    first_seen_at: Annotated[
        datetime | None,
        of_evidence("min(f.created_at)"),
        Field(
            description="When the first finding was drafted (UTC); null for none.",
        ),
    ]
    last_seen_at: Annotated[
        datetime | None,
        of_evidence("max(f.created_at)"),
        Field(
            description="When the last finding was drafted (UTC); null for none.",
        ),
    ]
    source_kinds: Annotated[
        list[SourceKind],
        list_of("f.source_kind"),
        Field(max_length=24, description="Kinds of sources that show it."),
    ]
    source_areas: Annotated[
        list[SourceArea],
        list_of(area_sql("f.source_kind")),
        Field(max_length=3, description="Areas of those sources."),
    ]
    status: Annotated[ThemeStatus, Field(description="Where it stands.")]
    allowed_transitions: Annotated[AllowedTransitions, Computed(THEME_LIFECYCLE.allowed)]


class ThemeFilters(Paging):
    """Query parameters of the list."""

    body_id: Annotated[UUID | None, Field(description="That this sub group follows.")] = None
    priority_id: Annotated[UUID | None, Field(description="Of this priority.")] = None
    standard: Annotated[Label | None, Field(description="About this standard.")] = None
    status: Annotated[
        list[ThemeStatus], Field(max_length=3, description="In any of these states.")
    ] = []


class ThemeTransitionCreate(TransitionCreate):
    """A move of a theme."""

    to: Annotated[ThemeStatus, Field(description="State to move to.", examples=["monitored"])]


class LinkCreate(CreateSchema):
    """A finding to link, which is confirmed or shared."""

    finding_id: Annotated[UUID, Field(description="The finding.")]


class ThemeFindingRead(RecordRead, table=ThemeFinding, level=Level.partnership):
    """That a finding is evidence of a theme."""

    theme_id: Annotated[UUID, Field(description="The theme.")]
    finding_id: Annotated[UUID, Field(description="The finding.")]
    added_by_id: Annotated[UUID, Field(description="Who linked it.")]


class LinkFilters(Paging):
    """Query parameters of the list."""
