"""Cases, the agencies and people who work on them, and the people they are about.

Framework sections 7 and 16. Who a person is stands in the vault (`app.models.vault`), never here.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Record


class AgencyPart(StrEnum):
    """The part an agency takes in a case."""

    notifier = "notifier"
    lead = "lead"
    involved = "involved"


class TeamPart(StrEnum):
    """The part somebody takes in the team of a case."""

    case_officer = "case_officer"
    lead_reviewer = "lead_reviewer"
    panel_chair = "panel_chair"
    panel_member = "panel_member"
    report_author = "report_author"
    adviser = "adviser"


class PersonKind(StrEnum):
    """What a person is to a case."""

    child = "child"
    family = "family"
    practitioner = "practitioner"
    other = "other"


class Case(Record):
    """What happened to one child or several, that reviews are about.

    `people_version` counts changes of its people, `narrative_marks` masked texts;
    `identities_destroyed_at` is null while it can still be known who its people are.
    """

    __tablename__ = "cases"

    reference: Mapped[str] = mapped_column(unique=True)
    area_id: Mapped[UUID | None] = mapped_column(ForeignKey("areas.id"), index=True)
    occurred_on: Mapped[date | None]
    people_version: Mapped[int] = mapped_column(server_default=text("0"))
    narrative_marks: Mapped[int] = mapped_column(server_default=text("0"))
    closed_on: Mapped[date | None]
    identities_destroyed_at: Mapped[datetime | None]


class CaseAgency(Record):
    """That an agency takes part in a case. `valid_to` is its last day; null while it does."""

    __tablename__ = "case_agencies"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    part: Mapped[AgencyPart]
    valid_to: Mapped[date | None]


class CaseMember(Record):
    """That somebody is in the team of a case, first and last day inclusive."""

    __tablename__ = "case_members"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    part: Mapped[TeamPart]
    valid_from: Mapped[date] = mapped_column(server_default=text("CURRENT_DATE"))
    valid_to: Mapped[date | None]


class Person(Record):
    """A person of a case, by label. Its id is chance alone: an ordered one would tell when."""

    __tablename__ = "persons"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[PersonKind]
    label: Mapped[str]
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"), index=True)
    identity_version: Mapped[int] = mapped_column(server_default=text("0"))
    is_erased: Mapped[bool] = mapped_column(server_default=text("false"))
