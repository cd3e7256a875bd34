"""The access log, and what seals it (Framework section 7)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Identity, text
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from app.models.access import PrincipalKind
from app.models.base import Base


class AccessAct(StrEnum):
    """What was done."""

    identity_read = "identity_read"
    emergency_disclosure = "emergency_disclosure"
    subject_export = "subject_export"
    person_lookup = "person_lookup"
    identity_recorded = "identity_recorded"
    identifier_kept = "identifier_kept"
    narratives_rescanned = "narratives_rescanned"
    publication_checked = "publication_checked"
    identities_destroyed = "identities_destroyed"
    log_export = "log_export"
    keys_rotated = "keys_rotated"
    key_destroyed = "key_destroyed"


class AccessLogEntry(Base):
    """That somebody looked at what is confidential. Ids and names of members, never a value.

    `seq` numbers entries as they are written, with gaps where a transaction came to nothing;
    `xid` is the number of the transaction.
    """

    __tablename__ = "access_log"

    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    occurred_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    xid: Mapped[int] = mapped_column(
        BigInteger, server_default=text("pg_current_xact_id()::text::bigint")
    )
    actor_id: Mapped[UUID]
    actor_kind: Mapped[PrincipalKind]
    actor_agency_id: Mapped[UUID | None]
    act: Mapped[AccessAct]
    operation: Mapped[str]
    case_id: Mapped[UUID | None]
    record_id: Mapped[UUID | None]
    grant_id: Mapped[UUID | None]
    person_ids: Mapped[list[UUID]]
    members: Mapped[list[str]]
    found: Mapped[bool | None]
    salt: Mapped[bytes] = mapped_column(BYTEA)


class AccessLogLeaf(Base):
    """That an entry is sealed: its place in the sealed log, from 1 without gaps, and its hash."""

    __tablename__ = "access_log_leaves"

    place: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger, unique=True)
    leaf: Mapped[bytes] = mapped_column(BYTEA)


class AccessLogHead(Base):
    """The seal of a batch, over the head before it; `total` counts all entries sealed so far.

    Every entry of a transaction numbered below `horizon` is sealed by this head or one before.
    """

    __tablename__ = "access_log_heads"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    number: Mapped[int] = mapped_column(unique=True)
    size: Mapped[int]
    total: Mapped[int] = mapped_column(BigInteger, unique=True)
    first_seq: Mapped[int] = mapped_column(BigInteger)
    last_seq: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(BYTEA)
    previous_head: Mapped[bytes] = mapped_column(BYTEA, unique=True)
    head: Mapped[bytes] = mapped_column(BYTEA, unique=True)
    horizon: Mapped[int] = mapped_column(BigInteger)
    sealed_at: Mapped[datetime]
