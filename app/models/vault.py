"""The vault: who the people of cases are, sealed under keys that are not in the database.

The role of the application writes these tables and reads no column that is sealed.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Record


class BlindKind(StrEnum):
    """What a person can be looked up by."""

    nhs_number = "nhs_number"
    upn = "upn"
    surname_and_date_of_birth = "surname_and_date_of_birth"


class KeyVersionRow(Record):
    """A version of the key-encryption key that this database counts on, or has outlived.

    Once it is retired nothing is wrapped under it, `rewrapped_count` cases having been wrapped
    anew; once it is destroyed its keeper has said so.
    """

    __tablename__ = "key_versions"

    number: Mapped[int] = mapped_column(unique=True)
    fingerprint: Mapped[str]
    retired_at: Mapped[datetime | None]
    rewrapped_count: Mapped[int | None]
    destroyed_at: Mapped[datetime | None]


class CaseKey(Record):
    """The data key of one case, wrapped. Without its row nobody is ever told who its people are."""

    __tablename__ = "case_keys"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), unique=True)
    key_version: Mapped[int]
    wrapped: Mapped[bytes] = mapped_column(BYTEA)


class BlindKey(Record):
    """The key of look-ups in one generation, wrapped by the key-encryption key of its number."""

    __tablename__ = "blind_keys"

    key_version: Mapped[int] = mapped_column(unique=True)
    wrapped: Mapped[bytes] = mapped_column(BYTEA)


class SealedIdentity(Record):
    """Who a person is: the sealed body of `app.schemas.identities.Identity`, in its version."""

    __tablename__ = "identities"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), unique=True)
    version: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(BYTEA)


class BlindIndex(Record):
    """A keyed hash of an identifier, for look-ups."""

    __tablename__ = "blind_indexes"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), index=True)
    kind: Mapped[BlindKind]
    key_version: Mapped[int]
    mac: Mapped[bytes] = mapped_column(BYTEA, index=True)


class MaskedText(Record):
    """What was masked in a narrative, sealed, by its number in the case."""

    __tablename__ = "masked_texts"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    number: Mapped[int]
    kind: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(BYTEA)
