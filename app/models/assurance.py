"""How far the Board is assured, and what it knows that by (Framework sections 3, 9 and 23)."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.lifecycle import Lifecycle, Move
from app.models.base import Record
from app.models.findings import SourceKind
from app.models.recommendations import Theme


class Confidence(StrEnum):
    """How sure the Board is of what it states."""

    high = "high"
    medium = "medium"
    low = "low"


class AssuranceStatus(StrEnum):
    """Where a statement stands."""

    draft = "draft"
    agreed = "agreed"
    superseded = "superseded"


class AssuranceStatement(Record):
    """What the Board states of one priority, standard or theme, for a period.

    `version` counts the statements that took each other's place; `supersedes_id` is the one before.
    """

    __tablename__ = "assurance_statements"

    statement: Mapped[str]
    period: Mapped[str]
    confidence: Mapped[Confidence]
    priority_id: Mapped[UUID | None] = mapped_column(ForeignKey("priorities.id"), index=True)
    standard: Mapped[str | None]
    theme_id: Mapped[UUID | None] = mapped_column(ForeignKey(Theme.id), index=True)
    supersedes_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("assurance_statements.id"), unique=True
    )
    version: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    drafted_by_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    status: Mapped[AssuranceStatus] = mapped_column(server_default=AssuranceStatus.draft)


class AssuranceSource(Record):
    """What a statement rests on. A case review is named by its title alone."""

    __tablename__ = "assurance_sources"

    statement_id: Mapped[UUID] = mapped_column(
        ForeignKey("assurance_statements.id", ondelete="CASCADE"), index=True
    )
    source_kind: Mapped[SourceKind]
    source_id: Mapped[UUID | None]
    source_title: Mapped[str]


WRITE = "assurance-statements:write"
RESTS = "EXISTS (SELECT FROM assurance_sources s WHERE s.statement_id = t.id)"
REPLACED = (
    "EXISTS (SELECT FROM assurance_statements n WHERE n.supersedes_id = t.id"
    " AND n.status = 'agreed')"
)

ASSURANCE_LIFECYCLE = Lifecycle(
    (
        Move("draft", "agreed", WRITE, decided_by=("board",), condition=RESTS),
        Move("agreed", "superseded", WRITE, condition=REPLACED),
    )
)
"""A statement is superseded by the agreement of the one in its place."""
