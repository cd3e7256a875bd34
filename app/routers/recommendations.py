"""`/recommendations`: what sub groups recommend to the Board, and what became of it.

Framework sections 16, 21 and 22.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.recommendations import BoardRecommendation
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.reference.working_days import BeyondCalendar
from app.schemas.recommendations import (
    RecommendationCreate,
    RecommendationFilters,
    RecommendationFindingRead,
    RecommendationRead,
    RecommendationTransitionCreate,
    RecommendationUpdate,
)
from app.schemas.sources import ReleaseCreate
from app.schemas.themes import LinkCreate, LinkFilters
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.learning import (
    FindingNotConfirmed,
    NothingToRelease,
    ReviewIsLive,
    link_within,
    release,
)
from app.services.nested import page_of_moves, page_within
from app.services.recommendations import (
    NotASubGroup,
    draft_recommendation,
    move_recommendation,
)
from app.services.records import page, show
from app.services.transitions import DecisionNeeded
from app.services.wording import RecordFixed, reword

router = APIRouter(tags=["recommendations"])

RecommendationId = Annotated[UUID, Path(description="The recommendation.")]
LinkId = Annotated[UUID, Path(description="The link.")]
Read = Annotated[Caller, Requires(Scope.learning_read)]
Write = Annotated[Caller, Requires(Scope.recommendations_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)
WORDED = ("drafted", "executive_group_returned")


@router.get("/recommendations", response_model=Page[RecommendationRead])
async def list_recommendations(
    caller: Read, filters: Annotated[RecommendationFilters, Query()]
) -> Response:
    """List recommendations that you may read, newest first."""
    return await page(caller, RecommendationRead, filters)


@router.post(
    "/recommendations",
    status_code=201,
    response_model=RecommendationRead,
    responses=responses(NotASubGroup, FindingNotConfirmed, *OF_TEXTS),
)
async def create_recommendation(caller: Write, body: RecommendationCreate) -> Response:
    """Draft a recommendation; one made for the country enters as recommended."""
    return await draft_recommendation(caller, body)


@router.get("/recommendations/{recommendation_id}", response_model=RecommendationRead)
async def read_recommendation(caller: Read, recommendation_id: RecommendationId) -> Response:
    """Read one recommendation, and what you may do with it now."""
    return await show(caller, RecommendationRead, recommendation_id)


@router.patch(
    "/recommendations/{recommendation_id}",
    response_model=RecommendationRead,
    responses=responses(RecordFixed, *OF_TEXTS),
)
async def update_recommendation(
    caller: Write, recommendation_id: RecommendationId, body: RecommendationUpdate
) -> Response:
    """Change a draft, or what the executive group returned."""
    return await reword(caller, RecommendationRead, recommendation_id, body, WORDED)


@router.post(
    "/recommendations/{recommendation_id}/release",
    response_model=RecommendationRead,
    responses=responses(ReviewIsLive, NothingToRelease, DecisionNeeded, *OF_TEXTS),
)
async def release_recommendation(
    caller: Write, recommendation_id: RecommendationId, body: ReleaseCreate
) -> Response:
    """Tell all partners what is recommended from a case. It is not taken back."""
    return await release(caller, RecommendationRead, recommendation_id, body)


@router.get(
    "/recommendations/{recommendation_id}/findings",
    response_model=Page[RecommendationFindingRead],
)
async def list_recommendation_findings(
    caller: Read, recommendation_id: RecommendationId, filters: Annotated[LinkFilters, Query()]
) -> Response:
    """List the findings that a recommendation answers and that you may read."""
    return await page_within(
        caller,
        BoardRecommendation,
        recommendation_id,
        RecommendationFindingRead,
        filters,
        "t.recommendation_id = $3",
    )


@router.post(
    "/recommendations/{recommendation_id}/findings",
    status_code=201,
    response_model=RecommendationFindingRead,
    responses=responses(FindingNotConfirmed),
)
async def create_recommendation_finding(
    caller: Write, recommendation_id: RecommendationId, body: LinkCreate
) -> Response:
    """Link a confirmed finding to the recommendation that answers it."""
    return await link_within(
        caller,
        RecommendationFindingRead,
        BoardRecommendation,
        "recommendation_id",
        recommendation_id,
        body,
    )


@router.get(
    "/recommendations/{recommendation_id}/findings/{link_id}",
    response_model=RecommendationFindingRead,
)
async def read_recommendation_finding(
    caller: Read, recommendation_id: RecommendationId, link_id: LinkId
) -> Response:
    """Read one link of a finding to a recommendation."""
    return await show(
        caller, RecommendationFindingRead, link_id, "t.recommendation_id = $4", recommendation_id
    )


@router.get("/recommendations/{recommendation_id}/transitions", response_model=Page[TransitionRead])
async def list_recommendation_transitions(
    caller: Read,
    recommendation_id: RecommendationId,
    filters: Annotated[TransitionFilters, Query()],
) -> Response:
    """List the moves of a recommendation and their decisions, newest first."""
    return await page_of_moves(caller, BoardRecommendation, recommendation_id, filters)


@router.post(
    "/recommendations/{recommendation_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(DecisionNeeded, BeyondCalendar, *OF_TEXTS),
)
async def create_recommendation_transition(
    caller: Write, recommendation_id: RecommendationId, body: RecommendationTransitionCreate
) -> Response:
    """Move a recommendation, by the decision of the body in charge."""
    return await move_recommendation(caller, recommendation_id, body)
