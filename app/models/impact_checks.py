"""Checks of what an action, a recommendation or a briefing changed (Framework sections 22, 23)."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.lifecycle import Lifecycle, Move
from app.models.base import Record


class CheckSubject(StrEnum):
    """What is checked, by its table."""

    actions = "actions"
    recommendations = "recommendations"
    briefings = "briefings"


class ImpactMethod(StrEnum):
    """How impact is found out."""

    maca = "maca"
    survey = "survey"
    indicator = "indicator"
    sampling = "sampling"
    observation = "observation"
    child_feedback = "child_feedback"


class ImpactResult(StrEnum):
    """What a check found."""

    embedded = "embedded"
    partly_embedded = "partly_embedded"
    not_embedded = "not_embedded"
    too_early = "too_early"
    not_measurable = "not_measurable"


class ImpactCheckStatus(StrEnum):
    """Where a check stands; `cancelled`: what it was to check is closed without it."""

    scheduled = "scheduled"
    in_progress = "in_progress"
    concluded = "concluded"
    cancelled = "cancelled"


class ImpactCheck(Record):
    """A check of one record on a day, by a body.

    The database sets `agency_id`, whose agency does not check itself; null where the record is of
    no agency. `follows_id` is the check whose result made this one.
    """

    __tablename__ = "impact_checks"

    subject: Mapped[CheckSubject]
    record_id: Mapped[UUID]
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"), index=True)
    body_id: Mapped[UUID] = mapped_column(ForeignKey("bodies.id"), index=True)
    method: Mapped[ImpactMethod]
    scheduled_on: Mapped[date]
    follows_id: Mapped[UUID | None] = mapped_column(ForeignKey("impact_checks.id"), index=True)
    status: Mapped[ImpactCheckStatus] = mapped_column(server_default=ImpactCheckStatus.scheduled)
    result: Mapped[ImpactResult | None]
    text: Mapped[str | None]
    source_kind: Mapped[str | None]
    source_id: Mapped[UUID | None]
    source_title: Mapped[str | None]
    concluded_on: Mapped[date | None]
    concluded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)


CHECK = "impact-checks:write"
BY_OTHERS = "t.agency_id IS NULL OR t.agency_id IS DISTINCT FROM caller.agency_id"
IS_CLOSED = """t.subject <> 'actions' OR EXISTS (SELECT FROM actions a WHERE a.id = t.record_id
    AND a.status IN ('closed_embedded', 'closed_not_embedded', 'cancelled'))"""

IMPACT_CHECK_LIFECYCLE = Lifecycle(
    (
        Move("scheduled", "in_progress", CHECK, condition=BY_OTHERS),
        Move("in_progress", "concluded", CHECK, condition=BY_OTHERS),
        *(
            Move(
                state,
                "cancelled",
                CHECK,
                needs_reason=True,
                condition=f"({BY_OTHERS}) AND ({IS_CLOSED})",
            )
            for state in ("scheduled", "in_progress")
        ),
    )
)
