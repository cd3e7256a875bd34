"""`/challenges`: who challenged whom, what was replied, what came of it (sections 8 and 23)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.challenges import Challenge
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.challenges import (
    ChallengeCreate,
    ChallengeFilters,
    ChallengeRead,
    ChallengeTransitionCreate,
    ChallengeUpdate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.challenges import NobodyToChallenge, move_challenge_on, raise_challenge
from app.services.nested import page_of_moves
from app.services.records import page, show
from app.services.wording import reword

router = APIRouter(tags=["challenges"])

ChallengeId = Annotated[UUID, Path(description="The challenge.")]
Read = Annotated[Caller, Requires(Scope.learning_read)]
Write = Annotated[Caller, Requires(Scope.challenges_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)


@router.get("/challenges", response_model=Page[ChallengeRead])
async def list_challenges(caller: Read, filters: Annotated[ChallengeFilters, Query()]) -> Response:
    """List challenges, newest first: those of your agency, and all that are closed."""
    return await page(caller, ChallengeRead, filters)


@router.post(
    "/challenges",
    status_code=201,
    response_model=ChallengeRead,
    responses=responses(NobodyToChallenge, *OF_TEXTS),
)
async def create_challenge(caller: Write, body: ChallengeCreate) -> Response:
    """Challenge an agency or a body. The other side owes a reply in ten working days."""
    return await raise_challenge(caller, body)


@router.get("/challenges/{challenge_id}", response_model=ChallengeRead)
async def read_challenge(caller: Read, challenge_id: ChallengeId) -> Response:
    """Read one challenge."""
    return await show(caller, ChallengeRead, challenge_id)


@router.patch(
    "/challenges/{challenge_id}", response_model=ChallengeRead, responses=responses(*OF_TEXTS)
)
async def update_challenge(
    caller: Write, challenge_id: ChallengeId, body: ChallengeUpdate
) -> Response:
    """Write the reply, as who was challenged, or the outcome, as the challenger's side."""
    return await reword(caller, ChallengeRead, challenge_id, body)


@router.get("/challenges/{challenge_id}/transitions", response_model=Page[TransitionRead])
async def list_challenge_transitions(
    caller: Read, challenge_id: ChallengeId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a challenge, newest first."""
    return await page_of_moves(caller, Challenge, challenge_id, filters)


@router.post(
    "/challenges/{challenge_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(*OF_TEXTS),
)
async def move_challenge(
    caller: Read, challenge_id: ChallengeId, body: ChallengeTransitionCreate
) -> Response:
    """Move a challenge to another state; `allowed_transitions` says which you may choose."""
    return await move_challenge_on(caller, challenge_id, body)
