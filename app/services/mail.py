"""Mail to go out: written with what causes it, sent by the worker."""

from app.access.caller import ActorSession
from app.access.sealing import seal
from app.access.tokens import derived_key

ENQUEUE = """
INSERT INTO mail (recipient, subject, body, dedupe_key) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""
"""Names no column: to compare with one would take the right to read mail."""


async def enqueue_mail(
    db: ActorSession, key: bytes, *, recipient: str, subject: str, body: str, dedupe_key: str
) -> None:
    """Leave a message for the worker, once for each `dedupe_key`.

    `key` is the installation's. The body is sealed: it may carry a one-time link.
    """
    sealed = seal(derived_key(key, "mail"), body.encode(), dedupe_key.encode())
    await db.fetchrow(ENQUEUE, recipient, subject, sealed, dedupe_key)
