"""The clock of audits: opens and closes them by their days, and reminds agencies.

Framework section 15. The worker runs it as an actor like any other, as often as it likes: what is
done is not done again, and two workers share the work.
"""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from app.access.caller import Caller
from app.models.audits import AuditStatus
from app.schemas.audits import AuditRead
from app.services.audits import effects
from app.services.mail import enqueue_mail
from app.services.transitions import record_move

BOARD_TIME = ZoneInfo("Europe/London")
NEXT = {
    AuditStatus.approved: AuditStatus.open,
    AuditStatus.open: AuditStatus.grace,
    AuditStatus.grace: AuditStatus.closed,
}
"""Where the clock moves an audit."""

DUE = """
SELECT id, status FROM audits
WHERE NOT is_retrospective AND (status = 'approved' AND $1 BETWEEN opens_on AND locks_on
    OR status = 'open' AND due_on < $1 OR status = 'grace' AND locks_on < $1)
ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
"""What the clock moves. It opens no audit that would lock before anybody could answer."""
REMINDERS = """
SELECT a.reference, a.title, a.due_on, a.locks_on, r.id AS response_id, lead.email,
    milestone.key AS dedupe_key
FROM audits a
JOIN audit_responses r ON r.audit_id = a.id
    AND (r.status IN ('not_started', 'in_progress', 'agency_review') AND r.revision = 0
        OR r.status = 'returned')
JOIN LATERAL (
    SELECT concat_ws(':', 'reminder', a.id, r.agency_id, m.name) AS key
    FROM (VALUES ('opened', a.opens_on), ('14_days', a.due_on - 14), ('7_days', a.due_on - 7),
        ('1_day', a.due_on - 1), ('overdue', a.due_on + 1)) AS m (name, day)
    WHERE m.day BETWEEN greatest(a.opens_on, $1::date - 6) AND $1
    ORDER BY m.day DESC LIMIT 1
) AS milestone ON true
JOIN LATERAL (
    SELECT l.email FROM agency_leads l
    WHERE l.agency_id = r.agency_id AND l.function = a.kind AND l.email IS NOT NULL
        AND l.valid_from <= $1 AND coalesce(l.valid_to, 'infinity') >= $1
    ORDER BY l.is_deputy, l.valid_from DESC, l.id LIMIT 1
) AS lead ON true
WHERE a.status IN ('open', 'grace') AND NOT a.is_retrospective
    AND NOT EXISTS (SELECT FROM mail m WHERE m.dedupe_key = milestone.key)
ORDER BY a.id, r.agency_id
"""
"""One message for each agency: that of the last milestone within a week, so that none is lost while
no worker runs for a while. To the lead in office who took over last, else to the deputy."""

SUBJECT = "{title} ({reference}): due {due_on:%d %B %Y}"
BODY = """\
The Board asks your agency for its response to an audit.

Audit: {title} ({reference})
Due: {due_on:%d %B %Y}
Last day for late responses: {locks_on:%d %B %Y}
Your response: /v1/audit-responses/{response_id}

It is still with you: not submitted yet, or returned to you with comments.
"""


async def advance_audits(caller: Caller, today: date | None = None) -> list[UUID]:
    """Move audits on as their days have come; return those that moved.

    `today` is the day in the United Kingdom. Each move is a transaction of its own; an audit that
    somebody else is changing waits for the next run.
    """
    day = today or board_day()
    moved: list[UUID] = []
    while (audit_id := await _advance_one(caller, day)) is not None:
        moved.append(audit_id)
    return list(dict.fromkeys(moved))


async def _advance_one(caller: Caller, day: date) -> UUID | None:
    async with caller.transaction() as db:
        row = await db.fetchrow(DUE, day)
        if row is None:
            return None
        before = {"id": str(row["id"]), "status": row["status"]}
        to = NEXT[AuditStatus(row["status"])]
        await record_move(db, AuditRead, before, to)
        if effect := effects().get(to):
            await effect(db, before)
    found: UUID = row["id"]
    return found


async def due_reminders(caller: Caller, key: bytes, today: date | None = None) -> int:
    """Leave a reminder for each agency that owes a response; return how many are new.

    Each goes out once, when the audit opens, 14, 7 and 1 days before it is due and 1 day after.
    `key` is the installation's; `today` is the day in the United Kingdom.
    """
    async with caller.transaction() as db:
        rows = await db.fetch(REMINDERS, today or board_day())
        for row in rows:
            await enqueue_mail(
                db,
                key,
                recipient=row["email"],
                subject=SUBJECT.format(**row),
                body=BODY.format(**row),
                dedupe_key=row["dedupe_key"],
            )
    return len(rows)


def board_day() -> date:
    """Return today in the United Kingdom."""
    return datetime.now(BOARD_TIME).date()
