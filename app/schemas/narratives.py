"""Narratives on the wire: texts about a case, in which no registered person is named.

Framework section 7. A reader sees `[Child A]`; whoever writes it back means the same person.
"""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, BaseModel, Field

from app.models.base import Record
from app.models.cases import PersonKind
from app.schemas.base import (
    WHOLE,
    Body,
    CreatedAt,
    CreateSchema,
    Id,
    Label,
    RecordRead,
    Redaction,
    UpdatedAt,
    UpdateSchema,
)
from app.schemas.identities import Identity
from app.sensitivity import Classified, Level, People

IdentityOf = Annotated[
    Identity | None,
    Classified(Level.identity),
    Field(
        description="Who it is: null unless disclosed under a `Disclosure-Grant`.", examples=[None]
    ),
]


class PersonSpokenOf(BaseModel):
    """A person of the case, by label."""

    id: Annotated[UUID, Field(description="The person.")]
    label: Annotated[Label, Field(description="Label within the case.", examples=["Child A"])]
    kind: Annotated[PersonKind, Field(description="What the person is to the case.")]
    identity: IdentityOf


OPEN = Classified(Level.partnership)


class CaseRecordRead(RecordRead, table=Record, level=Level.restricted):
    """The members of every record of a case with narratives: who is spoken of, by label."""

    id: Annotated[Id, OPEN]
    created_at: Annotated[CreatedAt, OPEN]
    updated_at: Annotated[UpdatedAt, OPEN]
    case_id: Annotated[UUID, OPEN, Field(description="The case.")]
    people: Annotated[
        list[PersonSpokenOf] | None,
        People(),
        Field(max_length=1000, description="The people its narratives speak of."),
    ]
    redactions: Annotated[
        list[Redaction],
        OPEN,
        Field(max_length=1000, description="What is withheld from you, and why."),
    ]


class TreatAs(StrEnum):
    """What a doubtful place in a narrative is."""

    person = "person"
    mask = "mask"
    not_identifying = "not_identifying"


class Resolution(Body):
    """What a place in a narrative is that was refused as doubtful."""

    pointer: Annotated[
        str,
        Field(
            max_length=200,
            pattern="^/[a-z0-9_/]+$",
            description="JSON Pointer to the narrative.",
            examples=["/summary"],
        ),
    ]
    start: Annotated[
        int,
        Field(ge=0, le=20_000, description="First character, from 0, in Unicode code points."),
        WHOLE,
    ]
    length: Annotated[
        int, Field(ge=1, le=20_000, description="Characters, in Unicode code points."), WHOLE
    ]
    treat_as: Annotated[
        TreatAs,
        Field(
            description="`person`: somebody registered for the case. `mask`: kept sealed and shown"
            " as redacted. `not_identifying`: stays as it is; that you said so is logged."
        ),
    ]
    person_id: Annotated[
        UUID | None, Field(description="The person, where it is one.", examples=[None])
    ] = None


Resolutions = Annotated[
    list[Resolution],
    Field(
        max_length=500,
        description="What the places are that an earlier attempt was refused for.",
        examples=[[]],
    ),
]


class NarratedCreate(CreateSchema):
    """What makes a record with narratives."""

    resolutions: Resolutions = []


class NarratedUpdate(UpdateSchema):
    """A merge patch of a record with narratives."""

    resolutions: Resolutions | MISSING = MISSING
