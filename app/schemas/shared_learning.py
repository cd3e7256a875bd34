"""What the Board tells other boards on the wire (Framework section 8: boards learn together)."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.models.findings import SourceKind
from app.schemas.base import Label, Prose

Year = Annotated[int, Field(ge=2000, le=2199, json_schema_extra={"format": "int32"})]


class SharedKind(StrEnum):
    """What is told."""

    recommendation = "recommendation"
    good_practice = "good_practice"
    strength = "strength"


class SharedLearning(BaseModel):
    """A recommendation that the Board accepted, or what was found to go well."""

    kind: Annotated[SharedKind, Field(description="What it is.")]
    id: Annotated[UUID, Field(description="The recommendation, or the finding.")]
    title: Annotated[Label, Field(description="Title.", examples=["Follow up missed visits"])]
    text: Annotated[
        Prose, Field(description="What is recommended or found.", examples=["Visits are repeated."])
    ]
    source_kind: Annotated[SourceKind, Field(description="Kind of source it was learned from.")]
    year: Annotated[Year, Field(description="Year it was recorded.")]


class SharedLearningList(BaseModel):
    """What may be handed to another board."""

    items: Annotated[
        list[SharedLearning],
        Field(max_length=1000, description="The newest 1000, the newest on record first."),
    ]


class SharedLearningFilters(BaseModel):
    """Query parameters of the list."""

    model_config = ConfigDict(extra="forbid")
    year: Annotated[Year | None, Field(description="Only what was recorded in this year.")] = None
