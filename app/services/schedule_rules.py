"""Rules of the timetable: what they change is what has not opened yet (Framework section 23)."""

from uuid import UUID

from fastapi import Response

from app.access.caller import Caller
from app.models.timetable import ScheduleRule
from app.schemas.schedule_rules import ScheduleRuleCreate, ScheduleRuleRead, ScheduleRuleUpdate
from app.services.nameless import refuse_names_in
from app.services.records import changing, create, patch, update

UNOPENED = """
DELETE FROM obligations WHERE rule_id = $1 AND status = 'upcoming'
    AND opens_on > (now() AT TIME ZONE 'Europe/London')::date
"""


async def add_rule(caller: Caller, body: ScheduleRuleCreate) -> Response:
    """Add a rule. The clock lays out what it makes owed."""
    await refuse_names_in(caller, {"/title": body.title})
    return await create(caller, ScheduleRuleRead, body.model_dump())


async def change_rule(caller: Caller, rule_id: UUID, body: ScheduleRuleUpdate) -> Response:
    """Change a rule under `If-Match`. What has not opened is laid out anew by the next clock."""
    sent = patch(body)
    await refuse_names_in(caller, {"/title": sent["title"]} if "title" in sent else {})
    async with changing(caller, ScheduleRuleRead, rule_id, body) as changed:
        if sent:
            await update(changed.db, ScheduleRule, rule_id, sent | {"generated_on": None})
            await changed.db.fetchrow(UNOPENED, rule_id)
    return changed.response
