"""What is fed back to the Board and by it: what was said and done, letters, audits asked for.

Framework sections 8, 9 and 15.
"""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.lifecycle import Lifecycle, Move
from app.models.base import Record


class FeedbackSource(StrEnum):
    """Who fed back."""

    children = "children"
    families = "families"
    practitioners = "practitioners"
    agency = "agency"
    public = "public"


class FeedbackStatus(StrEnum):
    """Where feedback stands."""

    received = "received"
    considered = "considered"
    published = "published"
    closed = "closed"


class LetterStatus(StrEnum):
    """Where a feedback letter stands."""

    draft = "draft"
    issued = "issued"
    acknowledged = "acknowledged"


class AuditRequestStatus(StrEnum):
    """Where an audit that the Board asked an agency for stands."""

    requested = "requested"
    accepted = "accepted"
    declined = "declined"
    reported = "reported"
    agreed = "agreed"
    closed = "closed"


class FeedbackItem(Record):
    """What users or agencies told the Board, without names, and what came of it."""

    __tablename__ = "feedback_items"

    source: Mapped[FeedbackSource]
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"))
    received_on: Mapped[date]
    text: Mapped[str]
    recommendation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("recommendations.id"), index=True
    )
    action_id: Mapped[UUID | None] = mapped_column(ForeignKey("actions.id"), index=True)
    you_said: Mapped[str | None]
    we_did: Mapped[str | None]
    published_on: Mapped[date | None]
    status: Mapped[FeedbackStatus] = mapped_column(server_default=FeedbackStatus.received)


class FeedbackLetter(Record):
    """What the Board tells an agency of its period: `contents` is as it stood when drafted."""

    __tablename__ = "feedback_letters"

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    period_from: Mapped[date]
    period_to: Mapped[date]
    contents: Mapped[dict[str, Any]] = mapped_column(JSONB)
    message: Mapped[str | None]
    issued_on: Mapped[date | None]
    acknowledged_on: Mapped[date | None]
    status: Mapped[LetterStatus] = mapped_column(server_default=LetterStatus.draft)


class AuditRequest(Record):
    """That the Board asks an agency to audit or review an area by a day, and what came of it."""

    __tablename__ = "audit_requests"

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    body_id: Mapped[UUID] = mapped_column(ForeignKey("bodies.id"), index=True)
    title: Mapped[str]
    area: Mapped[str]
    gateway: Mapped[str]
    due_on: Mapped[date]
    findings: Mapped[str | None]
    action_plan: Mapped[str | None]
    implemented_by: Mapped[date | None]
    status: Mapped[AuditRequestStatus] = mapped_column(server_default=AuditRequestStatus.requested)


RUN, WRITE = "learning:run", "challenges:write"
CONSIDERS = ("sub_group", "board")
IS_TOLD = "t.you_said IS NOT NULL AND t.we_did IS NOT NULL"
IS_REPORTED = "num_nulls(t.findings, t.action_plan, t.implemented_by) = 0"

FEEDBACK_LIFECYCLE = Lifecycle(
    (
        Move("received", "considered", RUN),
        Move("considered", "published", RUN, condition=IS_TOLD),
        Move("considered", "closed", RUN, needs_reason=True),
        Move("published", "closed", RUN),
    )
)
LETTER_LIFECYCLE = Lifecycle(
    (
        Move("draft", "issued", RUN),
        Move("issued", "acknowledged", WRITE, is_own=True),
    )
)
AUDIT_REQUEST_LIFECYCLE = Lifecycle(
    (
        Move("requested", "accepted", WRITE, is_own=True),
        Move("requested", "declined", WRITE, is_own=True, needs_reason=True),
        Move("accepted", "reported", WRITE, is_own=True, condition=IS_REPORTED),
        Move("reported", "accepted", RUN, needs_reason=True),
        Move("reported", "agreed", RUN, decided_by=CONSIDERS),
        *(Move(state, "closed", RUN) for state in ("declined", "agreed")),
    )
)
"""A plan that a sub group does not agree goes back to the agency."""
