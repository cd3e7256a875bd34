"""Triangulation on the wire: what the three areas of information each say of one thing.

Framework section 9 and figure 3: what a single source says is partial.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.models.findings import SourceArea, SourceKind
from app.schemas.base import WHOLE, Code, Label


class TriangulatedBy(StrEnum):
    """What findings are brought together by."""

    standard = "standard"
    theme = "theme"
    priority = "priority"


class Agreement(StrEnum):
    """Whether areas say the same."""

    agreeing = "agreeing"
    mixed = "mixed"
    contradicting = "contradicting"


Count = Annotated[int, Field(ge=0, le=1_000_000), WHOLE]


class SourceAreaRead(BaseModel):
    """What the sources of one area say."""

    area: Annotated[SourceArea, Field(description="The area.")]
    positive: Annotated[Count, Field(description="Findings of strengths and good practice.")]
    negative: Annotated[Count, Field(description="Findings of any other kind.")]
    newest_on: Annotated[
        date | None, Field(description="Day of the newest finding; null where there is none.")
    ]
    source_kinds: Annotated[
        list[SourceKind], Field(max_length=50, description="Kinds of sources that found them.")
    ]


class TriangulationRead(BaseModel):
    """What is known of one standard, theme or priority, and by how many kinds of sources."""

    code: Annotated[
        Code, Field(description="The standard, the priority, or the identifier of the theme.")
    ]
    title: Annotated[Label, Field(description="What it is called.")]
    areas: Annotated[
        list[SourceAreaRead], Field(max_length=3, description="Data, qualitative and business.")
    ]
    agreement: Annotated[
        Agreement | None,
        Field(
            description="`agreeing`: all areas that say something say only good, or only bad."
            " `contradicting`: one says only good and another only bad. `mixed`: anything else."
            " Null where fewer than two areas say something."
        ),
    ]
    is_only_one_source: Annotated[
        bool, Field(description="Whether all that is known comes from one kind of source.")
    ]
    blind_spots: Annotated[
        list[SourceArea], Field(max_length=3, description="Areas that say nothing of it.")
    ]
    is_stale: Annotated[
        bool, Field(description="Whether something is known, and nothing newer than 24 months.")
    ]


class TriangulationList(BaseModel):
    """What is known of several."""

    items: Annotated[
        list[TriangulationRead], Field(max_length=1000, description="In the order of their codes.")
    ]


class TriangulationFilters(BaseModel):
    """Query parameters of the view."""

    model_config = ConfigDict(extra="forbid")

    by: Annotated[TriangulatedBy, Field(description="What findings are brought together by.")]
    code: Annotated[
        Code | None,
        Field(description="Only this standard, priority, or theme by its identifier."),
    ] = None
