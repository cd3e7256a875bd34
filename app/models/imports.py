"""Bulk pushes, the jobs they become when large, and mail waiting to go out."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, text
from sqlalchemy.dialects.postgresql import BYTEA, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Record


class ImportKind(StrEnum):
    """What the rows of an import are. Each is the same body as of the single operation."""

    areas = "areas"
    agencies = "agencies"
    submissions = "submissions"
    answers = "answers"


class ImportMode(StrEnum):
    """`atomic`: all rows or none. `per_item`: every row that is good."""

    atomic = "atomic"
    per_item = "per_item"


class JobStatus(StrEnum):
    """Where a long-running job stands."""

    queued = "queued"
    running = "running"
    succeeded = "succeeded"
    failed = "failed"
    cancelled = "cancelled"


class RowOutcome(StrEnum):
    """What became of a row. `unchanged`: it says what is already on record."""

    accepted = "accepted"
    unchanged = "unchanged"
    rejected = "rejected"


class Import(Record):
    """A bulk push: what it is, how far it came, and the job that does it if it is large.

    `rows_done` rows are committed: a push that broke off goes on after them. `rows_mac` is the
    keyed hash of those rows, `body_mac` that of all; null while not all have come.
    """

    __tablename__ = "imports"

    principal_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"), index=True)
    kind: Mapped[ImportKind]
    mode: Mapped[ImportMode]
    is_dry_run: Mapped[bool]
    status: Mapped[JobStatus]
    media_type: Mapped[str]
    rows_total: Mapped[int | None] = mapped_column(BigInteger)
    rows_done: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    rows_accepted: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    rows_unchanged: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    rows_rejected: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    rows_mac: Mapped[bytes | None] = mapped_column(BYTEA)
    body_mac: Mapped[bytes | None] = mapped_column(BYTEA)
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    scopes: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    storage_key: Mapped[str | None]
    finished_at: Mapped[datetime | None]


class ImportRow(Record):
    """What became of one row: its number in the file, from 1, and never its content."""

    __tablename__ = "import_rows"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id"))
    row_number: Mapped[int] = mapped_column(BigInteger)
    outcome: Mapped[RowOutcome]
    record_id: Mapped[UUID | None]
    errors: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))


class Mail(Record):
    """A message to go out, sealed at rest: it may carry a one-time link."""

    __tablename__ = "mail"

    recipient: Mapped[str]
    subject: Mapped[str]
    body: Mapped[bytes] = mapped_column(BYTEA)
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    sent_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    failure: Mapped[str | None]
