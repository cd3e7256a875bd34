"""The business plan, stakeholders, and briefings of officers (Framework sections 8 and 9)."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Record
from app.models.governance import DecidedSubject


class ObjectiveProgressState(StrEnum):
    """How far an objective is."""

    on_track = "on_track"
    at_risk = "at_risk"
    off_track = "off_track"
    achieved = "achieved"


class StakeholderRelation(StrEnum):
    """How the Board stands to a stakeholder."""

    accountable_to = "accountable_to"
    accountable_for = "accountable_for"
    supports = "supports"
    challenges = "challenges"
    informs = "informs"
    informed_by = "informed_by"


class OfficerRecipient(StrEnum):
    """Whom the chair reports to in person."""

    chief_executive = "chief_executive"
    director_of_childrens_services = "director_of_childrens_services"
    lead_member = "lead_member"
    health_and_wellbeing_board = "health_and_wellbeing_board"
    other = "other"


class Objective(Record):
    """What a body means to reach in a year for a priority, and how that is measured."""

    __tablename__ = "objectives"

    priority_id: Mapped[UUID] = mapped_column(ForeignKey("priorities.id"), index=True)
    body_id: Mapped[UUID] = mapped_column(ForeignKey("bodies.id"), index=True)
    year: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str]
    measure: Mapped[str]
    due_on: Mapped[date]


class ObjectiveEvidence(Record):
    """What shows how far an objective is: a record here, or an address."""

    __tablename__ = "objective_evidence"

    objective_id: Mapped[UUID] = mapped_column(ForeignKey("objectives.id"))
    title: Mapped[str]
    subject: Mapped[DecidedSubject | None]
    record_id: Mapped[UUID | None] = mapped_column(index=True)
    url: Mapped[str | None]
    note: Mapped[str | None]


class ObjectiveProgress(Record):
    """How far an objective was, as reported. The newest counts."""

    __tablename__ = "objective_progress"

    objective_id: Mapped[UUID] = mapped_column(ForeignKey("objectives.id"))
    progress: Mapped[ObjectiveProgressState]
    note: Mapped[str]
    reported_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)


class Stakeholder(Record):
    """Somebody the Board answers to or works with, what they receive of it and when."""

    __tablename__ = "stakeholders"

    name: Mapped[str] = mapped_column(unique=True)
    relation: Mapped[StakeholderRelation]
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"), index=True)
    receives: Mapped[str]
    receives_when: Mapped[str]


class OfficerBriefing(Record):
    """What the chair told an officer on a day, and what came back."""

    __tablename__ = "officer_briefings"

    recipient: Mapped[OfficerRecipient]
    recipient_title: Mapped[str]
    is_escalation: Mapped[bool] = mapped_column(server_default=text("false"))
    sent_on: Mapped[date]
    text: Mapped[str]
    response: Mapped[str | None]
    responded_on: Mapped[date | None]
