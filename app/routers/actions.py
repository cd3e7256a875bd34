"""`/actions`: what agencies do about what was found, by when, and who saw that it was done.

Framework section 21.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.actions import SmartAction
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.reference.working_days import BeyondCalendar
from app.schemas.actions import (
    ActionTransitionCreate,
    SmartActionCreate,
    SmartActionFilters,
    SmartActionRead,
    SmartActionUpdate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.actions import NotSmart, change_action, create_draft, move_action
from app.services.nested import page_of_moves
from app.services.records import page, show
from app.services.transitions import DecisionNeeded
from app.services.wording import RecordFixed

router = APIRouter(tags=["actions"])

ActionId = Annotated[UUID, Path(description="The action.")]
Read = Annotated[Caller, Requires(Scope.learning_read)]
Write = Annotated[Caller, Requires(Scope.actions_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)


@router.get("/actions", response_model=Page[SmartActionRead])
async def list_actions(caller: Read, filters: Annotated[SmartActionFilters, Query()]) -> Response:
    """List actions, newest first: agreed ones, and drafts of one's own agency."""
    return await page(caller, SmartActionRead, filters)


@router.post(
    "/actions",
    status_code=201,
    response_model=SmartActionRead,
    responses=responses(*OF_TEXTS),
)
async def create_action(caller: Write, body: SmartActionCreate) -> Response:
    """Draft an action for a recommendation or a finding. The Board agrees it once it is SMART."""
    return await create_draft(caller, body)


@router.get("/actions/{action_id}", response_model=SmartActionRead)
async def read_action(caller: Read, action_id: ActionId) -> Response:
    """Read one action, and what you may do with it now."""
    return await show(caller, SmartActionRead, action_id)


@router.patch(
    "/actions/{action_id}",
    response_model=SmartActionRead,
    responses=responses(RecordFixed, *OF_TEXTS),
)
async def update_action(caller: Write, action_id: ActionId, body: SmartActionUpdate) -> Response:
    """Change a draft. Once it is agreed, only its owner and deputy change here."""
    return await change_action(caller, action_id, body)


@router.get("/actions/{action_id}/transitions", response_model=Page[TransitionRead])
async def list_action_transitions(
    caller: Read, action_id: ActionId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of an action, newest first."""
    return await page_of_moves(caller, SmartAction, action_id, filters)


@router.post(
    "/actions/{action_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(NotSmart, DecisionNeeded, BeyondCalendar, *OF_TEXTS),
)
async def create_action_transition(
    caller: Read, action_id: ActionId, body: ActionTransitionCreate
) -> Response:
    """Move an action on. Its agency claims that it is done; somebody else verifies it."""
    return await move_action(caller, action_id, body)
