"""Published reports on the wire: what anybody may read (Framework section 16).

No time of day, no identifier and no label of theirs is found anywhere else.
"""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.models.publications import PublicationKind
from app.models.published_reports import PublishedReport, ReportWithdrawal
from app.pagination import Paging
from app.schemas.base import PUBLIC_TEXT, Date, Prose, ReadSchema
from app.sensitivity import Level

Kind = Annotated[PublicationKind, Field(description="What it is of a review.")]
Title = Annotated[
    str,
    Field(
        max_length=100_000, pattern=PUBLIC_TEXT, description="Title.", examples=["Review of 2017"]
    ),
]
PublishedOn = Annotated[Date, Field(description="Day of its publication.")]
ReportId = Annotated[UUID, Field(description="Identifier of the report, which is chance alone.")]


class PublishedSection(BaseModel):
    """A section of a published report."""

    heading: Annotated[str, Field(max_length=100_000, pattern=PUBLIC_TEXT, description="Heading.")]
    text: Annotated[str, Field(max_length=1_000_000, pattern=PUBLIC_TEXT, description="Text.")]


class PublishedReportItem(ReadSchema, table=PublishedReport, level=Level.public):
    """A published report, without its text."""

    id: ReportId
    kind: Kind
    title: Title
    published_on: PublishedOn


class PublishedReportRead(PublishedReportItem, table=PublishedReport, level=Level.public):
    """A published report of a case review. Its text never changes."""

    sections: Annotated[
        list[PublishedSection], Field(max_length=100, description="Its sections, in order.")
    ]
    sha256: Annotated[
        str,
        Field(
            max_length=64,
            pattern="^[0-9a-f]{64}$",
            description="SHA-256 of the UTF-8 text of title, headings and texts in order, each"
            " separated from the next by an empty line.",
            examples=["0" * 64],
        ),
    ]


class PublishedReportFilters(Paging):
    """Query parameters of the list."""

    kind: Annotated[
        list[PublicationKind], Field(max_length=4, description="Any of these kinds.")
    ] = []
    published_on_from: Annotated[
        Date | None, Field(description="Published on this day or later.")
    ] = None
    published_on_before: Annotated[Date | None, Field(description="Published before this day.")] = (
        None
    )


class ReportWithdrawalRead(ReadSchema, table=ReportWithdrawal, level=Level.public):
    """That a report was taken down, and why, as the public is told."""

    report_id: ReportId
    withdrawn_on: Annotated[Date, Field(description="Day it was taken down.")]
    public_reason: Annotated[
        Prose, Field(max_length=300, description="Why, for the public.", examples=["Corrected."])
    ]
