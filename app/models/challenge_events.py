"""Events at which members of the Board challenge each other's returns (Framework section 15)."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.lifecycle import Lifecycle, Move
from app.models.base import Record


class ChallengeEventStatus(StrEnum):
    """Where an event stands."""

    planned = "planned"
    pack_issued = "pack_issued"
    held = "held"
    record_draft = "record_draft"
    record_agreed = "record_agreed"
    closed = "closed"


class ChallengeEvent(Record):
    """A meeting of a body at which agencies challenge what others returned to an audit."""

    __tablename__ = "challenge_events"

    audit_id: Mapped[UUID] = mapped_column(ForeignKey("audits.id"), index=True)
    body_id: Mapped[UUID] = mapped_column(ForeignKey("bodies.id"), index=True)
    title: Mapped[str]
    held_on: Mapped[date]
    record: Mapped[str | None]
    status: Mapped[ChallengeEventStatus] = mapped_column(
        server_default=ChallengeEventStatus.planned
    )


class ChallengePairing(Record):
    """That an agency challenges another at an event. Each challenges one, and one challenges it."""

    __tablename__ = "challenge_pairings"

    event_id: Mapped[UUID] = mapped_column(ForeignKey("challenge_events.id"))
    challenger_agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    challenged_agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)


class ChallengeExchange(Record):
    """What one agency asked another about its answer to a question, and what came of it.

    `grade_before` is what moderators held, or the agency where they held nothing; the database
    takes it from the return. `grade_after` is what the event held; it changes no return.
    """

    __tablename__ = "challenge_exchanges"
    __table_args__ = (
        ForeignKeyConstraint(
            ["event_id", "challenger_agency_id", "challenged_agency_id"],
            [
                "challenge_pairings.event_id",
                "challenge_pairings.challenger_agency_id",
                "challenge_pairings.challenged_agency_id",
            ],
        ),
    )

    event_id: Mapped[UUID]
    challenger_agency_id: Mapped[UUID] = mapped_column(index=True)
    challenged_agency_id: Mapped[UUID] = mapped_column(index=True)
    question_id: Mapped[UUID] = mapped_column(ForeignKey("questions.id"), index=True)
    challenge: Mapped[str]
    reply: Mapped[str | None]
    grade_before: Mapped[str | None]
    grade_after: Mapped[str | None]
    commitment: Mapped[str | None]
    commitment_due_on: Mapped[date | None]
    action_id: Mapped[UUID | None] = mapped_column(ForeignKey("actions.id"), unique=True)


RUN, AGREE = "learning:run", "decisions:write"
IS_PAIRED = "EXISTS (SELECT FROM challenge_pairings p WHERE p.event_id = t.id)"
HAS_COME = "t.held_on <= (now() AT TIME ZONE 'Europe/London')::date"
HAS_RECORD = "t.record IS NOT NULL"

EVENT_LIFECYCLE = Lifecycle(
    (
        Move("planned", "pack_issued", RUN, condition=IS_PAIRED),
        Move("pack_issued", "held", RUN, condition=HAS_COME),
        Move("held", "record_draft", RUN),
        Move("record_draft", "record_agreed", AGREE, decided_by=("board",), condition=HAS_RECORD),
        Move("record_agreed", "closed", RUN),
    )
)
CHAIRS_LIFECYCLE = Lifecycle((Move("record_draft", "record_agreed", AGREE, condition=HAS_RECORD),))
"""The Independent Chair agrees the record without a decision of the Board."""
