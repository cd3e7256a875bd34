"""`/commendations`: what was done well, said by the Board (Framework sections 9 and 23)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.challenges import COMMENDATION_LIFECYCLE, Commendation, CommendationStatus
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.commendations import (
    CommendationCreate,
    CommendationFilters,
    CommendationRead,
    CommendationTransitionCreate,
    CommendationUpdate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.commendations import draft_commendation
from app.services.nested import page_of_moves
from app.services.records import page, show
from app.services.transitions import DecisionNeeded
from app.services.wording import RecordFixed, reword, step

router = APIRouter(tags=["commendations"])

CommendationId = Annotated[UUID, Path(description="The commendation.")]
Read = Annotated[Caller, Requires(Scope.learning_read)]
Write = Annotated[Caller, Requires(Scope.challenges_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)
DRAFT = (CommendationStatus.draft,)


@router.get("/commendations", response_model=Page[CommendationRead])
async def list_commendations(
    caller: Read, filters: Annotated[CommendationFilters, Query()]
) -> Response:
    """List commendations, newest first; partners see those that are published."""
    return await page(caller, CommendationRead, filters)


@router.post(
    "/commendations",
    status_code=201,
    response_model=CommendationRead,
    responses=responses(*OF_TEXTS),
)
async def create_commendation(caller: Write, body: CommendationCreate) -> Response:
    """Draft a commendation of another agency, or of a team. It names no person."""
    return await draft_commendation(caller, body)


@router.get("/commendations/{commendation_id}", response_model=CommendationRead)
async def read_commendation(caller: Read, commendation_id: CommendationId) -> Response:
    """Read one commendation."""
    return await show(caller, CommendationRead, commendation_id)


@router.patch(
    "/commendations/{commendation_id}",
    response_model=CommendationRead,
    responses=responses(RecordFixed, *OF_TEXTS),
)
async def update_commendation(
    caller: Write, commendation_id: CommendationId, body: CommendationUpdate
) -> Response:
    """Change a draft. What a body has agreed is not worded anew."""
    return await reword(caller, CommendationRead, commendation_id, body, DRAFT)


@router.get("/commendations/{commendation_id}/transitions", response_model=Page[TransitionRead])
async def list_commendation_transitions(
    caller: Read, commendation_id: CommendationId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a commendation, newest first."""
    return await page_of_moves(caller, Commendation, commendation_id, filters)


@router.post(
    "/commendations/{commendation_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(DecisionNeeded, *OF_TEXTS),
)
async def move_commendation(
    caller: Read, commendation_id: CommendationId, body: CommendationTransitionCreate
) -> Response:
    """Agree a commendation by a decision of a body, or publish it to all partners."""
    return await step(
        caller, CommendationRead, COMMENDATION_LIFECYCLE, commendation_id, body.to, body
    )
