"""Reviews of others that the Board learns from: neighbouring, national, of other sectors.

Framework section 16. They are about no case of ours, so they name nobody and every partner reads
them.
"""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Record


class ExternalReviewKind(StrEnum):
    """Where a review comes from."""

    national = "national"
    neighbouring = "neighbouring"
    thematic = "thematic"
    other_sector = "other_sector"


class Applicability(StrEnum):
    """Whether what was learned elsewhere applies here."""

    yes = "yes"
    partly = "partly"
    no = "no"


class ExternalReview(Record):
    """A review that somebody else has published."""

    __tablename__ = "external_reviews"

    title: Mapped[str]
    publisher: Mapped[str]
    kind: Mapped[ExternalReviewKind]
    published_on: Mapped[date]
    url: Mapped[str | None]
    topics: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    summary: Mapped[str]


class ApplicabilityJudgement(Record):
    """What the sub group holds of a review of others. The newest counts."""

    __tablename__ = "applicability_judgements"

    external_review_id: Mapped[UUID] = mapped_column(ForeignKey("external_reviews.id"))
    applies: Mapped[Applicability]
    reasons: Mapped[str]
    decided_on: Mapped[date]
    decided_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)


class ReviewConflict(Record):
    """That a review asks for other than another one, or than the Board itself has recommended.

    One of `conflicts_with_id` and `recommendation_reference` is given. `resolved_on` is null while
    agencies that work across boundaries are asked for both.
    """

    __tablename__ = "review_conflicts"

    external_review_id: Mapped[UUID] = mapped_column(ForeignKey("external_reviews.id"))
    conflicts_with_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("external_reviews.id"), index=True
    )
    recommendation_reference: Mapped[str | None]
    explanation: Mapped[str]
    resolved_on: Mapped[date | None]
