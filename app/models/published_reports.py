"""Published reports: plain public text, that nothing here joins to a case (Framework section 16).

Their identifiers are chance alone: an ordered one would tell when, to the millisecond. Only
`actor.publish` writes them, and `actor.withdraw` takes them down.
"""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Record
from app.models.publications import PublicationKind


class PublishedReport(Record):
    """A report as the public reads it. Its text never changes.

    `sha256` is the hash of the UTF-8 text of title, headings and texts in order, each separated
    from the next by an empty line.
    """

    __tablename__ = "published_reports"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    kind: Mapped[PublicationKind]
    title: Mapped[str]
    sections: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    sha256: Mapped[str]
    published_on: Mapped[date]
    is_withdrawn: Mapped[bool] = mapped_column(server_default=text("false"))


class ReportWithdrawal(Record):
    """That a report was taken down, and what the public is told about it."""

    __tablename__ = "report_withdrawals"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    report_id: Mapped[UUID] = mapped_column(ForeignKey("published_reports.id"), unique=True)
    withdrawn_on: Mapped[date]
    public_reason: Mapped[str]
