"""Documents that members are inducted into, and who acknowledged them (Framework section 1)."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.lifecycle import Lifecycle, Move
from app.models.base import Record


class DocumentKind(StrEnum):
    """What a document is."""

    framework = "framework"
    policy = "policy"
    procedure = "procedure"
    terms_of_reference = "terms_of_reference"
    strategy = "strategy"


class DocumentVersionStatus(StrEnum):
    """Where a version stands; one that is published never changes."""

    draft = "draft"
    published = "published"


class Document(Record):
    """A document that a body owns, reviewed every `review_months`; null for never."""

    __tablename__ = "documents"

    kind: Mapped[DocumentKind]
    title: Mapped[str]
    body_id: Mapped[UUID] = mapped_column(ForeignKey("bodies.id"), index=True)
    is_for_induction: Mapped[bool] = mapped_column(server_default=text("false"))
    review_months: Mapped[int | None] = mapped_column(SmallInteger)


class DocumentVersion(Record):
    """A version of a document: its text, or where it is published."""

    __tablename__ = "document_versions"

    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[DocumentVersionStatus] = mapped_column(
        server_default=DocumentVersionStatus.draft
    )
    effective_on: Mapped[date]
    review_due_on: Mapped[date | None]
    url: Mapped[str | None]
    text: Mapped[str | None]
    change_note: Mapped[str]


class DocumentAcknowledgement(Record):
    """That a person has read a version."""

    __tablename__ = "document_acknowledgements"

    document_version_id: Mapped[UUID] = mapped_column(ForeignKey("document_versions.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    acknowledged_on: Mapped[date] = mapped_column(server_default=text("CURRENT_DATE"))


DOCUMENT_VERSION_LIFECYCLE = Lifecycle((Move("draft", "published", "governance:write"),))
