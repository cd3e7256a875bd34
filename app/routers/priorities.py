"""`/priorities`: what the Board puts first, and how that changed (Framework section 9)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.governance import PRIORITY_LIFECYCLE, Priority
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.priorities import (
    PriorityCreate,
    PriorityFilters,
    PriorityRead,
    PriorityTransitionCreate,
    PriorityUpdate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.nested import page_of_moves
from app.services.priorities import NotProposed, change_priority, propose_priority
from app.services.records import page, show
from app.services.transitions import DecisionNeeded, move

router = APIRouter(tags=["priorities"])

PriorityId = Annotated[UUID, Path(description="The priority.")]
Read = Annotated[Caller, Requires(Scope.governance_read)]
Write = Annotated[Caller, Requires(Scope.governance_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)


@router.get("/priorities", response_model=Page[PriorityRead])
async def list_priorities(caller: Read, filters: Annotated[PriorityFilters, Query()]) -> Response:
    """List priorities, every version, the newest on record first."""
    return await page(caller, PriorityRead, filters)


@router.post(
    "/priorities", status_code=201, response_model=PriorityRead, responses=responses(*OF_TEXTS)
)
async def create_priority(caller: Write, body: PriorityCreate) -> Response:
    """Propose a priority, or the next version of one."""
    return await propose_priority(caller, body)


@router.get("/priorities/{priority_id}", response_model=PriorityRead)
async def read_priority(caller: Read, priority_id: PriorityId) -> Response:
    """Read one priority."""
    return await show(caller, PriorityRead, priority_id)


@router.patch(
    "/priorities/{priority_id}",
    response_model=PriorityRead,
    responses=responses(NotProposed, *OF_TEXTS),
)
async def update_priority(caller: Write, priority_id: PriorityId, body: PriorityUpdate) -> Response:
    """Change a proposal. What the Board adopted takes a new version."""
    return await change_priority(caller, priority_id, body)


@router.post(
    "/priorities/{priority_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(DecisionNeeded),
)
async def create_priority_transition(
    caller: Write, priority_id: PriorityId, body: PriorityTransitionCreate
) -> Response:
    """Adopt, begin or retire a priority, by decision of the Board."""
    return await move(
        caller,
        PriorityRead,
        PRIORITY_LIFECYCLE,
        priority_id,
        body.to,
        body.reason,
        decision_id=body.decision_id,
    )


@router.get("/priorities/{priority_id}/transitions", response_model=Page[TransitionRead])
async def list_priority_transitions(
    caller: Read, priority_id: PriorityId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a priority, newest first."""
    return await page_of_moves(caller, Priority, priority_id, filters)
