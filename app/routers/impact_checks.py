"""`/impact-checks`: whether what was done changed practice, and what follows where it did not.

Framework sections 15, 16, 22 and 23.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.impact_checks import ImpactCheck
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.reference.working_days import BeyondCalendar
from app.schemas.impact_checks import (
    ImpactCheckCreate,
    ImpactCheckFilters,
    ImpactCheckRead,
    ImpactCheckTransitionCreate,
    ImpactCheckUpdate,
    ImpactSummaryRead,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.impact_checks import (
    CheckIncomplete,
    change_check,
    move_check,
    plan_check,
    show_impact_summary,
)
from app.services.nested import page_of_moves
from app.services.records import page, show
from app.services.wording import RecordFixed

router = APIRouter(tags=["impact-checks"])

CheckId = Annotated[UUID, Path(description="The check.")]
Read = Annotated[Caller, Requires(Scope.learning_read)]
Write = Annotated[Caller, Requires(Scope.impact_checks_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)


@router.get("/impact-summary", response_model=ImpactSummaryRead)
async def read_impact_summary(caller: Read) -> Response:
    """Read of how many agreed actions the impact is known, by what they go back to."""
    return await show_impact_summary(caller)


@router.get("/impact-checks", response_model=Page[ImpactCheckRead])
async def list_impact_checks(
    caller: Read, filters: Annotated[ImpactCheckFilters, Query()]
) -> Response:
    """List checks of impact, newest first."""
    return await page(caller, ImpactCheckRead, filters)


@router.post("/impact-checks", status_code=201, response_model=ImpactCheckRead)
async def create_impact_check(caller: Write, body: ImpactCheckCreate) -> Response:
    """Plan a check of an action, a recommendation or a briefing, beyond those that are made."""
    return await plan_check(caller, body)


@router.get("/impact-checks/{check_id}", response_model=ImpactCheckRead)
async def read_impact_check(caller: Read, check_id: CheckId) -> Response:
    """Read one check, and what you may do with it now."""
    return await show(caller, ImpactCheckRead, check_id)


@router.patch(
    "/impact-checks/{check_id}",
    response_model=ImpactCheckRead,
    responses=responses(RecordFixed, *OF_TEXTS),
)
async def update_impact_check(
    caller: Write, check_id: CheckId, body: ImpactCheckUpdate
) -> Response:
    """Plan a check anew while it is scheduled; write what was found while it goes on."""
    return await change_check(caller, check_id, body)


@router.get("/impact-checks/{check_id}/transitions", response_model=Page[TransitionRead])
async def list_impact_check_transitions(
    caller: Read, check_id: CheckId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a check, newest first."""
    return await page_of_moves(caller, ImpactCheck, check_id, filters)


@router.post(
    "/impact-checks/{check_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(CheckIncomplete, BeyondCalendar, *OF_TEXTS),
)
async def create_impact_check_transition(
    caller: Write, check_id: CheckId, body: ImpactCheckTransitionCreate
) -> Response:
    """Move a check on. Once concluded, its result moves the action and the recommendation."""
    return await move_check(caller, check_id, body)
