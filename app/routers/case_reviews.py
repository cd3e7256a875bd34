"""`/case-reviews`: what becomes of an incident, step by step (Framework section 16).

A live review exists for its team, its decision makers and the agencies that take part; for
everybody else there is none.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import DisclosureRefused, StepUpRequired, UndertakingRequired, responses
from app.models.case_reviews import CaseReview
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.reference.regimes import NoRegime
from app.schemas.case_reviews import (
    CaseReviewCreate,
    CaseReviewFilters,
    CaseReviewRead,
    CaseReviewTransitionCreate,
    CaseReviewUpdate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.case_reviews import UnknownReviewType, create_review, move_review
from app.services.casework import change_narrated
from app.services.disclosure import DISCLOSES, show_disclosed
from app.services.nested import page_of_moves
from app.services.records import creating, page

router = APIRouter(tags=["case-reviews"])

ReviewId = Annotated[UUID, Path(description="The review.")]
Read = Annotated[Caller, Requires(Scope.case_reviews_read)]
Write = Annotated[Caller, Requires(Scope.case_reviews_write)]


@router.get("/case-reviews", response_model=Page[CaseReviewRead])
async def list_case_reviews(
    caller: Read, filters: Annotated[CaseReviewFilters, Query()]
) -> Response:
    """List the reviews you take part in, newest first. Of others you do not learn that they are."""
    return await page(caller, CaseReviewRead, filters)


@router.post(
    "/case-reviews",
    status_code=201,
    response_model=CaseReviewRead,
    responses=responses(UnresolvedIdentifiers, InvalidToken, NoRegime, UnknownReviewType),
    openapi_extra={"x-narrates": True},
)
async def create_case_review(caller: Write, body: CaseReviewCreate) -> Response:
    """Begin a review of a case under the regime of the day it was notified."""
    async with creating(caller, CaseReviewRead, body) as creation:
        if creation.is_new:
            creation.id = await create_review(creation.db, caller, body)
    return creation.response


@router.get(
    "/case-reviews/{review_id}",
    response_model=CaseReviewRead,
    responses=responses(DisclosureRefused, StepUpRequired, UndertakingRequired),
    openapi_extra=DISCLOSES,
)
async def read_case_review(caller: Read, review_id: ReviewId) -> Response:
    """Read one review, and what you may do with it; under a `Disclosure-Grant`, of whom it is."""
    return await show_disclosed(caller, CaseReviewRead, review_id)


@router.patch(
    "/case-reviews/{review_id}",
    response_model=CaseReviewRead,
    responses=responses(UnresolvedIdentifiers, InvalidToken),
    openapi_extra={"x-narrates": True},
)
async def update_case_review(
    caller: Write, review_id: ReviewId, body: CaseReviewUpdate
) -> Response:
    """Change what is written of a review: terms of reference, methodology, summary, learning."""
    return await change_narrated(caller, CaseReviewRead, review_id, body)


@router.get("/case-reviews/{review_id}/transitions", response_model=Page[TransitionRead])
async def list_case_review_transitions(
    caller: Read, review_id: ReviewId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a review, newest first."""
    return await page_of_moves(caller, CaseReview, review_id, filters)


@router.post(
    "/case-reviews/{review_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(UnresolvedIdentifiers, InvalidToken),
    openapi_extra={"x-narrates": True},
)
async def move_case_review(
    caller: Read, review_id: ReviewId, body: CaseReviewTransitionCreate
) -> Response:
    """Move a review on: run it, endorse it for the sub group, or decide as only the chair may."""
    return await move_review(caller, review_id, body)
