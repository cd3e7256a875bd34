"""Deliveries: mail that waits goes out by SMTP, at least once, later each time it fails."""

import asyncio
from email.message import EmailMessage
from email.utils import formatdate
from hashlib import sha256
from typing import Any

import aiosmtplib
import structlog
from cryptography.exceptions import InvalidTag

from app.access.caller import Caller
from app.access.sealing import unseal
from app.access.tokens import derived_key
from app.settings import Settings

log: structlog.stdlib.BoundLogger = structlog.get_logger()

BATCH = 20
TIMEOUT_S = 10.0
"""For one message, from greeting to receipt. Below the time a transaction may idle, since the row
stays locked meanwhile: a slow mail server must not lose us the note that a message was sent."""

WAITING = """
SELECT id, recipient, subject, body, dedupe_key FROM mail
WHERE sent_at IS NULL AND attempts < 12
    AND (attempts = 0 OR updated_at + make_interval(secs => 30 * 2 ^ least(attempts, 10)) < now())
ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
SENT = """
UPDATE mail SET sent_at = now(), attempts = attempts + 1, failure = NULL, body = '' WHERE id = $1
"""
FAILED = """
UPDATE mail SET attempts = attempts + 1, failure = $2, updated_at = now() WHERE id = $1
"""


async def deliver(caller: Caller, settings: Settings, key: bytes) -> int:
    """Send what waits and return how many were sent. Without a mail server everything waits.

    A row stays locked while it is sent, so that two workers never send the same. A worker
    that is killed between the sending and its record sends again: the `Message-ID` is the same.
    """
    if settings.smtp_host is None:
        return 0
    for sent in range(BATCH):
        async with caller.transaction() as db:
            row = await db.fetchrow(WAITING)
            if row is None:
                return sent
            failure = await _send(settings, key, row)
            if failure is None:
                await db.fetchrow(SENT, row["id"])
            else:
                await db.fetchrow(FAILED, row["id"], failure)
        if failure is not None:
            log.warning("mail_failed", mail=str(row["id"]), failure=failure)
            return sent
    return BATCH


async def _send(settings: Settings, key: bytes, row: Any) -> str | None:
    """Send one message; return the kind of failure, which names neither address nor content."""
    password = settings.smtp_password
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await aiosmtplib.send(
                message_of(settings, key, row),
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                username=settings.smtp_username,
                password=password.get_secret_value() if password else None,
                use_tls=settings.smtp_tls == "tls",
                start_tls=settings.smtp_tls == "starttls",
            )
    except (aiosmtplib.SMTPException, OSError, ValueError, InvalidTag) as error:
        return type(error).__name__
    return None


def message_of(settings: Settings, key: bytes, row: Any) -> EmailMessage:
    """Open the sealed body in memory, and write the message. Raises `InvalidTag`."""
    dedupe_key = row["dedupe_key"]
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = row["recipient"]
    message["Subject"] = row["subject"]
    message["Date"] = formatdate()
    name = sha256(dedupe_key.encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{name}@{settings.mail_from.rpartition('@')[2]}>"
    body = unseal(derived_key(key, "mail"), bytes(row["body"]), dedupe_key.encode())
    message.set_content(body.decode())
    return message
