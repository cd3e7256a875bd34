"""What the course of other records makes somebody owe, and what meets it (Framework section 23).

The clock mails the owner on the day it opens, reminds and escalates.
"""

from datetime import date
from uuid import UUID

from app.access.caller import ActorSession
from app.services.campaigns import board_day

OWE = "SELECT actor.owe($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
SETTLE = "SELECT actor.settle_obligation($1, $2, $3, $4, $5)"


async def owe(
    db: ActorSession,
    *,
    kind: str,
    title: str,
    due_on: date,
    subject: str,
    record_id: UUID,
    agency_id: UUID | None = None,
    body: str | None = None,
    opens_on: date | None = None,
    locks_on: date | None = None,
    period: str = "",
    source_case_id: UUID | None = None,
) -> None:
    """Have an agency, or a body by its code, owe something on a record by a day.

    Once for each kind, owner, record and period. It opens today unless said otherwise, and locks
    on the day it is due. What comes from a case is seen by who works on it and by the owner.
    """
    await db.fetchrow(
        OWE,
        kind,
        title,
        period,
        agency_id,
        body,
        subject,
        record_id,
        source_case_id,
        opens_on,
        due_on,
        locks_on,
    )


async def meet(
    db: ActorSession,
    *,
    kind: str,
    record_id: UUID,
    agency_id: UUID | None = None,
    on: date | None = None,
) -> None:
    """Record that what was owed on a record was done on a day, today if none; late if later."""
    await db.fetchrow(SETTLE, kind, record_id, agency_id, on or board_day(), "met")


async def cancel(db: ActorSession, *, kind: str, record_id: UUID) -> None:
    """Record that something on a record is owed no more."""
    await db.fetchrow(SETTLE, kind, record_id, None, None, "cancelled")
