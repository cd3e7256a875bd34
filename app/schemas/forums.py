"""Practitioner forums, and the balance of what is learned, on the wire (Framework section 1)."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, BaseModel, Field

from app.models.findings import PractitionerForum, SourceKind
from app.pagination import Paging
from app.schemas.base import CreateSchema, Date, Label, Prose, RecordRead, UpdateSchema
from app.sensitivity import Level

HeldOn = Annotated[Date, Field(description="Day of the forum.")]
Title = Annotated[Label, Field(description="Title.", examples=["Forum on neglect"])]
AgencyIds = Annotated[list[UUID], Field(max_length=200, description="Agencies that were present.")]
ThemesRaised = Annotated[
    Prose | None,
    Field(
        description="What was raised; null until then.", examples=["Who visits again, and when."]
    ),
]
Counted = Annotated[
    int, Field(ge=0, lt=2**31, json_schema_extra={"format": "int32"}, description="How many.")
]


class ForumCreate(CreateSchema):
    """A forum that was held, or is to be."""

    held_on: HeldOn
    title: Title
    agency_ids: AgencyIds = []
    themes_raised: ThemesRaised = None


class ForumUpdate(UpdateSchema):
    """Changes to a forum."""

    held_on: HeldOn | MISSING = MISSING
    title: Title | MISSING = MISSING
    agency_ids: AgencyIds | MISSING = MISSING
    themes_raised: ThemesRaised | MISSING = MISSING


class ForumRead(RecordRead, table=PractitionerForum, level=Level.partnership):
    """A forum of practitioners; its findings have the source `forum`."""

    held_on: HeldOn
    title: Title
    agency_ids: AgencyIds
    themes_raised: ThemesRaised


class ForumFilters(Paging):
    """Query parameters of the list."""

    held_on_from: Annotated[Date | None, Field(description="On this day or later.")] = None
    held_on_before: Annotated[Date | None, Field(description="Before this day.")] = None


class LearningBalanceQuery(BaseModel):
    """Of which source."""

    source_kind: Annotated[SourceKind | None, Field(description="Only of this kind.")] = None
    source_id: Annotated[UUID | None, Field(description="Only of this source.")] = None


class LearningBalanceRead(BaseModel):
    """How much of what was found is good practice, of the findings that you may read."""

    findings: Counted
    good_practice: Annotated[Counted, Field(description="Strengths and good practice.")]
    share_percent: Annotated[
        float | None,
        Field(ge=0, le=100, description="Share of good practice in percent; null for no findings."),
    ]
