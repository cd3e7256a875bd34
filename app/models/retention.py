"""How long it is kept who the people of a case are, what stops its end, and the end itself.

Framework section 7. What stands in the way of a destruction is looked at in PostgreSQL
(`actor.refuse_destruction`), when it is proposed, at each approval, and when it is carried out.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, ForeignKey, Integer, text
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from app.lifecycle import Lifecycle, Move
from app.models.base import NarrativeText, Record


class CaseClass(StrEnum):
    """The class of the retention schedule that a case is kept under."""

    case_review_papers = "case_review_papers"
    multi_agency_case_audit_identities = "multi_agency_case_audit_identities"
    child_death_register = "child_death_register"


class OverrideStart(StrEnum):
    """The day an area's own period counts from."""

    closure = "closure"
    birth = "birth"
    death = "death"


class OverrideStatus(StrEnum):
    """Where an area's own rule stands."""

    proposed = "proposed"
    approved = "approved"
    withdrawn = "withdrawn"


class HoldReason(StrEnum):
    """Why a case is held: the reasons of the retention schedule."""

    iicsa_moratorium = "iicsa_moratorium"
    other_public_inquiry = "other_public_inquiry"
    police_investigation = "police_investigation"
    coroner = "coroner"
    civil_claim = "civil_claim"
    dsar_in_progress = "dsar_in_progress"
    complaint = "complaint"
    court_order = "court_order"


class HoldStatus(StrEnum):
    """Whether a hold is in force."""

    active = "active"
    released = "released"


class DestructionGround(StrEnum):
    """Why identities are destroyed; only the first waits for the end of the period."""

    period_over = "period_over"
    erasure_right = "erasure_right"
    court_order = "court_order"


class DestructionStatus(StrEnum):
    """Where a destruction stands; copies may still open until it is complete."""

    proposed = "proposed"
    approved = "approved"
    refused = "refused"
    withdrawn = "withdrawn"
    awaiting_key_rotation = "awaiting_key_rotation"
    complete = "complete"


class ApprovalCapacity(StrEnum):
    """For whom somebody approves a destruction."""

    data_protection = "data_protection"
    office = "office"


class CaseRetention(Record):
    """How long it is kept who the people of a case are; every case has one from its first day.

    `classified_by_id` is null until somebody confirmed the class. Days are the last of a year, so
    that none tells a birthday; `dispose_on` is null while there is no end, or it is not known.
    `basis` says what they were worked out from.
    """

    __tablename__ = "case_retentions"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), unique=True)
    record_class: Mapped[CaseClass] = mapped_column(server_default=CaseClass.case_review_papers)
    circumstances: Mapped[list[str]]
    classified_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)
    rules: Mapped[list[str]]
    review_on: Mapped[list[date]] = mapped_column(ARRAY(Date))
    dispose_on: Mapped[date | None]
    basis: Mapped[str]


class RetentionExtension(Record):
    """That a case is kept until a day, on which it is looked at again."""

    __tablename__ = "retention_extensions"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    until_on: Mapped[date]
    reason: Mapped[NarrativeText]
    decided_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)


class RetentionOverride(Record):
    """An area's own period for a class, in the place of the schedule's; stricter rules stay."""

    __tablename__ = "retention_overrides"

    record_class: Mapped[CaseClass]
    area_id: Mapped[UUID] = mapped_column(ForeignKey("areas.id"), index=True)
    years: Mapped[int]
    months: Mapped[int]
    starts_from: Mapped[OverrideStart]
    review_at_years: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    reason: Mapped[str]
    status: Mapped[OverrideStatus] = mapped_column(server_default=OverrideStatus.proposed)
    proposed_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    approved_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)


class LegalHold(Record):
    """That nothing of a case is destroyed for now."""

    __tablename__ = "legal_holds"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    hold_reason: Mapped[HoldReason]
    narrative: Mapped[NarrativeText]
    status: Mapped[HoldStatus] = mapped_column(server_default=HoldStatus.active)
    placed_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    released_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)
    released_at: Mapped[datetime | None]


class Destruction(Record):
    """The destruction of who the people of a case are: proposed, approved by two, carried out.

    `key_version` wrapped the key of the case when that was deleted: until this version is
    destroyed too, an older copy of the database can be opened with it.
    """

    __tablename__ = "destructions"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    ground: Mapped[DestructionGround]
    reasons: Mapped[NarrativeText]
    status: Mapped[DestructionStatus] = mapped_column(server_default=DestructionStatus.proposed)
    proposed_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    approved_at: Mapped[datetime | None]
    keys_deleted_at: Mapped[datetime | None]
    key_version: Mapped[int | None]
    identities_count: Mapped[int | None]
    look_up_hashes_count: Mapped[int | None]
    masked_texts_count: Mapped[int | None]
    revoked_grants_count: Mapped[int | None]
    completed_at: Mapped[datetime | None]
    completion_entry_id: Mapped[UUID | None]
    completion_seq: Mapped[int | None] = mapped_column(BigInteger)
    completion_head: Mapped[bytes | None] = mapped_column(BYTEA)


class DestructionApproval(Record):
    """That somebody approved a destruction, in one of two capacities."""

    __tablename__ = "destruction_approvals"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    destruction_id: Mapped[UUID] = mapped_column(ForeignKey("destructions.id"))
    capacity: Mapped[ApprovalCapacity]
    approved_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)


class ExportStatus(StrEnum):
    """Where a subject access export stands. That it is over is worked out, never a state."""

    prepared = "prepared"
    reviewed = "reviewed"
    released = "released"
    withdrawn = "withdrawn"


class PassageDecision(StrEnum):
    """What becomes of a passage in an export."""

    pending = "pending"
    release = "release"
    withhold = "withhold"


class SubjectExport(Record):
    """An answer to somebody who asks what is held on them; its content is never stored."""

    __tablename__ = "subject_exports"

    person_ids: Mapped[list[UUID]]
    gateway: Mapped[str]
    purpose: Mapped[str]
    status: Mapped[ExportStatus] = mapped_column(server_default=ExportStatus.prepared)
    requested_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"))
    reviewed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)
    reviewed_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    downloaded_at: Mapped[datetime | None]


class SubjectExportPassage(Record):
    """A narrative that speaks of the person, for a human to decide on.

    `digest` is the hash of the text as it was decided on: another text is not released.
    """

    __tablename__ = "subject_export_passages"

    subject_export_id: Mapped[UUID] = mapped_column(ForeignKey("subject_exports.id"))
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    subject: Mapped[str]
    record_id: Mapped[UUID]
    member: Mapped[str]
    digest: Mapped[bytes] = mapped_column(BYTEA)
    mentions_others: Mapped[bool]
    decision: Mapped[PassageDecision] = mapped_column(server_default=text("'pending'"))
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)


WRITE, APPROVE, APPROVE_AS_DPO = "retention:write", "retention:approve", "retention:approve-as-dpo"
OTHERS = "t.proposed_by_id <> caller.id"

OVERRIDE_LIFECYCLE = Lifecycle(
    (
        Move("proposed", "approved", APPROVE, condition=OTHERS),
        Move("proposed", "approved", APPROVE_AS_DPO, condition=OTHERS),
        Move("proposed", "withdrawn", WRITE),
        Move("approved", "withdrawn", WRITE, needs_reason=True),
        Move("approved", "withdrawn", APPROVE_AS_DPO, needs_reason=True),
    )
)
HOLD_LIFECYCLE = Lifecycle((Move("active", "released", WRITE, needs_reason=True),))
DESTRUCTION_LIFECYCLE = Lifecycle(
    tuple(
        Move(source, target, needs, needs_reason=True)
        for source in ("proposed", "approved")
        for target, needs in (
            ("withdrawn", WRITE),
            ("refused", APPROVE),
            ("refused", APPROVE_AS_DPO),
        )
    )
)
"""Lifecycle 15. Approvals are records of their own; the keeper moves a destruction from there."""

EXPORT, ALL_CASES = "subject-exports:write", "cases:all"
EXPORT_LIFECYCLE = Lifecycle(
    (
        Move(
            "prepared",
            "reviewed",
            ALL_CASES,
            condition="t.requested_by_id <> caller.id AND NOT EXISTS (SELECT FROM"
            " subject_export_passages p WHERE p.subject_export_id = t.id"
            " AND p.decision = 'pending')",
        ),
        Move("reviewed", "released", EXPORT),
        *(
            Move(source, "withdrawn", EXPORT, needs_reason=True)
            for source in ("prepared", "reviewed", "released")
        ),
    )
)
