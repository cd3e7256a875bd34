"""Instruments: versioned question sets and their grade scales (Framework section 15)."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import ForeignKey, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from app.lifecycle import Lifecycle, Move
from app.models.base import Record


class AuditKind(StrEnum):
    """What an instrument asks about."""

    section_11 = "section_11"
    section_175 = "section_175"


class InstrumentStatus(StrEnum):
    """Where a version of an instrument stands; a published one never changes."""

    draft = "draft"
    published = "published"
    retired = "retired"


class AnswerType(StrEnum):
    """What a question is answered with."""

    grade = "grade"
    number = "number"
    yes_no = "yes_no"
    text = "text"
    date = "date"


class EvidenceRule(StrEnum):
    """What must stand behind an answer. `required`: a file, or a narrative that says why none."""

    required = "required"
    expected = "expected"
    none = "none"


class Meets(StrEnum):
    """What a grade says of a standard, whatever the scale."""

    met = "met"
    partly = "partly"
    not_met = "not_met"


class GradeScale(Record):
    """A version of an ordered scale of grades."""

    __tablename__ = "grade_scales"

    code: Mapped[str]
    version: Mapped[int]
    title: Mapped[str]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    comparable_with: Mapped[list[str]] = mapped_column(server_default=sa.text("'{}'"))


class GradeValue(Record):
    """One grade of a scale. `rank` is higher for better."""

    __tablename__ = "grade_values"

    scale_id: Mapped[UUID] = mapped_column(ForeignKey("grade_scales.id"), index=True)
    code: Mapped[str]
    label: Mapped[str]
    rank: Mapped[int] = mapped_column(SmallInteger)
    meets: Mapped[Meets]


class Instrument(Record):
    """One version of a question set."""

    __tablename__ = "instruments"

    code: Mapped[str]
    version: Mapped[int]
    kind: Mapped[AuditKind]
    title: Mapped[str]
    source: Mapped[str | None]
    grade_scale_id: Mapped[UUID] = mapped_column(ForeignKey("grade_scales.id"), index=True)
    status: Mapped[InstrumentStatus] = mapped_column(server_default=InstrumentStatus.draft)
    valid_from: Mapped[date | None]
    completed_by_post: Mapped[str | None]
    signed_off_by_post: Mapped[str | None]


class Standard(Record):
    """A standard of an instrument."""

    __tablename__ = "standards"

    instrument_id: Mapped[UUID] = mapped_column(ForeignKey("instruments.id"), index=True)
    position: Mapped[int] = mapped_column(SmallInteger)
    code: Mapped[str]
    title: Mapped[str]
    statement: Mapped[str | None]
    source: Mapped[str | None]


class Question(Record):
    """A question under a standard. `sectors` and `duty_bases` say whom it is put to; null: all.

    `number_rule` holds unit and bounds of a number, `crosswalk` the same question elsewhere.
    """

    __tablename__ = "questions"

    instrument_id: Mapped[UUID] = mapped_column(ForeignKey("instruments.id"), index=True)
    standard_id: Mapped[UUID] = mapped_column(ForeignKey("standards.id"), index=True)
    position: Mapped[int] = mapped_column(SmallInteger)
    code: Mapped[str]
    text: Mapped[str]
    guidance: Mapped[str | None]
    source: Mapped[str | None]
    answer_type: Mapped[AnswerType]
    is_mandatory: Mapped[bool] = mapped_column(server_default=sa.text("true"))
    evidence: Mapped[EvidenceRule] = mapped_column(server_default=EvidenceRule.none)
    sectors: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    duty_bases: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    number_rule: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    crosswalk: Mapped[list[Any]] = mapped_column(JSONB, server_default=sa.text("'[]'"))


WRITE = "instruments:write"
ASKS = "EXISTS (SELECT FROM questions q WHERE q.instrument_id = t.id)"

INSTRUMENT_LIFECYCLE = Lifecycle(
    (
        Move("draft", "published", WRITE, condition=ASKS),
        Move("published", "retired", WRITE),
    )
)
"""What is published never changes: a correction is a new version."""
