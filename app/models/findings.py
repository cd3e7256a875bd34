"""Findings, whatever they come from, and the forums where practitioners learn together.

Framework sections 1, 3, 9 and 23. One table for all sources: what is learned goes one way.
"""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, SmallInteger, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.lifecycle import Lifecycle, Move
from app.models.base import Record
from app.models.review_work import FindingKind, FindingScope


class SourceKind(StrEnum):
    """What something was learned from; `app.reference.source_kinds` has the area of each."""

    indicator = "indicator"
    s11 = "s11"
    s175 = "s175"
    maca = "maca"
    eha_audit = "eha_audit"
    single_agency_audit = "single_agency_audit"
    thematic_audit = "thematic_audit"
    case_review = "case_review"
    cdop = "cdop"
    survey_children = "survey_children"
    survey_families = "survey_families"
    survey_practitioners = "survey_practitioners"
    forum = "forum"
    training_evaluation = "training_evaluation"
    training_return = "training_return"
    assurance_report = "assurance_report"
    agency_annual_report = "agency_annual_report"
    subgroup_annual_report = "subgroup_annual_report"
    inspection = "inspection"
    complaint_compliment = "complaint_compliment"
    deep_dive = "deep_dive"
    national_research = "national_research"
    neighbour_learning = "neighbour_learning"
    jsna = "jsna"


class SourceArea(StrEnum):
    """What a source can tell (Framework figure 3)."""

    data = "data"
    qualitative = "qualitative"
    business = "business"


class FindingStatus(StrEnum):
    """Where a finding stands; a strength is `shared` without a check."""

    drafted = "drafted"
    factual_check = "factual_check"
    disputed = "disputed"
    confirmed = "confirmed"
    resolved = "resolved"
    shared = "shared"
    linked = "linked"
    closed = "closed"


class LearningFinding(Record):
    """What was found, of one agency, of several or of the system.

    `agency_id` is null where it is of no single agency. The database sets `source_case_id` from the
    case review it comes from, and who drafted, confirmed and released it.
    """

    __tablename__ = "findings"

    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"))
    kind: Mapped[FindingKind]
    scope: Mapped[FindingScope]
    title: Mapped[str]
    text: Mapped[str]
    analysis: Mapped[str | None]
    method: Mapped[dict[str, Any] | None]
    severity: Mapped[int | None] = mapped_column(SmallInteger)
    spread: Mapped[int | None] = mapped_column(SmallInteger)
    standard: Mapped[str | None]
    priority_id: Mapped[UUID | None] = mapped_column(ForeignKey("priorities.id"), index=True)
    body_id: Mapped[UUID | None] = mapped_column(ForeignKey("bodies.id"))
    source_kind: Mapped[SourceKind]
    source_id: Mapped[UUID | None]
    source_title: Mapped[str]
    source_case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    review_finding_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("review_findings.id"), unique=True
    )
    status: Mapped[FindingStatus] = mapped_column(server_default=FindingStatus.drafted)
    factual_check_due_on: Mapped[date | None]
    facts_accepted_on: Mapped[date | None]
    drafted_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    confirmed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)
    confirmed_on: Mapped[date | None]
    is_released: Mapped[bool] = mapped_column(server_default=false())
    released_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("principals.id"), index=True)
    release_decision_id: Mapped[UUID | None] = mapped_column(ForeignKey("decisions.id"), index=True)
    release_reason: Mapped[str | None]


class PractitionerForum(Record):
    """A forum where practitioners of several agencies learn together (duty 1.3)."""

    __tablename__ = "practitioner_forums"

    held_on: Mapped[date]
    title: Mapped[str]
    agency_ids: Mapped[list[UUID]] = mapped_column(server_default=text("'{}'"))
    themes_raised: Mapped[str | None]


WRITE, LEAD, CONFIRM = "findings:write", "recommendations:write", "findings:confirm"
IS_STRENGTH = "t.kind IN ('strength', 'good_practice')"
TO_CHECK = f"NOT {IS_STRENGTH} AND t.agency_id IS NOT NULL"
BY_OTHERS = (
    "t.drafted_by_id <> caller.id"
    " AND (t.agency_id IS NULL OR t.agency_id IS DISTINCT FROM caller.agency_id)"
)
IS_CHECKED = (
    "(t.facts_accepted_on IS NOT NULL"
    " OR t.factual_check_due_on < (now() AT TIME ZONE 'Europe/London')::date)"
)
IS_LINKED = (
    "(EXISTS (SELECT FROM recommendation_findings l WHERE l.finding_id = t.id)"
    " OR EXISTS (SELECT FROM theme_findings l WHERE l.finding_id = t.id)"
    " OR EXISTS (SELECT FROM actions a WHERE a.finding_id = t.id))"
)

FINDING_LIFECYCLE = Lifecycle(
    (
        Move("drafted", "factual_check", WRITE, condition=TO_CHECK),
        Move(
            "drafted",
            "confirmed",
            CONFIRM,
            condition=f"NOT {IS_STRENGTH} AND t.agency_id IS NULL AND {BY_OTHERS}",
        ),
        Move("drafted", "shared", CONFIRM, condition=IS_STRENGTH),
        Move("factual_check", "confirmed", CONFIRM, condition=f"{IS_CHECKED} AND {BY_OTHERS}"),
        Move("factual_check", "disputed", WRITE, is_own=True, needs_reason=True),
        Move("disputed", "resolved", CONFIRM, needs_reason=True, condition=BY_OTHERS),
        *(
            Move(state, "linked", LEAD, condition=IS_LINKED)
            for state in ("confirmed", "resolved", "shared")
        ),
        *(
            Move(state, "closed", CONFIRM, needs_reason=True)
            for state in ("confirmed", "resolved", "shared", "linked")
        ),
    )
)
"""A finding of an agency is confirmed when that agency has accepted the facts or let the days of
the check pass; never by who drafted it, nor by somebody of that agency."""
