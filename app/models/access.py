"""Who may sign in: people, agency systems, their roles, secrets and sessions."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, FetchedValue, ForeignKey, SmallInteger, exists, select, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, CIDR, INET
from sqlalchemy.orm import Mapped, column_property, mapped_column
from sqlalchemy.types import Text

from app.models.base import Base, Record


class PrincipalKind(StrEnum):
    """What signs in."""

    person = "person"
    client = "client"
    service = "service"


class TokenKind(StrEnum):
    """What a token is good for; `pending` waits for a second factor."""

    session = "session"
    access = "access"
    service = "service"
    pending = "pending"


class LinkPurpose(StrEnum):
    """What a one-time link is for."""

    invitation = "invitation"
    password_reset = "password_reset"  # noqa: S105 - a purpose


class Principal(Record):
    """Whoever may act: a person, an agency's system or a service of our own."""

    __tablename__ = "principals"

    kind: Mapped[PrincipalKind]
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agencies.id"), index=True)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))


class Role(Record):
    """A hat a person may wear, copied from `app.access.roles` at every migration."""

    __tablename__ = "roles"

    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    description: Mapped[str]
    level: Mapped[int] = mapped_column(SmallInteger)
    capabilities: Mapped[list[str]]
    is_of_agency: Mapped[bool]


class RoleAssignment(Record):
    """A role of a person, from one day to another, both inclusive."""

    __tablename__ = "role_assignments"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    role: Mapped[str] = mapped_column(ForeignKey("roles.code"))
    valid_from: Mapped[date] = mapped_column(server_default=text("CURRENT_DATE"))
    valid_to: Mapped[date | None]


class Token(Record):
    """A session of a person or an access token of a system. Only its hash is kept."""

    __tablename__ = "tokens"

    principal_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    kind: Mapped[TokenKind]
    token_hash: Mapped[bytes] = mapped_column(BYTEA, index=True, unique=True)
    scopes: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    expires_at: Mapped[datetime]
    idle: Mapped[timedelta | None]
    last_seen_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    stepped_up_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    address: Mapped[Any | None] = mapped_column(INET)


class Event(Base):
    """That a record was made, changed or deleted, by whom and in which members."""

    __tablename__ = "events"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    occurred_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    actor_id: Mapped[UUID | None]
    actor_agency_id: Mapped[UUID | None]
    action: Mapped[str]
    subject: Mapped[str]
    record_id: Mapped[UUID]
    agency_id: Mapped[UUID | None]
    members: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    xact: Mapped[int] = mapped_column(BigInteger, server_default=FetchedValue())
    """Transaction that wrote it: with `id`, its place in the order of commit."""


class AgencySuspension(Record):
    """That nobody of an agency may sign in, nor its systems, for as long as this is here."""

    __tablename__ = "agency_suspensions"

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), unique=True)
    reason: Mapped[str]


class User(Record):
    """A person who may sign in. The identifier is that of the principal.

    `is_verified`: has accepted an invitation.
    """

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    is_verified: Mapped[bool] = mapped_column(server_default=text("false"))
    has_second_factor: Mapped[bool] = mapped_column(server_default=text("false"))


class Account(User):
    """A person with what proves an identity, which only the sign-in service can read.

    The user of fastapi-users. An empty password fits nothing. A seed without `has_second_factor`
    waits for its first code.
    """

    __tablename__ = "credentials"

    id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    proof_updated_at: Mapped[datetime] = mapped_column("updated_at", server_default=text("now()"))
    hashed_password: Mapped[str] = mapped_column(server_default=text("''"))
    is_superuser: Mapped[bool] = mapped_column(server_default=text("false"))
    totp_secret: Mapped[bytes | None] = mapped_column(BYTEA)
    totp_last_step: Mapped[int | None]
    recovery_hashes: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    is_active: Mapped[bool] = column_property(
        select(
            Principal.is_active & ~exists().where(AgencySuspension.agency_id == Principal.agency_id)
        )
        .where(Principal.id == User.id)
        .scalar_subquery()
    )


class OneTimeLink(Record):
    """An invitation or a password reset: good once, until it expires. Only its hash is kept."""

    __tablename__ = "one_time_links"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), index=True)
    purpose: Mapped[str]
    link_hash: Mapped[bytes] = mapped_column(BYTEA, unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInAttempt(Base):
    """Attempts to sign in from one address, or from all: a token bucket under a keyed hash."""

    __tablename__ = "sign_in_attempts"

    bucket: Mapped[bytes] = mapped_column(BYTEA, primary_key=True)
    tokens: Mapped[float]
    refilled_at: Mapped[datetime]


class SignInFailure(Base):
    """Failures for one name, or for one name from one address, under a keyed hash.

    `trusted_until`: from this address the name has signed in before, so failures elsewhere do not
    keep it out.
    """

    __tablename__ = "sign_in_failures"

    bucket: Mapped[bytes] = mapped_column(BYTEA, primary_key=True)
    failures: Mapped[int]
    failed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    locked_until: Mapped[datetime] = mapped_column(server_default=text("now()"))
    trusted_until: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Client(Record):
    """An agency's system. The identifier is that of the principal, and the OAuth `client_id`."""

    __tablename__ = "clients"

    id: Mapped[UUID] = mapped_column(ForeignKey("principals.id"), primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agencies.id"), index=True)
    name: Mapped[str]
    scopes: Mapped[list[str]]
    allowed_addresses: Mapped[list[Any]] = mapped_column(ARRAY(CIDR), server_default=text("'{}'"))


class ClientSecret(Record):
    """A secret of a system. At most two are live, so that one can replace the other."""

    __tablename__ = "client_secrets"

    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id"), index=True)
    secret_hash: Mapped[bytes] = mapped_column(BYTEA)
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class IdempotencyKey(Base):
    """That a caller made a record under a key of its own: the record's id, never its content."""

    __tablename__ = "idempotency_keys"

    actor_id: Mapped[UUID] = mapped_column(primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_mac: Mapped[bytes] = mapped_column(BYTEA)
    record_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"), index=True)
