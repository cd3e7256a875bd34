"""Documents on the wire: versions, and who acknowledged which (Framework section 1)."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.documents import (
    DOCUMENT_VERSION_LIFECYCLE,
    Document,
    DocumentAcknowledgement,
    DocumentKind,
    DocumentVersion,
    DocumentVersionStatus,
)
from app.pagination import Paging
from app.schemas.base import (
    WHOLE,
    CreateSchema,
    Date,
    Label,
    Prose,
    ReadSchema,
    RecordRead,
    UpdateSchema,
)
from app.schemas.external_reviews import Url
from app.schemas.transitions import AllowedTransitions, TransitionCreate
from app.sensitivity import Computed, Level

IN_FORCE = "actor.version_in_force(t.id)"
NEWEST_ACKNOWLEDGED = """(SELECT v.number FROM document_acknowledgements a
    JOIN document_versions v ON v.id = a.document_version_id
    WHERE v.document_id = t.id AND a.user_id = {person} ORDER BY v.number DESC LIMIT 1)"""

Title = Annotated[Label, Field(description="Title.", examples=["Escalation procedure"])]
BodyId = Annotated[UUID, Field(description="Body that owns it.")]
IsForInduction = Annotated[
    bool, Field(strict=True, description="Whether every member acknowledges what is in force.")
]
ReviewMonths = Annotated[
    Annotated[int, Field(ge=1, le=120, json_schema_extra={"format": "int32"})] | None,
    WHOLE,
    Field(description="Months from the first day of a version to its review; null for never."),
]
VersionNumber = Annotated[
    int,
    Field(
        ge=1, json_schema_extra={"format": "int32"}, description="Number of the version, from 1."
    ),
]
EffectiveOn = Annotated[Date, Field(description="First day it is in force.")]
Text = Annotated[
    Prose | None,
    Field(description="The document itself; null where it is at `url`.", examples=["Ask, tell."]),
]
At = Annotated[
    Url, Field(description="Where it is published; null where `text` holds it.", examples=[None])
]
ChangeNote = Annotated[
    Prose, Field(description="What is new in it.", examples=["Names the new panel."])
]


class DocumentCreate(CreateSchema):
    """A document to register; its text comes with its versions."""

    kind: Annotated[DocumentKind, Field(description="What it is.")]
    title: Title
    body_id: BodyId
    is_for_induction: IsForInduction = False
    review_months: ReviewMonths = None


class DocumentUpdate(UpdateSchema):
    """Changes to a document."""

    title: Title | MISSING = MISSING
    body_id: BodyId | MISSING = MISSING
    is_for_induction: IsForInduction | MISSING = MISSING
    review_months: ReviewMonths | MISSING = MISSING


class DocumentRead(RecordRead, table=Document, level=Level.partnership):
    """A document that the Board and its groups work by."""

    kind: Annotated[DocumentKind, Field(description="What it is.")]
    title: Title
    body_id: BodyId
    is_for_induction: IsForInduction
    review_months: ReviewMonths
    version_in_force_id: Annotated[
        UUID | None,
        Computed(IN_FORCE),
        Field(description="The version in force today; null before the first one is."),
    ]


class DocumentFilters(Paging):
    """Query parameters of the list."""

    kind: Annotated[list[DocumentKind], Field(max_length=5, description="Any of these kinds.")] = []
    body_id: Annotated[UUID | None, Field(description="Only those of this body.")] = None
    is_for_induction: Annotated[
        bool | None, Field(description="Only those of the induction, or not.")
    ] = None


class DocumentVersionCreate(CreateSchema):
    """A version to draft: its text, or where it is published."""

    effective_on: EffectiveOn
    url: At = None
    text: Text = None
    change_note: ChangeNote


class DocumentVersionUpdate(UpdateSchema):
    """Changes to a draft."""

    effective_on: EffectiveOn | MISSING = MISSING
    url: At | MISSING = MISSING
    text: Text | MISSING = MISSING
    change_note: ChangeNote | MISSING = MISSING


class DocumentVersionRead(RecordRead, table=DocumentVersion, level=Level.partnership):
    """A version of a document."""

    document_id: Annotated[UUID, Field(description="The document.")]
    number: VersionNumber
    status: Annotated[DocumentVersionStatus, Field(description="Where it stands.")]
    effective_on: EffectiveOn
    review_due_on: Annotated[
        Date | None,
        Field(description="Day by which it is reviewed; null in a draft, and where it never is."),
    ]
    url: At
    text: Text
    change_note: ChangeNote
    allowed_transitions: Annotated[AllowedTransitions, Computed(DOCUMENT_VERSION_LIFECYCLE.allowed)]


class DocumentVersionTransitionCreate(TransitionCreate):
    """A move of a version: it is published once, and never changes afterwards."""

    to: Annotated[
        DocumentVersionStatus, Field(description="State to move to.", examples=["published"])
    ]


class DocumentVersionFilters(Paging):
    """Query parameters of the list."""


class DocumentAcknowledgementCreate(CreateSchema):
    """That you have read a version: nobody acknowledges for somebody else."""


class DocumentAcknowledgementRead(
    RecordRead, table=DocumentAcknowledgement, level=Level.partnership
):
    """That somebody has read a version."""

    document_version_id: Annotated[UUID, Field(description="The version.")]
    user_id: Annotated[UUID, Field(description="Who has read it.")]
    acknowledged_on: Annotated[Date, Field(description="Day it was acknowledged.")]


class DocumentAcknowledgementFilters(Paging):
    """Query parameters of the list."""

    user_id: Annotated[UUID | None, Field(description="Only those of this person.")] = None


class InductionItemRead(ReadSchema, table=Document, level=Level.partnership):
    """A document of the induction, and how far a member is with it."""

    document_id: Annotated[UUID, Computed("t.id"), Field(description="The document.")]
    title: Title
    version_in_force_id: Annotated[
        UUID | None,
        Computed(IN_FORCE),
        Field(description="Version to acknowledge; null before the first one is in force."),
    ]
    acknowledged_version: Annotated[
        VersionNumber | None,
        Computed(
            NEWEST_ACKNOWLEDGED.format(
                person="(SELECT m.user_id FROM memberships m WHERE m.id = $3)"
            )
        ),
        Field(description="Number of the newest version that the member acknowledged; or null."),
    ]
    is_current: Annotated[
        bool,
        Computed(
            f"({IN_FORCE} IS NULL OR EXISTS (SELECT FROM document_acknowledgements a"
            f" JOIN memberships m ON m.user_id = a.user_id WHERE m.id = $3"
            f" AND a.document_version_id = {IN_FORCE}))"
        ),
        Field(description="Whether nothing is left to acknowledge."),
    ]


class InductionFilters(Paging):
    """Query parameters of the list."""
