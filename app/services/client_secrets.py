"""Secrets of agency systems: at most two live, so that one can take the other's place."""

from uuid import UUID

from app.access.caller import ActorSession
from app.access.errors import TooManySecrets
from app.access.registration import Secret, new_secret
from app.errors import NotFound

MOST_LIVE = 2

LOCK = "SELECT id FROM clients WHERE id = $1 FOR UPDATE"
LIVE = """
SELECT count(*) AS live FROM client_secrets
WHERE client_id = $1 AND revoked_at IS NULL AND expires_at > now()
"""
OVERLAP = """
UPDATE client_secrets SET expires_at = least(expires_at, now() + make_interval(hours => $2))
WHERE client_id = $1 AND revoked_at IS NULL AND expires_at > now()
"""
REVOKE = """
UPDATE client_secrets SET revoked_at = now()
WHERE id = $2 AND client_id = $1 AND revoked_at IS NULL RETURNING id
"""


async def add_secret(db: ActorSession, client_id: UUID, days: int, overlap_hours: int) -> Secret:
    """Make a secret and set the end of the one before. Raises `NotFound` and `TooManySecrets`."""
    if await db.fetchrow(LOCK, client_id) is None:
        raise NotFound
    row = await db.fetchrow(LIVE, client_id)
    if row is not None and row["live"] >= MOST_LIVE:
        raise TooManySecrets
    await db.fetchrow(OVERLAP, client_id, overlap_hours)
    return await new_secret(db, client_id, days)


async def revoke_secret(db: ActorSession, client_id: UUID, secret_id: UUID) -> bool:
    """End a secret at once; tell whether there was one to end."""
    return await db.fetchrow(REVOKE, client_id, secret_id) is not None
