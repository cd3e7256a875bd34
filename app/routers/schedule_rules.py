"""`/schedule-rules`: what has to be delivered, by whom and how often (Framework section 23)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.schedule_rules import (
    ScheduleRuleCreate,
    ScheduleRuleFilters,
    ScheduleRuleRead,
    ScheduleRuleUpdate,
)
from app.services.records import page, show
from app.services.schedule_rules import add_rule, change_rule

router = APIRouter(tags=["schedule-rules"])

RuleId = Annotated[UUID, Path(description="The rule.")]
Read = Annotated[Caller, Requires(Scope.timetable_read)]
Write = Annotated[Caller, Requires(Scope.timetable_write)]
OF_TEXTS = responses(UnresolvedIdentifiers, InvalidToken)


@router.get("/schedule-rules", response_model=Page[ScheduleRuleRead])
async def list_schedule_rules(
    caller: Read, filters: Annotated[ScheduleRuleFilters, Query()]
) -> Response:
    """List the rules of the timetable, newest first."""
    return await page(caller, ScheduleRuleRead, filters)


@router.post(
    "/schedule-rules", status_code=201, response_model=ScheduleRuleRead, responses=OF_TEXTS
)
async def create_schedule_rule(caller: Write, body: ScheduleRuleCreate) -> Response:
    """Add a rule to the timetable."""
    return await add_rule(caller, body)


@router.get("/schedule-rules/{rule_id}", response_model=ScheduleRuleRead)
async def read_schedule_rule(caller: Read, rule_id: RuleId) -> Response:
    """Read one rule."""
    return await show(caller, ScheduleRuleRead, rule_id)


@router.patch("/schedule-rules/{rule_id}", response_model=ScheduleRuleRead, responses=OF_TEXTS)
async def update_schedule_rule(
    caller: Write, rule_id: RuleId, body: ScheduleRuleUpdate
) -> Response:
    """Change a rule, for what has not opened yet."""
    return await change_rule(caller, rule_id, body)
