"""Registering who may sign in: people with a one-time link, agency systems with a secret.

Used by operations, as their caller, and by the command, as the owner of the tables.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from ipaddress import IPv4Network, IPv6Network
from uuid import UUID

from app.access.links import Link, Statements, issue
from app.access.tokens import hash_of, new_token
from app.models.access import LinkPurpose

PRINCIPAL = "INSERT INTO principals (kind, agency_id) VALUES ($1, $2) RETURNING id"
USER = "INSERT INTO users (id, email, name) VALUES ($1, $2, $3)"
CREDENTIALS = "INSERT INTO credentials (id) VALUES ($1)"
ROLE = """
INSERT INTO role_assignments (user_id, role, valid_to) SELECT $1, unnest($2::text[]), $3
"""
CLIENT = """
INSERT INTO clients (id, agency_id, name, scopes, allowed_addresses) VALUES ($1, $2, $3, $4, $5)
"""
ISSUE = """
INSERT INTO client_secrets (client_id, secret_hash, expires_at)
VALUES ($1, $2, now() + make_interval(days => $3)) RETURNING id, expires_at
"""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that was just made: the only time it is known."""

    id: UUID
    text: str = field(repr=False)
    expires_at: datetime


async def register_person(
    db: Statements,
    *,
    email: str,
    name: str,
    agency_id: UUID | None,
    roles: Iterable[str],
    valid_to: date | None = None,
) -> tuple[UUID, Link]:
    """Make an account without a password; return it with the link that gives it one.

    Roles begin today and end after `valid_to`. Run it within a transaction.
    """
    user_id = await _principal(db, "person", agency_id)
    await db.fetchrow(USER, user_id, email, name)
    await db.fetchrow(CREDENTIALS, user_id)
    await db.fetchrow(ROLE, user_id, sorted(set(roles)), valid_to)
    return user_id, await issue(db, user_id, LinkPurpose.invitation)


async def register_client(
    db: Statements,
    *,
    agency_id: UUID,
    name: str,
    scopes: Iterable[str],
    allowed_addresses: Iterable[IPv4Network | IPv6Network] = (),
    secret_days: int,
) -> tuple[UUID, Secret]:
    """Make a system of an agency and its first secret. Run it within a transaction.

    From no allowed addresses follows that any will do.
    """
    client_id = await _principal(db, "client", agency_id)
    await db.fetchrow(CLIENT, client_id, agency_id, name, sorted(set(scopes)), [*allowed_addresses])
    return client_id, await new_secret(db, client_id, secret_days)


async def new_secret(db: Statements, client_id: UUID, days: int) -> Secret:
    """Make a secret for a system, beside those it has."""
    text = new_token("c")
    row = await db.fetchrow(ISSUE, client_id, hash_of(text), days)
    return Secret(row["id"], text, row["expires_at"])


async def _principal(db: Statements, kind: str, agency_id: UUID | None) -> UUID:
    made: UUID = (await db.fetchrow(PRINCIPAL, kind, agency_id))["id"]
    return made
