"""One-time links: an invitation or a password reset, good once, kept as a hash."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from app.access.errors import InvalidLink
from app.access.tokens import hash_of, new_token
from app.models.access import LinkPurpose

HOURS = {LinkPurpose.invitation: 72, LinkPurpose.password_reset: 1}
"""How long a link is good."""
KINDS = {LinkPurpose.invitation: "i", LinkPurpose.password_reset: "r"}

ISSUE = """
INSERT INTO one_time_links (user_id, purpose, link_hash, expires_at)
VALUES ($1, $2, $3, now() + make_interval(hours => $4)) RETURNING id, expires_at
"""
IS_GOOD = "link_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > now()"
FIND = f"SELECT user_id FROM one_time_links WHERE {IS_GOOD}"
USE = f"UPDATE one_time_links SET used_at = now() WHERE {IS_GOOD} RETURNING user_id"
VOID = "UPDATE one_time_links SET used_at = now() WHERE user_id = $1 AND used_at IS NULL"


class Statements(Protocol):
    """What runs one statement: a session of an actor, or a connection of the owner."""

    async def fetchrow(self, sql: str, /, *args: object) -> Any:
        """Run a statement; return its first row."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link that was just made: the only time its token is known."""

    id: UUID
    token: str = field(repr=False)
    expires_at: datetime


async def issue(db: Statements, user_id: UUID, purpose: LinkPurpose) -> Link:
    """Make a link for a person."""
    token = new_token(KINDS[purpose])
    row = await db.fetchrow(ISSUE, user_id, purpose, hash_of(token), HOURS[purpose])
    return Link(row["id"], token, row["expires_at"])


async def holder(db: Statements, token: str, purpose: LinkPurpose) -> UUID:
    """Return whom a link is for, and leave it good. Raises `InvalidLink`."""
    return _holder(await db.fetchrow(FIND, hash_of(token), purpose))


async def use(db: Statements, token: str, purpose: LinkPurpose) -> None:
    """Use a link up, and every other of its holder. Raises `InvalidLink`."""
    await void(db, _holder(await db.fetchrow(USE, hash_of(token), purpose)))


async def void(db: Statements, user_id: UUID) -> None:
    """Make every link of a person useless."""
    await db.fetchrow(VOID, user_id)


def _holder(row: Any) -> UUID:
    if row is None:
        raise InvalidLink
    found: UUID = row["user_id"]
    return found
