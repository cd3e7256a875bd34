"""Checks of publications on the wire: places and kinds, never texts (section 16)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.models.publications import PublicationCheck
from app.pagination import Paging
from app.schemas.base import WHOLE, Body, CreateSchema, RecordRead, Redaction
from app.schemas.publications import PublicationPlace, Warnings
from app.sensitivity import Classified, Level

OPEN = Classified(Level.partnership)
PublicationId = Annotated[UUID, OPEN, Field(description="The publication.")]
Sha256 = Annotated[
    str,
    Field(
        min_length=64,
        max_length=64,
        pattern="^[0-9a-f]{64}$",
        description="SHA-256 of the rendition.",
        examples=["0" * 64],
    ),
]
Redactions = Annotated[
    list[Redaction],
    OPEN,
    Field(max_length=200, description="What is withheld from you, and why."),
]


class AcceptedPlace(Body):
    """A place in the rendition where a name stands that is nobody's of the case."""

    pointer: Annotated[
        str,
        Field(
            max_length=200,
            pattern="^/[a-z0-9_/]+$",
            description="JSON Pointer into the rendition.",
            examples=["/sections/0/text"],
        ),
    ]
    start: Annotated[int, Field(ge=0, le=10_000_000, description="First character."), WHOLE]
    length: Annotated[int, Field(ge=1, le=10_000_000, description="Characters."), WHOLE]


class PublicationCheckCreate(CreateSchema):
    """A check of a publication as it stands."""

    accepted: Annotated[
        list[AcceptedPlace],
        Field(
            max_length=1000,
            description="Places an earlier check found that may stay: names of authors or"
            " institutions, never of people of the case.",
            examples=[[]],
        ),
    ] = []


class PublicationCheckRead(RecordRead, table=PublicationCheck, level=Level.restricted):
    """What was found in a rendition: whatever could say who the people of the case are."""

    case_id: Annotated[UUID, OPEN, Field(description="The case.")]
    publication_id: PublicationId
    sha256: Sha256
    is_clean: Annotated[bool, Field(description="Whether nothing was found.")]
    findings: Annotated[
        list[PublicationPlace],
        Field(
            max_length=10_000,
            description="Places that keep it from being published: `vault_string`,"
            " `working_label`, `masked_text`, `identifier`, `person_without_label`, `token`, or"
            " what was recognised.",
        ),
    ]
    accepted: Annotated[
        list[PublicationPlace],
        Field(max_length=1000, description="Places that may stay, as the checker said."),
    ]
    warnings: Warnings
    checked_by_id: Annotated[UUID, Field(description="Who checked.")]
    second_person_confirmed_by_id: Annotated[
        UUID | None,
        Field(description="Who confirmed it, and neither wrote nor checked; null for nobody."),
    ]
    confirmed_at: Annotated[
        datetime | None, Field(description="When it was confirmed; null if it was not.")
    ]
    redactions: Redactions


class PublicationCheckFilters(Paging):
    """Query parameters of the list."""


class ConfirmationCreate(CreateSchema):
    """That a second person read the rendition and found nobody in it."""

    sha256: Annotated[Sha256, Field(description="Hash of the rendition that was read.")]
