"""Audits and the responses of agencies to them (Framework section 15)."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, SmallInteger, text
from sqlalchemy.dialects.postgresql import BYTEA, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.lifecycle import Lifecycle, Move
from app.models.base import NarrativeText, Record
from app.models.instruments import AuditKind


class AuditStatus(StrEnum):
    """Where an audit stands. `grace`: due, not yet locked."""

    draft = "draft"
    approved = "approved"
    open = "open"
    grace = "grace"
    closed = "closed"
    moderating = "moderating"
    challenge = "challenge"
    reporting = "reporting"
    concluded = "concluded"
    archived = "archived"
    cancelled = "cancelled"


class ResponseStatus(StrEnum):
    """Where an agency's response stands."""

    not_started = "not_started"
    in_progress = "in_progress"
    agency_review = "agency_review"
    submitted = "submitted"
    returned = "returned"
    accepted = "accepted"
    moderated = "moderated"
    challenged = "challenged"
    final = "final"
    locked = "locked"
    exempt = "exempt"
    non_return = "non_return"
    withdrawn = "withdrawn"


class Audit(Record):
    """One round of an instrument: whom it asks, from when to when.

    Dates are inclusive, in the United Kingdom. A retrospective audit records a round of the past:
    the clock does not move it, and its returns say on which day they were submitted.
    """

    __tablename__ = "audits"

    reference: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    kind: Mapped[AuditKind]
    instrument_id: Mapped[UUID] = mapped_column(ForeignKey("instruments.id"), index=True)
    previous_audit_id: Mapped[UUID | None] = mapped_column(ForeignKey("audits.id"), index=True)
    opens_on: Mapped[date]
    due_on: Mapped[date]
    locks_on: Mapped[date]
    is_retrospective: Mapped[bool] = mapped_column(server_default=text("false"))
    status: Mapped[AuditStatus] = mapped_column(server_default=AuditStatus.draft)


class RosterEntry(Record):
    """That an audit asks an agency, and on what basis."""

    __tablename__ = "roster_entries"

    audit_id: Mapped[UUID] = mapped_column(ForeignKey("audits.id"), index=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    duty_basis: Mapped[str | None]


class AuditResponse(Record):
    """The response of one agency to one audit.

    `revision` counts submissions. `submitted_on` is the day of the last one in the United
    Kingdom; `is_late` compares it with the day the audit was due. `answered` counts answers of the
    agency's own, `unanswered` the mandatory questions left; null before the first answer.
    """

    __tablename__ = "audit_responses"

    audit_id: Mapped[UUID] = mapped_column(ForeignKey("audits.id"), index=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    duty_basis: Mapped[str | None]
    status: Mapped[ResponseStatus] = mapped_column(server_default=ResponseStatus.not_started)
    revision: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    times_returned: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    completed_by: Mapped[str | None]
    signed_off_by: Mapped[str | None]
    contributor_ids: Mapped[list[UUID]] = mapped_column(server_default=text("'{}'"))
    answered: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    unanswered: Mapped[int | None] = mapped_column(SmallInteger)
    submitted_by_id: Mapped[UUID | None]
    submitted_at: Mapped[datetime | None]
    submitted_on: Mapped[date | None]
    is_late: Mapped[bool | None]
    reason: Mapped[str | None]
    external_ref: Mapped[str | None]
    previous_response_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("audit_responses.id"), index=True
    )


class Answer(Record):
    """An agency's answer to one question. What moderators and the past say stands beside it."""

    __tablename__ = "answers"

    response_id: Mapped[UUID] = mapped_column(ForeignKey("audit_responses.id"))
    audit_id: Mapped[UUID] = mapped_column(ForeignKey("audits.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    question_id: Mapped[UUID] = mapped_column(ForeignKey("questions.id"), index=True)
    grade: Mapped[str | None]
    value: Mapped[Any | None] = mapped_column(JSONB)
    narrative: Mapped[str | None]
    impact: Mapped[str | None]
    is_not_applicable: Mapped[bool] = mapped_column(server_default=text("false"))
    not_applicable_reason: Mapped[str | None]
    is_good_practice: Mapped[bool] = mapped_column(server_default=text("false"))
    may_be_shared: Mapped[bool] = mapped_column(server_default=text("false"))
    improvements: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    own_reference: Mapped[str | None]
    answered_by_id: Mapped[UUID | None]
    previous_grade: Mapped[str | None]
    previous_narrative: Mapped[str | None]
    is_carried_forward: Mapped[bool] = mapped_column(server_default=text("false"))
    moderated_grade: Mapped[str | None]
    moderator_comment: Mapped[str | None]
    returned_comment: Mapped[str | None]


class Submission(Record):
    """What an agency submitted, as it was: never changed afterwards.

    `answers` is the whole return as it stood; `content_sha256` tells whether a push is a repeat.
    """

    __tablename__ = "submissions"

    response_id: Mapped[UUID] = mapped_column(ForeignKey("audit_responses.id"))
    audit_id: Mapped[UUID] = mapped_column(ForeignKey("audits.id"), index=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    revision: Mapped[int] = mapped_column(SmallInteger)
    completed_by: Mapped[str]
    signed_off_by: Mapped[str]
    submitted_on: Mapped[date]
    submitted_by_id: Mapped[UUID | None]
    external_ref: Mapped[str | None]
    content_sha256: Mapped[bytes] = mapped_column(BYTEA)
    answers: Mapped[list[Any]] = mapped_column(JSONB)


class Evidence(Record):
    """A file behind an answer. The bytes lie beside the database, under `storage_key`."""

    __tablename__ = "evidence"

    response_id: Mapped[UUID] = mapped_column(ForeignKey("audit_responses.id"), index=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    question_id: Mapped[UUID | None] = mapped_column(ForeignKey("questions.id"), index=True)
    file_name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    storage_key: Mapped[str]
    description: Mapped[str | None]
    expires_on: Mapped[date | None]
    scan_result: Mapped[str]
    uploaded_by_id: Mapped[UUID | None]


class LockException(Record):
    """Leave for one agency to answer after the lock, from one person and approved by another."""

    __tablename__ = "lock_exceptions"

    response_id: Mapped[UUID] = mapped_column(ForeignKey("audit_responses.id"), index=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    reason: Mapped[str]
    expires_at: Mapped[datetime]
    requested_by_id: Mapped[UUID]
    approved_by_id: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class GoodPractice(Record):
    """What one agency does well, shared with all by its leave (Framework section 15)."""

    __tablename__ = "good_practice"

    answer_id: Mapped[UUID] = mapped_column(ForeignKey("answers.id"), unique=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    audit_id: Mapped[UUID] = mapped_column(ForeignKey("audits.id"), index=True)
    question_code: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]


class Transition(Record):
    """That a record moved from one state to another: who, when and why.

    `reason` is a narrative where the record belongs to a case.
    """

    __tablename__ = "transitions"

    subject: Mapped[str]
    record_id: Mapped[UUID]
    agency_id: Mapped[UUID | None]
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    from_state: Mapped[str]
    to_state: Mapped[str]
    reason: Mapped[NarrativeText | None]
    actor_id: Mapped[UUID]
    decision_id: Mapped[UUID | None] = mapped_column(ForeignKey("decisions.id"), index=True)


APPROVE, RUN = "audits:approve", "audits:write"
FILL_IN, SIGN_OFF = "audit-responses:write", "audit-responses:sign-off"
MODERATE = "audit-responses:moderate"
ROSTERED = "EXISTS (SELECT FROM roster_entries e WHERE e.audit_id = t.id)"

AUDIT_LIFECYCLE = Lifecycle(
    (
        Move("draft", "approved", APPROVE, condition=ROSTERED),
        Move("approved", "open", RUN),
        Move("open", "grace", RUN),
        Move("open", "closed", RUN, needs_reason=True),
        Move("grace", "closed", RUN),
        Move("closed", "moderating", RUN),
        Move("closed", "reporting", RUN),
        Move("moderating", "challenge", RUN),
        Move("moderating", "reporting", RUN, needs_reason=True),
        Move("challenge", "reporting", RUN),
        Move("reporting", "concluded", APPROVE),
        Move("concluded", "archived", RUN),
        *(
            Move(state, "cancelled", APPROVE, needs_reason=True)
            for state in ("draft", "approved", "open", "grace")
        ),
    )
)
"""Lifecycle 1. The clock moves `approved`, `open` and `grace` on as the worker, an actor like any
other. Schools audits go from `closed` to `reporting` unless sampled for moderation."""

MAY_WRITE = (
    "EXISTS (SELECT FROM audits a WHERE a.id = t.audit_id AND a.status IN ('open', 'grace'))"
    " OR EXISTS (SELECT FROM lock_exceptions x WHERE x.response_id = t.id"
    " AND x.approved_by_id IS NOT NULL AND x.revoked_at IS NULL AND x.expires_at > now())"
)
"""The audit takes answers, or the agency has leave to answer after the lock."""

OTHERS_TOOK_PART = "array_remove(t.contributor_ids, caller.id) <> '{}'"
"""Somebody else filled in: who signs off a response is never its sole contributor."""

RESPONSE_LIFECYCLE = Lifecycle(
    (
        Move("not_started", "in_progress", FILL_IN, is_own=True, condition=MAY_WRITE),
        Move("in_progress", "agency_review", FILL_IN, is_own=True, condition=MAY_WRITE),
        Move("agency_review", "in_progress", FILL_IN, is_own=True, condition=MAY_WRITE),
        Move(
            "agency_review",
            "submitted",
            SIGN_OFF,
            is_own=True,
            condition=f"({MAY_WRITE}) AND {OTHERS_TOOK_PART}",
        ),
        Move("returned", "in_progress", FILL_IN, is_own=True, condition=MAY_WRITE),
        Move("submitted", "in_progress", FILL_IN, is_own=True, condition=MAY_WRITE),
        Move("non_return", "in_progress", FILL_IN, is_own=True, condition=MAY_WRITE),
        Move(
            "submitted",
            "returned",
            MODERATE,
            is_others=True,
            needs_reason=True,
            condition="t.times_returned < 2",
        ),
        Move("submitted", "accepted", MODERATE, is_others=True),
        Move("accepted", "moderated", MODERATE, is_others=True),
        Move("accepted", "final", MODERATE, is_others=True),
        Move("moderated", "challenged", MODERATE, is_others=True),
        Move("moderated", "final", MODERATE, is_others=True),
        Move("challenged", "final", MODERATE, is_others=True),
        Move("final", "locked", RUN),
        *(
            Move(state, "exempt", APPROVE, needs_reason=True)
            for state in ("not_started", "in_progress")
        ),
        *(
            Move(state, "withdrawn", RUN, needs_reason=True)
            for state in ("not_started", "in_progress", "agency_review", "submitted", "returned")
        ),
        *(
            Move(state, "non_return", RUN, condition="t.revision = 0")
            for state in ("not_started", "in_progress", "agency_review", "returned")
        ),
    )
)
"""Lifecycle 2. An agency's system does not move states: it pushes a submission, which carries who
completed and who signed off, and arrives as `submitted`."""
