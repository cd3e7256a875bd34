"""Destructions of identities and their certificates on the wire (Framework section 7)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.models.retention import (
    DESTRUCTION_LIFECYCLE,
    ApprovalCapacity,
    Destruction,
    DestructionApproval,
    DestructionGround,
    DestructionStatus,
)
from app.pagination import Paging
from app.schemas.base import Code, CreateSchema, Narrative, RecordRead
from app.schemas.narratives import CaseRecordRead, NarratedCreate
from app.schemas.retention import HELD, CaseId
from app.schemas.transitions import AllowedTransitions, CaseTransitionCreate
from app.sensitivity import Computed, Level

Ground = Annotated[
    DestructionGround,
    Field(description="Why now; only `period_over` waits for the end of the period."),
]
Count = Annotated[int | None, Field(ge=0, le=2**31 - 1)]


class DestructionCreate(NarratedCreate):
    """The proposal to destroy who the people of a case are. Two others approve it."""

    case_id: CaseId
    ground: Ground = DestructionGround.period_over
    reasons: Annotated[
        Narrative, Field(description="Reasons.", examples=["The period is over; nothing is open."])
    ]


class DestructionRead(CaseRecordRead, table=Destruction, level=Level.partnership):
    """A destruction of identities, and honestly how far it is.

    `awaiting_key_rotation`: nobody is told any more, but an older copy of the database opens with
    the key version named here until that is destroyed too.
    """

    ground: Ground
    reasons: Annotated[Narrative, Field(description="Reasons.")]
    status: Annotated[DestructionStatus, Field(description="Where it stands.")]
    awaits: Annotated[
        list[ApprovalCapacity],
        Computed(
            "ARRAY(SELECT c FROM unnest(ARRAY['data_protection', 'office']) AS c"
            " WHERE t.status = 'proposed' AND c NOT IN (SELECT a.capacity FROM"
            " destruction_approvals a WHERE a.destruction_id = t.id))"
        ),
        Field(max_length=2, description="Capacities in which nobody has approved yet."),
    ]
    is_held: Annotated[
        bool,
        Computed(f"t.status IN ('proposed', 'approved') AND {HELD}"),
        Field(description="Whether a legal hold keeps it from being carried out."),
    ]
    proposed_by_id: Annotated[UUID, Field(description="Who proposed it.")]
    approved_at: Annotated[datetime | None, Field(description="When both had approved; or null.")]
    keys_deleted_at: Annotated[
        datetime | None, Field(description="When the key and identities were deleted; or null.")
    ]
    key_version: Annotated[
        int | None,
        Field(
            ge=1,
            le=2**31 - 1,
            description="Version of the key that wrapped the deleted one; null before.",
        ),
    ]
    completed_at: Annotated[
        datetime | None, Field(description="When that version was destroyed too; null before.")
    ]
    allowed_transitions: Annotated[AllowedTransitions, Computed(DESTRUCTION_LIFECYCLE.allowed)]


class DestructionFilters(Paging):
    """Query parameters of the list."""

    case_id: Annotated[UUID | None, Field(description="Only of this case.")] = None
    status: Annotated[
        list[DestructionStatus], Field(max_length=6, description="Standing in any of these.")
    ] = []


class DestructionTransitionCreate(CaseTransitionCreate):
    """The end of a destruction before it is carried out."""

    to: Annotated[DestructionStatus, Field(description="State to move to.", examples=["refused"])]


class DestructionApprovalCreate(CreateSchema):
    """An approval in the own name. The second makes the worker carry the destruction out."""

    capacity: Annotated[
        ApprovalCapacity,
        Field(
            description="`data_protection` for the data protection officer, `office` for the"
            " manager of the Business Office: two people, neither of them who proposed it."
        ),
    ]


class DestructionApprovalRead(RecordRead, table=DestructionApproval, level=Level.partnership):
    """That somebody approved a destruction."""

    destruction_id: Annotated[UUID, Field(description="The destruction.")]
    capacity: Annotated[ApprovalCapacity, Field(description="For whom.")]
    approved_by_id: Annotated[UUID, Field(description="Who approved.")]


class DestructionApprovalFilters(Paging):
    """Query parameters of the list."""


Sentence = Annotated[str, Field(min_length=1, max_length=1000, pattern="^[^\\u0000]+$")]


class CertifiedApproval(BaseModel):
    """Who approved, for whom, and when."""

    capacity: Annotated[ApprovalCapacity, Field(description="For whom.")]
    approved_by_id: Annotated[UUID, Field(description="Who.")]
    approved_at: Annotated[datetime, Field(description="When (UTC).")]


class CertifiedCounts(BaseModel):
    """What was destroyed, in figures."""

    identities: Annotated[Count, Field(description="Sealed identities.")]
    look_up_hashes: Annotated[Count, Field(description="Keyed hashes for look-ups.")]
    masked_texts: Annotated[Count, Field(description="Sealed texts that were masked.")]
    revoked_grants: Annotated[Count, Field(description="Disclosure grants that ended.")]


class CertifiedKey(BaseModel):
    """A version of the key-encryption key that was destroyed, without the key."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1, description="Its number.")]
    fingerprint: Annotated[Code, Field(description="By which it is told from others.")]
    destroyed_at: Annotated[datetime, Field(description="When it was gone (UTC).")]
    rewrapped_cases: Annotated[
        int, Field(ge=0, le=2**31 - 1, description="Cases whose keys live on under a newer one.")
    ]


class CertificateRead(BaseModel):
    """That nobody can be told any more who the people of a case are, and where that ends."""

    destruction_id: Annotated[UUID, Field(description="The destruction.")]
    case_id: CaseId
    case_reference: Annotated[Code, Field(description="Name of the case.")]
    ground: Ground
    destroyed: Annotated[CertifiedCounts, Field(description="What was destroyed.")]
    proposed_by_id: Annotated[UUID, Field(description="Who proposed it.")]
    proposed_at: Annotated[datetime, Field(description="When (UTC).")]
    approvals: Annotated[
        list[CertifiedApproval], Field(max_length=2, description="The two approvals.")
    ]
    keys_deleted_at: Annotated[datetime, Field(description="When key and identities went (UTC).")]
    key: Annotated[CertifiedKey, Field(description="The version that had wrapped the case's key.")]
    completed_at: Annotated[datetime, Field(description="When it was complete (UTC).")]
    access_log_entry_id: Annotated[UUID, Field(description="Entry about the destroyed version.")]
    access_log_seq: Annotated[int, Field(ge=0, le=2**53 - 1, description="Its order of writing.")]
    access_log_head: Annotated[
        str | None,
        Field(
            max_length=64,
            pattern="^[0-9a-f]{64}$",
            description="Last head of the access log at that moment; null if there was none.",
        ),
    ]
    limits: Annotated[
        list[Sentence], Field(max_length=10, description="What this does not certify.")
    ]
    text: Annotated[
        str,
        Field(max_length=10_000, pattern="^[^\\u0000]+$", description="The same to print."),
    ]
