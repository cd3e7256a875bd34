"""The clock: what happens because a day has come (Framework section 15, lifecycle 1)."""

import structlog

from app.access.caller import Caller
from app.services.campaigns import advance_audits, due_reminders

log: structlog.stdlib.BoundLogger = structlog.get_logger()


async def tick(caller: Caller, key: bytes) -> None:
    """Open and close audits whose day has come, and remind whoever has not answered."""
    for audit_id in await advance_audits(caller):
        log.info("audit_moved", audit=str(audit_id))
    reminded = await due_reminders(caller, key)
    if reminded:
        log.info("reminders_queued", count=reminded)
