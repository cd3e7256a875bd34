"""The clock: what happens because a day has come (Framework sections 15 and 23)."""

import structlog

from app.access.caller import Caller
from app.services.campaigns import advance_audits, due_reminders
from app.services.timetable import run_timetable

log: structlog.stdlib.BoundLogger = structlog.get_logger()


async def tick(caller: Caller, key: bytes) -> None:
    """Do what the day asks for: audits open and close, what is owed is reminded of and escalated.

    `caller` holds all scopes of the worker, whichever of them it was called with.
    """
    for audit_id in await advance_audits(caller):
        log.info("audit_moved", audit=str(audit_id))
    reminded = await due_reminders(caller, key)
    if reminded:
        log.info("reminders_queued", count=reminded)
    run = await run_timetable(caller, key)
    if run.generated or run.moved or run.sent:
        log.info("timetable_run", generated=run.generated, moved=run.moved, sent=run.sent)
