"""Checks of impact, planned and owed by the rules for them (Framework section 22)."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from app.access.caller import ActorSession
from app.models.impact_checks import CheckSubject, ImpactCheck
from app.reference.impact_rules import AFTER_VERIFICATION, NOTICE_DAYS
from app.reference.working_days import add_months
from app.schemas.impact_checks import ImpactCheckRead
from app.services.campaigns import board_day
from app.services.obligations import cancel, owe
from app.services.records import insert
from app.services.transitions import record_move

KIND = "impact_check"
TITLE = "Check of impact"
OF_ACTION = """
SELECT coalesce(r.body_id, f.body_id, q.id) AS body_id,
    coalesce(a.source_case_id IS NOT NULL OR 'case_review' IN (r.source_kind, f.source_kind), false)
        AS is_of_review
FROM actions a
LEFT JOIN recommendations r ON r.id = a.recommendation_id
LEFT JOIN findings f ON f.id = a.finding_id
JOIN bodies q ON q.code = 'quality_assurance'
WHERE a.id = $1
"""
CODE = "SELECT code FROM bodies WHERE id = $1"
TO_CANCEL = """
SELECT id::text, status, agency_id::text FROM impact_checks
WHERE subject = $1 AND record_id = $2 AND status IN ('scheduled', 'in_progress')
ORDER BY id FOR UPDATE
"""


async def live_case(db: ActorSession, table: str, record_id: UUID) -> UUID | None:
    """Return the case that a record comes from, unless it is released; null for none."""
    if table == CheckSubject.briefings:
        return None
    sql = f"SELECT source_case_id FROM {table} WHERE id = $1 AND NOT is_released"
    found = await db.fetchrow(sql, record_id)
    return found["source_case_id"] if found else None


async def schedule_check(db: ActorSession, values: dict[str, Any]) -> UUID:
    """Plan a check and owe it by its body; `values` are columns. Raises `Forbidden`."""
    check_id = await insert(db, ImpactCheck, values)
    await owe_check(db, values | {"id": check_id})
    return check_id


async def owe_check(db: ActorSession, check: dict[str, Any]) -> None:
    """Owe a check by its body on its day; it is announced some weeks before."""
    body = await db.fetchrow(CODE, check["body_id"])
    due_on: date = check["scheduled_on"]
    await owe(
        db,
        kind=KIND,
        title=TITLE,
        due_on=due_on,
        subject=ImpactCheck.__tablename__,
        record_id=check["id"],
        body=body["code"] if body else None,
        opens_on=max(board_day(), due_on - timedelta(days=NOTICE_DAYS)),
        period=str(due_on),
        source_case_id=await live_case(db, check["subject"], check["record_id"]),
    )


async def schedule_after_verification(db: ActorSession, action_id: UUID) -> None:
    """Plan every check that the rules ask for when an action is verified today."""
    action = await db.fetchrow(OF_ACTION, action_id)
    assert action is not None  # noqa: S101 - the caller has just moved it
    kinds = {None, "case_review"} if action["is_of_review"] else {None}
    for rule in AFTER_VERIFICATION:
        if rule.source_kind in kinds:
            planned = {
                "subject": CheckSubject.actions,
                "record_id": action_id,
                "body_id": action["body_id"],
                "method": rule.method,
                "scheduled_on": add_months(board_day(), rule.months),
            }
            await schedule_check(db, planned)


async def cancel_checks(db: ActorSession, subject: str, record_id: UUID, reason: str) -> None:
    """Cancel what is still planned of a record that was closed."""
    for row in await db.fetch(TO_CANCEL, subject, record_id):
        await record_move(db, ImpactCheckRead, dict(row), "cancelled", reason)
        await cancel(db, kind=KIND, record_id=UUID(row["id"]))
