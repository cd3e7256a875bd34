"""Reports of agencies on a case under review, and the integrated chronology.

Framework section 16: what each agency did, in the order in which it happened.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, SmallInteger, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.lifecycle import Lifecycle, Move
from app.models.base import NarrativeText
from app.models.case_reviews import OfReview


class ReportStatus(StrEnum):
    """Where a report stands. That it is overdue is worked out, never a state."""

    requested = "requested"
    in_progress = "in_progress"
    agency_signed_off = "agency_signed_off"
    submitted = "submitted"
    returned = "returned"
    accepted = "accepted"


class Precision(StrEnum):
    """How exactly it is known when something happened."""

    day = "day"
    month = "month"
    year = "year"


class AgencyReport(OfReview):
    """What one agency reports to one review.

    `author_ids` are who wrote it, the last one at the end; PostgreSQL keeps it.
    """

    __tablename__ = "agency_reports"

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    working_days: Mapped[int] = mapped_column(SmallInteger)
    due_on: Mapped[date]
    status: Mapped[ReportStatus] = mapped_column(server_default=ReportStatus.requested)
    involvement: Mapped[NarrativeText | None]
    analysis: Mapped[NarrativeText | None]
    good_practice: Mapped[NarrativeText | None]
    learning: Mapped[NarrativeText | None]
    what_difference: Mapped[NarrativeText | None]
    author_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    requested_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    signed_off_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)
    signed_off_at: Mapped[datetime | None]
    submitted_on: Mapped[date | None]
    times_returned: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))


class ChronologyEntry(OfReview):
    """Something that happened, as one agency knows it.

    `happened_on` is the first day, of the month or year where no more is known. `pushed_mac` is a
    keyed hash of what a system sent last, so that the same again is no change.
    """

    __tablename__ = "chronology_entries"

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    external_ref: Mapped[str | None]
    happened_on: Mapped[date]
    happened_to: Mapped[date | None]
    happened_at: Mapped[str | None]
    precision: Mapped[Precision]
    source: Mapped[NarrativeText | None]
    event: Mapped[NarrativeText]
    significance: Mapped[NarrativeText | None]
    practice_comment: Mapped[NarrativeText | None]
    is_withdrawn: Mapped[bool] = mapped_column(server_default=text("false"))
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    pushed_mac: Mapped[bytes | None] = mapped_column(LargeBinary)


WRITE, SIGN_OFF, RUN = "agency-reports:write", "audit-responses:sign-off", "case-reviews:write"
OTHERS_WROTE = "array_remove(t.author_ids, caller.id) <> '{}'"
"""Somebody else wrote it: who signs off a report is never its sole author."""

REPORT_LIFECYCLE = Lifecycle(
    (
        Move("requested", "in_progress", WRITE, is_own=True),
        Move("in_progress", "agency_signed_off", SIGN_OFF, is_own=True, condition=OTHERS_WROTE),
        Move("agency_signed_off", "in_progress", WRITE, is_own=True),
        Move("agency_signed_off", "submitted", WRITE, is_own=True),
        Move("submitted", "returned", RUN, is_others=True, needs_reason=True),
        Move("submitted", "accepted", RUN, is_others=True),
        Move("returned", "in_progress", WRITE, is_own=True),
    )
)
"""The agency's senior signs off; what is written again afterwards is signed off again."""
