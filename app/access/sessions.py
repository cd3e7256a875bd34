"""Sessions of people: begun with a new token each time, ended at once, kept alive by use."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from uuid import UUID

from app.access.addresses import Address
from app.access.caller import ActorSession, Caller
from app.access.tokens import hash_of, new_token
from app.settings import Settings

BEGIN = """
INSERT INTO tokens (principal_id, kind, token_hash, expires_at, idle, address, stepped_up_at)
VALUES ($1, 'session', $2, now() + make_interval(hours => $3), make_interval(mins => $4), $5,
    CASE WHEN $6 THEN now() END)
RETURNING id, expires_at
"""
END = """
UPDATE tokens SET revoked_at = now() WHERE id = $1 AND kind = 'session' AND revoked_at IS NULL
RETURNING id
"""
END_CURRENT = "UPDATE tokens SET revoked_at = now() WHERE id = $1"
END_OTHERS = """
UPDATE tokens SET revoked_at = now()
WHERE principal_id = $1 AND id IS DISTINCT FROM $2 AND revoked_at IS NULL
"""
STEP_UP = "UPDATE tokens SET stepped_up_at = now() WHERE id = $1 RETURNING stepped_up_at"
SEEN = """
UPDATE tokens t SET last_seen_at = seen.at
FROM (SELECT hash, now() - make_interval(secs => age) AS at
      FROM unnest($1::bytea[], $2::float8[]) AS u (hash, age)) AS seen
WHERE t.token_hash = seen.hash AND t.kind = 'session' AND t.revoked_at IS NULL
    AND t.last_seen_at < seen.at AND t.last_seen_at + t.idle > seen.at
"""
FORGET = "DELETE FROM tokens WHERE kind <> 'service' AND expires_at < now() - interval '7 days'"

MOST_SEEN = 100_000
"""Tokens remembered between two writes: unknown ones among them must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that has just begun: the only time its token is known."""

    id: UUID
    token: str = field(repr=False)
    expires_at: datetime


async def begin(
    db: ActorSession,
    settings: Settings,
    principal_id: UUID,
    address: Address | None,
    *,
    is_stepped_up: bool,
) -> Session:
    """Begin a session, as the sign-in service."""
    token = new_token("p")
    row = await db.fetchrow(
        BEGIN,
        principal_id,
        hash_of(token),
        settings.session_hours,
        settings.session_idle_minutes,
        address,
        is_stepped_up,
    )
    assert row is not None  # noqa: S101 - RETURNING returns or the statement raises
    return Session(row["id"], token, row["expires_at"])


async def end_all(db: ActorSession, principal_id: UUID, keep: UUID | None = None) -> None:
    """End every session and access token of somebody but one, as the sign-in service."""
    await db.fetchrow(END_OTHERS, principal_id, keep)


class LastSeen:
    """Which sessions were used, written every few seconds: idle ones end, used ones go on."""

    def __init__(self, service: Caller) -> None:
        self._service = service
        self._seen: dict[bytes, float] = {}

    def note(self, token_hash: bytes) -> None:
        """Remember that a token was shown just now. Costs less than a microsecond."""
        if len(self._seen) < MOST_SEEN:
            self._seen[token_hash] = monotonic()

    async def write(self) -> None:
        """Write what was noted; a session that was idle for too long by then stays ended."""
        seen, self._seen = self._seen, {}
        if not seen:
            return
        now = monotonic()
        hashes: Iterable[bytes] = sorted(seen)
        async with self._service.transaction() as db:
            await db.fetchrow(SEEN, [*hashes], [now - seen[each] for each in hashes])
