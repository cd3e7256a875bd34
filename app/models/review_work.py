"""What is said and done on a review: criteria, decisions, clocks, reviewers, panel, findings.

Framework section 16. Answers, recommendations and decisions are only ever added.
"""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import NarrativeText
from app.models.case_reviews import OfReview, Outcome


class ProcessKind(StrEnum):
    """A process beside a review, or a review that others run and we only refer to."""

    criminal = "criminal"
    coroner = "coroner"
    care_proceedings = "care_proceedings"
    disciplinary = "disciplinary"
    professional_regulator = "professional_regulator"
    iopc = "iopc"
    psii_health = "psii_health"
    dardr = "dardr"
    safeguarding_adults_review = "safeguarding_adults_review"
    complaint = "complaint"
    civil_claim = "civil_claim"
    national_review = "national_review"
    mappa_scr = "mappa_scr"
    cdop_link = "cdop_link"
    leder = "leder"
    offensive_weapons_homicide_review = "offensive_weapons_homicide_review"


class ContactMethod(StrEnum):
    """How a family was spoken to."""

    meeting = "meeting"
    telephone = "telephone"
    letter = "letter"
    video_call = "video_call"
    other = "other"


class FindingKind(StrEnum):
    """What a finding says of practice: strengths as well as shortfalls."""

    strength = "strength"
    good_practice = "good_practice"
    area_for_development = "area_for_development"
    concern = "concern"
    immediate_safeguarding = "immediate_safeguarding"
    system_theme = "system_theme"


class FindingScope(StrEnum):
    """Whose practice a finding is about."""

    single_agency = "single_agency"
    multi_agency = "multi_agency"
    system = "system"


class CriterionAnswer(OfReview):
    """An answer to one limb of the criteria. `is_met` is null while it cannot be said."""

    __tablename__ = "case_review_criteria"

    version: Mapped[int]
    limb: Mapped[str]
    is_met: Mapped[bool | None]
    reason: Mapped[NarrativeText]
    answered_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)


class Recommendation(OfReview):
    """What the sub group recommends. Votes are null where it was of one mind."""

    __tablename__ = "case_review_recommendations"

    outcome: Mapped[Outcome]
    recommended_on: Mapped[date]
    is_consensus: Mapped[bool]
    votes_for: Mapped[int | None]
    votes_against: Mapped[int | None]
    votes_abstained: Mapped[int | None]
    reasons: Mapped[NarrativeText]
    dissent: Mapped[NarrativeText | None]
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)


class Decision(OfReview):
    """What the regime's decision maker decides: one for each review, for good.

    PostgreSQL itself compares it with the last recommendation, if there is one.
    """

    __tablename__ = "case_review_decisions"

    outcome: Mapped[Outcome]
    decided_on: Mapped[date]
    decided_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    recommendation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("case_review_recommendations.id"), index=True
    )
    differs_from_recommendation: Mapped[bool] = mapped_column(server_default=text("false"))
    reasons: Mapped[NarrativeText]
    reasons_for_difference: Mapped[NarrativeText | None]


class Deadline(OfReview):
    """A clock of the regime that runs. `is_earliest`: the first day on which, not the last."""

    __tablename__ = "case_deadlines"

    clock: Mapped[str]
    recipient: Mapped[str | None]
    starts_on: Mapped[date]
    due_on: Mapped[date]
    is_earliest: Mapped[bool] = mapped_column(server_default=text("false"))
    met_on: Mapped[date | None]


class Reviewer(OfReview):
    """Who leads a review, having declared independence and conflicts of interest."""

    __tablename__ = "case_reviewers"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    case_member_id: Mapped[UUID] = mapped_column(ForeignKey("case_members.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    independence: Mapped[NarrativeText]
    conflicts: Mapped[NarrativeText]


class PanelMeeting(OfReview):
    """A meeting of the panel of a review."""

    __tablename__ = "panel_meetings"

    held_on: Mapped[date]
    is_quorate: Mapped[bool]
    attendee_ids: Mapped[list[UUID]]
    minutes: Mapped[NarrativeText | None]


class Process(OfReview):
    """A process beside the review; it is open until `ended_on`."""

    __tablename__ = "parallel_processes"

    kind: Mapped[ProcessKind]
    reference: Mapped[NarrativeText | None]
    started_on: Mapped[date | None]
    expected_end_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    pauses_publication: Mapped[bool]
    note: Mapped[NarrativeText | None]


class FamilyContact(OfReview):
    """That somebody of the family was spoken to about the review."""

    __tablename__ = "family_contacts"

    person_ids: Mapped[list[UUID]]
    method: Mapped[ContactMethod]
    contacted_on: Mapped[date]
    note: Mapped[NarrativeText]


class Finding(OfReview):
    """What a review found; a draft until `confirmed_on`."""

    __tablename__ = "review_findings"

    kind: Mapped[FindingKind]
    scope: Mapped[FindingScope]
    confirmed_on: Mapped[date | None]
    finding: Mapped[NarrativeText]
