"""Case reviews: what becomes of an incident, and who decides it (Framework section 16).

The value lists are those of `app.reference.review_types`. Where a review may go stands in
`app.models.review_lifecycle`; what is said and done on it in `app.models.review_work`.
"""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import NarrativeText, Record


class ReviewTypeCode(StrEnum):
    """Types of review that are run here. None is `sar`: three things are called that."""

    scr = "scr"
    rapid_review = "rapid_review"
    lcspr = "lcspr"
    case_mapping_exercise = "case_mapping_exercise"
    single_agency_review = "single_agency_review"
    multi_agency_learning_review = "multi_agency_learning_review"
    practice_learning_review = "practice_learning_review"
    deep_dive = "deep_dive"
    thematic_review = "thematic_review"


class RegimeCode(StrEnum):
    """The regimes of `app.reference.regimes`."""

    LSCB_WT2013 = "LSCB_WT2013"
    LSCB_WT2015 = "LSCB_WT2015"
    LSP_WT2018 = "LSP_WT2018"
    LSP_WT2023 = "LSP_WT2023"
    LSP_WT2026 = "LSP_WT2026"


class TriggerHarm(StrEnum):
    """What happened to the child."""

    death = "death"
    death_suspected_suicide = "death_suspected_suicide"
    serious_harm = "serious_harm"
    near_miss_learning = "near_miss_learning"
    none = "none"


class Outcome(StrEnum):
    """What is recommended or decided about an incident."""

    statutory_review = "statutory_review"
    rapid_review_only = "rapid_review_only"
    case_mapping_exercise = "case_mapping_exercise"
    single_agency_review = "single_agency_review"
    thematic_audit = "thematic_audit"
    refer_to_other_process = "refer_to_other_process"
    no_further_action = "no_further_action"


class Methodology(StrEnum):
    """How a review is done."""

    systems_learning_together = "systems_learning_together"
    silp = "silp"
    sili = "sili"
    root_cause = "root_cause"
    appreciative_inquiry = "appreciative_inquiry"
    rapid = "rapid"
    traditional_imr = "traditional_imr"
    other = "other"


class PanelResponse(StrEnum):
    """What the national Panel answers to a rapid review."""

    agree = "agree"
    query = "query"
    national_review = "national_review"


class ReviewStatus(StrEnum):
    """Where a review stands. A state is named after what has been done last."""

    notified = "notified"
    triage = "triage"
    screening = "screening"
    sg_recommendation = "sg_recommendation"
    chair_decision = "chair_decision"
    incident_notified = "incident_notified"
    criteria_agreed = "criteria_agreed"
    rapid_review = "rapid_review"
    sent_to_panel = "sent_to_panel"
    panel_response = "panel_response"
    partners_decision = "partners_decision"
    no_further_action = "no_further_action"
    other_process = "other_process"
    audit_theme = "audit_theme"
    commissioned = "commissioned"
    conducting = "conducting"
    paused = "paused"
    report_draft = "report_draft"
    agencies_fact_check = "agencies_fact_check"
    family_shared = "family_shared"
    sg_endorsed = "sg_endorsed"
    board_approved = "board_approved"
    publication_decision = "publication_decision"
    pre_publication_notice = "pre_publication_notice"
    published = "published"
    withheld = "withheld"
    mapping_event_held = "mapping_event_held"
    learning_agreed = "learning_agreed"
    briefing = "briefing"
    agreed_with_sub_group = "agreed_with_sub_group"
    in_progress = "in_progress"
    report_received = "report_received"
    considered = "considered"
    learning_implementation = "learning_implementation"
    impact = "impact"
    closed = "closed"


class CaseReview(Record):
    """The review of one incident, from its notification on.

    It begins as the review that the regime has for incidents; a decision may make it another
    type. `outcome`, `decided_on` and `initiated_on` follow from decisions alone.
    """

    __tablename__ = "case_reviews"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    review_type: Mapped[ReviewTypeCode]
    regime: Mapped[str]
    status: Mapped[ReviewStatus]
    harm: Mapped[TriggerHarm]
    notified_on: Mapped[date]
    aware_on: Mapped[date | None]
    is_looked_after_child_death: Mapped[bool] = mapped_column(server_default=text("false"))
    methodology: Mapped[Methodology | None]
    panel_response: Mapped[PanelResponse | None]
    criteria_version: Mapped[int] = mapped_column(server_default=text("0"))
    outcome: Mapped[Outcome | None]
    decided_on: Mapped[date | None]
    initiated_on: Mapped[date | None]
    title: Mapped[NarrativeText | None]
    circumstances: Mapped[NarrativeText | None]
    terms_of_reference: Mapped[NarrativeText | None]
    summary: Mapped[NarrativeText | None]
    learning: Mapped[NarrativeText | None]


class OfReview(Record):
    """What belongs to one review."""

    __abstract__ = True

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    case_review_id: Mapped[UUID] = mapped_column(ForeignKey("case_reviews.id"))


class CaseNotification(OfReview):
    """What an agency said when it notified of an incident. It stays as it was said."""

    __tablename__ = "case_notifications"

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"))
    harm: Mapped[TriggerHarm]
    occurred_on: Mapped[date | None]
    aware_on: Mapped[date | None]
    is_looked_after_child_death: Mapped[bool] = mapped_column(server_default=text("false"))
    circumstances: Mapped[NarrativeText]
    immediate_action: Mapped[NarrativeText | None]
