"""`/case-reviews/{id}/…`: criteria, recommendations, decisions (Framework section 16).

The service shows; the sub group recommends; the regime's decision maker decides.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import (
    DisclosureRefused,
    PreconditionFailed,
    PreconditionRequired,
    StepUpRequired,
    TransitionNotAllowed,
    UndertakingRequired,
    responses,
)
from app.pagination import Page, Paging
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.case_reviews import CaseReviewRead
from app.schemas.review_decisions import (
    CriteriaAnswers,
    CriterionFilters,
    CriterionRead,
    DecisionCreate,
    DecisionRead,
    ReviewRecommendationCreate,
    ReviewRecommendationRead,
)
from app.services.case_reviews import NotItsTurn
from app.services.disclosure import DISCLOSES
from app.services.records import creating
from app.services.review_decisions import answer_criteria, decide, recommend
from app.services.review_work import list_of_review, show_of_review

router = APIRouter(tags=["case-reviews"])

ReviewId = Annotated[UUID, Path(description="The review.")]
RecommendationId = Annotated[UUID, Path(description="The recommendation.")]
DecisionId = Annotated[UUID, Path(description="The decision.")]
DeadlineId = Annotated[UUID, Path(description="The deadline.")]
Read = Annotated[Caller, Requires(Scope.case_reviews_read)]
Write = Annotated[Caller, Requires(Scope.case_reviews_write)]
NARRATES = {"x-narrates": True}
OF_NARRATIVES = (UnresolvedIdentifiers, InvalidToken)
OF_GRANTS = responses(DisclosureRefused, StepUpRequired, UndertakingRequired)


@router.get("/case-reviews/{review_id}/criteria", response_model=Page[CriterionRead])
async def list_case_review_criteria(
    caller: Read, review_id: ReviewId, filters: Annotated[CriterionFilters, Query()]
) -> Response:
    """List the answers to the criteria, newest first; what they come to stands in the review."""
    return await list_of_review(caller, CriterionRead, review_id, filters)


@router.put(
    "/case-reviews/{review_id}/criteria",
    response_model=CaseReviewRead,
    responses=responses(*OF_NARRATIVES, NotItsTurn, PreconditionRequired, PreconditionFailed),
    openapi_extra=NARRATES,
)
async def answer_case_review_criteria(
    caller: Write, review_id: ReviewId, body: CriteriaAnswers
) -> Response:
    """Answer every limb of the criteria, with reasons. Earlier answers stay on record."""
    return await answer_criteria(caller, review_id, body)


@router.get(
    "/case-reviews/{review_id}/recommendations", response_model=Page[ReviewRecommendationRead]
)
async def list_case_review_recommendations(
    caller: Read, review_id: ReviewId, filters: Annotated[Paging, Query()]
) -> Response:
    """List what the sub group recommended, newest first."""
    return await list_of_review(caller, ReviewRecommendationRead, review_id, filters)


@router.post(
    "/case-reviews/{review_id}/recommendations",
    status_code=201,
    response_model=ReviewRecommendationRead,
    responses=responses(*OF_NARRATIVES, NotItsTurn, TransitionNotAllowed),
    openapi_extra=NARRATES,
)
async def create_case_review_recommendation(
    caller: Write, review_id: ReviewId, body: ReviewRecommendationCreate
) -> Response:
    """Recommend what becomes of the incident, as the sub group; it is not changed afterwards."""
    async with creating(caller, ReviewRecommendationRead, [str(review_id), body]) as creation:
        if creation.is_new:
            creation.id = await recommend(creation.db, caller, review_id, body)
    return creation.response


@router.get(
    "/case-reviews/{review_id}/recommendations/{recommendation_id}",
    response_model=ReviewRecommendationRead,
    responses=OF_GRANTS,
    openapi_extra=DISCLOSES,
)
async def read_case_review_recommendation(
    caller: Read, review_id: ReviewId, recommendation_id: RecommendationId
) -> Response:
    """Read one recommendation."""
    return await show_of_review(caller, ReviewRecommendationRead, review_id, recommendation_id)


@router.get("/case-reviews/{review_id}/decisions", response_model=Page[DecisionRead])
async def list_case_review_decisions(
    caller: Read, review_id: ReviewId, filters: Annotated[Paging, Query()]
) -> Response:
    """List what was decided: one decision, or none yet."""
    return await list_of_review(caller, DecisionRead, review_id, filters)


@router.post(
    "/case-reviews/{review_id}/decisions",
    status_code=201,
    response_model=DecisionRead,
    responses=responses(*OF_NARRATIVES, NotItsTurn),
    openapi_extra=NARRATES,
)
async def create_case_review_decision(
    caller: Read, review_id: ReviewId, body: DecisionCreate
) -> Response:
    """Decide what becomes of the incident, as the regime's decision maker and nobody else.

    Another outcome than the sub group recommended needs reasons of its own. Starts the clocks of
    the notices, and takes the review to where it was decided.
    """
    async with creating(caller, DecisionRead, [str(review_id), body]) as creation:
        if creation.is_new:
            creation.id = await decide(creation.db, caller, review_id, body)
    return creation.response


@router.get(
    "/case-reviews/{review_id}/decisions/{decision_id}",
    response_model=DecisionRead,
    responses=OF_GRANTS,
    openapi_extra=DISCLOSES,
)
async def read_case_review_decision(
    caller: Read, review_id: ReviewId, decision_id: DecisionId
) -> Response:
    """Read one decision."""
    return await show_of_review(caller, DecisionRead, review_id, decision_id)
