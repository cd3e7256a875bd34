"""Publication of case reviews: drafts, checks, decisions, notices, withdrawals (section 16).

What is published stands in `app.models.published_reports`, with nothing that leads back here.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.lifecycle import Lifecycle, Move
from app.models.base import NarrativeText, Record

Places = list[dict[str, Any]]
"""Places in a rendition, as the contract's `PublicationPlace` has them."""


class PublicationKind(StrEnum):
    """What is published of a review."""

    overview_report = "overview_report"
    summary = "summary"
    response = "response"
    improvements_information = "improvements_information"


class PublicationStatus(StrEnum):
    """Where a publication stands."""

    draft = "draft"
    approved = "approved"
    withheld = "withheld"
    published = "published"
    withdrawn = "withdrawn"


class PublicationDecisionCode(StrEnum):
    """What is decided about a publication."""

    publish_full = "publish_full"
    publish_redacted = "publish_redacted"
    publish_summary_only = "publish_summary_only"
    improvements_information_only = "improvements_information_only"
    withhold = "withhold"


class Publication(Record):
    """One version of what is to be published of a review.

    `editor_ids` are all who wrote of it; `warnings` are places in its rendition; `can_publish_on`
    is the first day its notices allow, null until all are sent; `available_until` is the first
    day on which it may be taken down without the decision maker, null before publication.
    """

    __tablename__ = "publications"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    case_review_id: Mapped[UUID] = mapped_column(ForeignKey("case_reviews.id"), index=True)
    kind: Mapped[PublicationKind]
    version: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[NarrativeText]
    status: Mapped[PublicationStatus] = mapped_column(server_default=PublicationStatus.draft)
    planned_on: Mapped[date | None]
    notices_due_on: Mapped[date | None]
    can_publish_on: Mapped[date | None]
    family_informed_on: Mapped[date | None]
    warnings: Mapped[Places] = mapped_column(JSONB, server_default=text("'[]'"))
    editor_ids: Mapped[list[UUID]] = mapped_column(server_default=text("'{}'"))
    report_id: Mapped[UUID | None]
    published_on: Mapped[date | None]
    available_until: Mapped[date | None]


class PublicationSection(Record):
    """A section of a publication, counted from 1."""

    __tablename__ = "publication_sections"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    publication_id: Mapped[UUID] = mapped_column(ForeignKey("publications.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    heading: Mapped[NarrativeText]
    text: Mapped[NarrativeText]


class PublicationLabel(Record):
    """What a person of the case, by its number there, is called in one publication alone."""

    __tablename__ = "publication_labels"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    publication_id: Mapped[UUID] = mapped_column(ForeignKey("publications.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), index=True)
    number: Mapped[int] = mapped_column(SmallInteger)
    label: Mapped[str]


class PublicationCheck(Record):
    """What was found in a rendition, named by its hash, with the people registered by then."""

    __tablename__ = "publication_checks"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    publication_id: Mapped[UUID] = mapped_column(ForeignKey("publications.id"))
    sha256: Mapped[str]
    people_version: Mapped[int]
    is_clean: Mapped[bool]
    findings: Mapped[Places] = mapped_column(JSONB)
    accepted: Mapped[Places] = mapped_column(JSONB)
    warnings: Mapped[Places] = mapped_column(JSONB)
    checked_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    second_person_confirmed_by_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("principals.id"), index=True
    )
    confirmed_at: Mapped[datetime | None]


class PublicationDecision(Record):
    """That a publication is to be published, or withheld: for which reasons, by whom.

    `check_id` is the check of the text that was decided on; null where it is withheld.
    """

    __tablename__ = "publication_decisions"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    publication_id: Mapped[UUID] = mapped_column(ForeignKey("publications.id"))
    check_id: Mapped[UUID | None] = mapped_column(ForeignKey("publication_checks.id"), index=True)
    decision: Mapped[PublicationDecisionCode]
    reasons: Mapped[NarrativeText]
    withhold_reason: Mapped[str | None]
    legal_advice_reference: Mapped[NarrativeText | None]
    review_on: Mapped[date | None]
    decided_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)


class PublicationNotice(Record):
    """That the report was sent to a body ahead of its publication, after a decision on it."""

    __tablename__ = "publication_notices"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    publication_id: Mapped[UUID] = mapped_column(ForeignKey("publications.id"))
    decision_id: Mapped[UUID] = mapped_column(ForeignKey("publication_decisions.id"))
    recipient: Mapped[str]
    sent_on: Mapped[date]
    sent_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)


class PublicationWithdrawal(Record):
    """That a published report was taken down: why, by whom, and what the public is told."""

    __tablename__ = "publication_withdrawals"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    publication_id: Mapped[UUID] = mapped_column(ForeignKey("publications.id"))
    reason: Mapped[NarrativeText]
    public_reason: Mapped[str]
    withdrawn_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)


PUBLICATION_LIFECYCLE = Lifecycle((Move("approved", "published", "cases:write"),))
"""Lifecycle 6. A decision moves a publication to `approved` or `withheld`, a withdrawal what is
published to `withdrawn`: each is an operation of its own. What else publishing needs is looked at
when it is asked for, and again by PostgreSQL (`actor.publish`)."""
