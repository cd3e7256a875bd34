"""Challenges and commendations between the Board and agencies (Framework sections 8 and 23)."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.lifecycle import Lifecycle, Move
from app.models.base import Record
from app.models.findings import SourceKind


class ChallengeStatus(StrEnum):
    """Where a challenge stands."""

    raised = "raised"
    acknowledged = "acknowledged"
    replied = "replied"
    resolved = "resolved"
    escalated = "escalated"
    closed = "closed"


class ChallengeSubject(StrEnum):
    """What a challenge is about, by its table; `other` for what is no record here."""

    actions = "actions"
    audit_responses = "audit_responses"
    audits = "audits"
    briefings = "briefings"
    decisions = "decisions"
    findings = "findings"
    obligations = "obligations"
    priorities = "priorities"
    recommendations = "recommendations"
    other = "other"


class ChallengeOutcome(StrEnum):
    """What came of a challenge."""

    accepted = "accepted"
    partly_accepted = "partly_accepted"
    rejected = "rejected"
    action_agreed = "action_agreed"


class CommendationStatus(StrEnum):
    """Where a commendation stands."""

    draft = "draft"
    agreed = "agreed"
    published = "published"


class Challenge(Record):
    """That an agency or a body challenges another agency or body, in writing.

    One of the two `from_…` and one of the two `to_…` is given.
    """

    __tablename__ = "challenges"

    from_agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"), index=True)
    from_body_id: Mapped[UUID | None] = mapped_column(ForeignKey("bodies.id"), index=True)
    to_agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"), index=True)
    to_body_id: Mapped[UUID | None] = mapped_column(ForeignKey("bodies.id"), index=True)
    subject: Mapped[ChallengeSubject]
    record_id: Mapped[UUID | None] = mapped_column(index=True)
    title: Mapped[str]
    text: Mapped[str]
    reply_due_on: Mapped[date]
    reply: Mapped[str | None]
    replied_on: Mapped[date | None]
    outcome: Mapped[ChallengeOutcome | None]
    outcome_reasons: Mapped[str | None]
    status: Mapped[ChallengeStatus] = mapped_column(server_default=ChallengeStatus.raised)


class Commendation(Record):
    """What an agency or a team did well, said by the Board. It names no person."""

    __tablename__ = "commendations"

    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"))
    team: Mapped[str | None]
    title: Mapped[str]
    text: Mapped[str]
    source_kind: Mapped[SourceKind]
    source_id: Mapped[UUID | None]
    source_title: Mapped[str]
    drafted_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    published_on: Mapped[date | None]
    status: Mapped[CommendationStatus] = mapped_column(server_default=CommendationStatus.draft)


WRITE, SPEAK = "challenges:write", "decisions:write"
"""Who may record a decision of a body may speak for a body."""
BODIES = ("board", "executive_group", "sub_group")
SPEAKS = "'decisions:write' = ANY (caller.grants)"
IS_ASKED = f"t.to_agency_id = caller.agency_id OR t.to_body_id IS NOT NULL AND {SPEAKS}"
IS_ASKER = (
    f"t.from_agency_id = caller.agency_id OR t.from_body_id IS NOT NULL AND {SPEAKS}"
    " OR t.to_agency_id IS NOT NULL AND 'learning:run' = ANY (caller.grants)"
)
HAS_REPLIED = f"({IS_ASKED}) AND t.reply IS NOT NULL"
HAS_OUTCOME = f"({IS_ASKER}) AND t.outcome IS NOT NULL"

CHALLENGE_LIFECYCLE = Lifecycle(
    (
        Move("raised", "acknowledged", WRITE, condition=IS_ASKED),
        Move("acknowledged", "replied", WRITE, condition=HAS_REPLIED),
        Move("replied", "resolved", WRITE, condition=HAS_OUTCOME),
        *(
            Move(state, "escalated", WRITE, needs_reason=True, condition=IS_ASKER)
            for state in ("raised", "acknowledged", "replied")
        ),
        Move("resolved", "closed", WRITE, condition=IS_ASKER),
        Move("escalated", "closed", WRITE, condition=HAS_OUTCOME),
    )
)
"""Without a reply a challenge is escalated, for a reason. What is put to an agency the Business
Office may move on for the challenger; what is put to a body, it may not."""
COMMENDATION_LIFECYCLE = Lifecycle(
    (
        Move("draft", "agreed", SPEAK, decided_by=BODIES),
        Move("agreed", "published", SPEAK),
    )
)
