"""Subject access on the wire: what is held on one person, third parties by label only.

Framework section 7.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.models.cases import PersonKind
from app.models.retention import (
    EXPORT_LIFECYCLE,
    CaseClass,
    ExportStatus,
    PassageDecision,
    SubjectExport,
    SubjectExportPassage,
)
from app.pagination import Paging
from app.schemas.base import TEXT, Code, CreateSchema, Label, Prose, RecordRead, UpdateSchema
from app.schemas.base import Redaction as WithheldMember
from app.schemas.disclosure import Gateway
from app.schemas.narratives import IdentityOf
from app.schemas.transitions import AllowedTransitions, TransitionCreate
from app.sensitivity import Classified, Computed, Level

PersonIds = Annotated[
    list[UUID],
    Field(
        min_length=1,
        max_length=20,
        description="The records of this one person, in every case it was found in.",
    ),
]
Purpose = Annotated[
    Prose,
    Field(description="What it is for. Names nobody.", examples=["Request of 3 May, verified."]),
]
Said = Annotated[str, Field(min_length=1, max_length=40_000, pattern=TEXT)]
"""A narrative with labels, which are longer than what they stand for."""
Place = Annotated[Code, Field(description="Kind of record.", examples=["disclosure_grants"])]
RecordId = Annotated[UUID, Field(description="The record.")]
Member = Annotated[Code, Field(description="Member of the record.", examples=["purpose"])]


class SubjectExportCreate(CreateSchema):
    """The wish to tell a person what is held on them. Another person reviews it first."""

    person_ids: PersonIds
    gateway: Gateway
    purpose: Purpose


class SubjectExportRead(RecordRead, table=SubjectExport, level=Level.partnership):
    """An answer to a subject access request, and how far it is. Its content is never stored."""

    person_ids: PersonIds
    gateway: Gateway
    purpose: Purpose
    status: Annotated[ExportStatus, Field(description="Where it stands.")]
    pending_passages: Annotated[
        int,
        Computed(
            "(SELECT count(*) FROM subject_export_passages p WHERE p.subject_export_id = t.id"
            " AND p.decision = 'pending')"
        ),
        Field(ge=0, le=2**31 - 1, description="Passages that wait for a decision."),
    ]
    requested_by_id: Annotated[UUID, Field(description="Who asked, and alone may fetch it.")]
    reviewed_by_id: Annotated[UUID | None, Field(description="Who reviewed it; null for nobody.")]
    reviewed_at: Annotated[datetime | None, Field(description="When reviewed; null if not.")]
    released_at: Annotated[datetime | None, Field(description="When released; null if not.")]
    expires_at: Annotated[
        datetime | None, Field(description="Until when it may be fetched, exclusive; or null.")
    ]
    downloaded_at: Annotated[
        datetime | None, Field(description="When it was fetched: that goes once. Null if not.")
    ]
    allowed_transitions: Annotated[AllowedTransitions, Computed(EXPORT_LIFECYCLE.allowed)]


class SubjectExportFilters(Paging):
    """Query parameters of the list."""

    requested_by_id: Annotated[UUID | None, Field(description="Only asked by this person.")] = None
    status: Annotated[
        list[ExportStatus], Field(max_length=4, description="Standing in any of these.")
    ] = []


class SubjectExportTransitionCreate(TransitionCreate):
    """A move of an export."""

    to: Annotated[ExportStatus, Field(description="State to move to.", examples=["reviewed"])]


class SubjectExportPassageUpdate(UpdateSchema):
    """What becomes of a passage."""

    decision: Annotated[
        PassageDecision,
        Field(
            description="`release`, or `withhold` where it is about others.", examples=["release"]
        ),
    ]


class SubjectExportPassageRead(RecordRead, table=SubjectExportPassage, level=Level.partnership):
    """A narrative that speaks of the person, for another human to decide on."""

    subject_export_id: Annotated[UUID, Field(description="The export.")]
    case_id: Annotated[UUID, Field(description="The case.")]
    subject: Place
    record_id: RecordId
    member: Member
    mentions_others: Annotated[
        bool, Field(description="Whether it speaks of others, or holds something redacted.")
    ]
    decision: Annotated[PassageDecision, Field(description="What becomes of it.")]
    decided_by_id: Annotated[UUID | None, Field(description="Who decided; null for nobody.")]
    text: Annotated[
        Said | None,
        Classified(Level.restricted),
        Computed("NULL::text"),
        Field(description="The text with labels, as it is now; null if it is gone."),
    ]
    redactions: Annotated[
        list[WithheldMember],
        Classified(Level.partnership),
        Field(max_length=10, description="What is withheld from you, and why."),
    ]


class SubjectExportPassageFilters(Paging):
    """Query parameters of the queue."""

    mentions_others: Annotated[bool | None, Field(description="Only such, or others.")] = None
    decision: Annotated[
        list[PassageDecision], Field(max_length=3, description="With any of these decisions.")
    ] = []


class ExportedPerson(BaseModel):
    """The person in one case."""

    person_id: Annotated[UUID, Field(description="The record of the person.")]
    case_reference: Annotated[Code, Field(description="Name of the case.")]
    label: Annotated[Label, Field(description="What the texts of this case call the person.")]
    kind: Annotated[PersonKind, Field(description="What the person is to the case.")]
    recorded_at: Annotated[datetime, Field(description="When first recorded (UTC).")]
    identity: IdentityOf


class ExportedPassage(BaseModel):
    """A text about the person; everybody else by label."""

    subject: Place
    record_id: RecordId
    member: Member
    text: Annotated[Said, Field(description="The text.")]


class ExportedAccess(BaseModel):
    """That somebody looked at who the person is."""

    occurred_at: Annotated[datetime, Field(description="When (UTC).")]
    act: Annotated[Code, Field(description="What was done.")]
    roles: Annotated[
        list[Code],
        Field(max_length=20, description="Roles of who did it; empty for a service of ours."),
    ]
    members: Annotated[list[Code], Field(max_length=200, description="What was seen.")]


class ExportedRetention(BaseModel):
    """How long it is kept who the person is."""

    case_reference: Annotated[Code, Field(description="Name of the case.")]
    record_class: Annotated[CaseClass, Field(description="Class of the retention schedule.")]
    dispose_on: Annotated[
        date | None, Field(description="Day from which on it may be destroyed; null if not known.")
    ]


class SubjectExportDocument(BaseModel):
    """What is held on one person: for that person, and nobody else."""

    subject_export_id: Annotated[UUID, Field(description="The export.")]
    generated_at: Annotated[datetime, Field(description="When it was written (UTC).")]
    person: Annotated[
        list[ExportedPerson], Field(max_length=20, description="The person, case by case.")
    ]
    passages: Annotated[
        list[ExportedPassage], Field(max_length=100_000, description="Texts about the person.")
    ]
    withheld: Annotated[
        int,
        Field(ge=0, le=2**31 - 1, description="Texts that were withheld as being about others."),
    ]
    changed_since: Annotated[
        int,
        Field(ge=0, le=2**31 - 1, description="Texts that changed after the review, left out."),
    ]
    accesses: Annotated[
        list[ExportedAccess], Field(max_length=100_000, description="Who looked, by role.")
    ]
    retention: Annotated[
        list[ExportedRetention], Field(max_length=20, description="How long it is kept.")
    ]
    notes: Annotated[
        list[Annotated[str, Field(max_length=500, pattern=TEXT)]],
        Field(max_length=10, description="How to read this."),
    ]
