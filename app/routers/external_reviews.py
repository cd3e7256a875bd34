"""`/external-reviews`: what others have learned, whether it applies here, and what contradicts it.

Framework section 16.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.external_reviews import ExternalReview
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.external_reviews import (
    ApplicabilityJudgementCreate,
    ApplicabilityJudgementFilters,
    ApplicabilityJudgementRead,
    ExternalReviewCreate,
    ExternalReviewFilters,
    ExternalReviewRead,
    ExternalReviewUpdate,
    ReviewConflictCreate,
    ReviewConflictFilters,
    ReviewConflictRead,
    ReviewConflictUpdate,
)
from app.services.external_reviews import (
    NotYetPublished,
    change_nameless,
    change_review,
    judge_review,
    record_conflict,
    register_review,
)
from app.services.nested import page_within
from app.services.records import page, show

router = APIRouter(tags=["external-reviews"])

ReviewId = Annotated[UUID, Path(description="The external review.")]
JudgementId = Annotated[UUID, Path(description="The judgement.")]
ConflictId = Annotated[UUID, Path(description="The conflict.")]
Read = Annotated[Caller, Requires(Scope.external_reviews_read)]
Write = Annotated[Caller, Requires(Scope.case_reviews_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)
OF_REVIEW = "t.external_review_id = $3"


@router.get("/external-reviews", response_model=Page[ExternalReviewRead])
async def list_external_reviews(
    caller: Read, filters: Annotated[ExternalReviewFilters, Query()]
) -> Response:
    """List reviews of others, the newest on record first."""
    return await page(caller, ExternalReviewRead, filters)


@router.post(
    "/external-reviews",
    status_code=201,
    response_model=ExternalReviewRead,
    responses=responses(NotYetPublished, *OF_TEXTS),
)
async def create_external_review(caller: Write, body: ExternalReviewCreate) -> Response:
    """Register a review that others have published. A text that names somebody is refused."""
    return await register_review(caller, body)


@router.get("/external-reviews/{review_id}", response_model=ExternalReviewRead)
async def read_external_review(caller: Read, review_id: ReviewId) -> Response:
    """Read one review of others."""
    return await show(caller, ExternalReviewRead, review_id)


@router.patch(
    "/external-reviews/{review_id}",
    response_model=ExternalReviewRead,
    responses=responses(NotYetPublished, *OF_TEXTS),
)
async def update_external_review(
    caller: Write, review_id: ReviewId, body: ExternalReviewUpdate
) -> Response:
    """Change what is registered of a review."""
    return await change_review(caller, review_id, body)


@router.get(
    "/external-reviews/{review_id}/applicability-judgements",
    response_model=Page[ApplicabilityJudgementRead],
)
async def list_applicability_judgements(
    caller: Read, review_id: ReviewId, filters: Annotated[ApplicabilityJudgementFilters, Query()]
) -> Response:
    """List what the sub group has held of a review, newest first."""
    return await page_within(
        caller, ExternalReview, review_id, ApplicabilityJudgementRead, filters, OF_REVIEW
    )


@router.post(
    "/external-reviews/{review_id}/applicability-judgements",
    status_code=201,
    response_model=ApplicabilityJudgementRead,
    responses=responses(*OF_TEXTS),
)
async def create_applicability_judgement(
    caller: Write, review_id: ReviewId, body: ApplicabilityJudgementCreate
) -> Response:
    """Judge, for the sub group, whether what others learned applies here."""
    return await judge_review(caller, review_id, body)


@router.get(
    "/external-reviews/{review_id}/applicability-judgements/{judgement_id}",
    response_model=ApplicabilityJudgementRead,
)
async def read_applicability_judgement(
    caller: Read, review_id: ReviewId, judgement_id: JudgementId
) -> Response:
    """Read one judgement."""
    return await show(
        caller,
        ApplicabilityJudgementRead,
        judgement_id,
        "t.external_review_id = $4",
        review_id,
    )


@router.get("/external-reviews/{review_id}/conflicts", response_model=Page[ReviewConflictRead])
async def list_review_conflicts(
    caller: Read, review_id: ReviewId, filters: Annotated[ReviewConflictFilters, Query()]
) -> Response:
    """List conflicts of a review, whichever of two was named first; newest first."""
    either = "(t.external_review_id = $3 OR t.conflicts_with_id = $3)"
    return await page_within(caller, ExternalReview, review_id, ReviewConflictRead, filters, either)


@router.post(
    "/external-reviews/{review_id}/conflicts",
    status_code=201,
    response_model=ReviewConflictRead,
    responses=responses(*OF_TEXTS),
)
async def create_review_conflict(
    caller: Write, review_id: ReviewId, body: ReviewConflictCreate
) -> Response:
    """Flag that a review asks for other than another one, or than the Board has recommended."""
    return await record_conflict(caller, review_id, body)


@router.get(
    "/external-reviews/{review_id}/conflicts/{conflict_id}", response_model=ReviewConflictRead
)
async def read_review_conflict(
    caller: Read, review_id: ReviewId, conflict_id: ConflictId
) -> Response:
    """Read one conflict."""
    return await show(
        caller, ReviewConflictRead, conflict_id, "t.external_review_id = $4", review_id
    )


@router.patch(
    "/external-reviews/{review_id}/conflicts/{conflict_id}",
    response_model=ReviewConflictRead,
    responses=responses(*OF_TEXTS),
)
async def update_review_conflict(
    caller: Write, review_id: ReviewId, conflict_id: ConflictId, body: ReviewConflictUpdate
) -> Response:
    """Explain a conflict anew, or settle it on a day."""
    await show(caller, ReviewConflictRead, conflict_id, "t.external_review_id = $4", review_id)
    return await change_nameless(caller, ReviewConflictRead, conflict_id, body)
