"""`/case-reviews/{id}/deadlines`: which clocks run for a review (Framework section 16)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.pagination import Page
from app.schemas.review_deadlines import DeadlineFilters, DeadlineRead, DeadlineUpdate
from app.services.reading import read
from app.services.records import change, show
from app.services.review_work import OF_REVIEW, list_of_review

router = APIRouter(tags=["case-reviews"])

ReviewId = Annotated[UUID, Path(description="The review.")]
DeadlineId = Annotated[UUID, Path(description="The deadline.")]
Read = Annotated[Caller, Requires(Scope.case_reviews_read)]
Write = Annotated[Caller, Requires(Scope.case_reviews_write)]


@router.get("/case-reviews/{review_id}/deadlines", response_model=Page[DeadlineRead])
async def list_case_review_deadlines(
    caller: Read, review_id: ReviewId, filters: Annotated[DeadlineFilters, Query()]
) -> Response:
    """List the clocks that run for a review, newest first, and which are overdue."""
    return await list_of_review(caller, DeadlineRead, review_id, filters)


@router.get("/case-reviews/{review_id}/deadlines/{deadline_id}", response_model=DeadlineRead)
async def read_case_review_deadline(
    caller: Read, review_id: ReviewId, deadline_id: DeadlineId
) -> Response:
    """Read one deadline."""
    return await show(caller, DeadlineRead, deadline_id, OF_REVIEW, review_id)


@router.patch("/case-reviews/{review_id}/deadlines/{deadline_id}", response_model=DeadlineRead)
async def update_case_review_deadline(
    caller: Write, review_id: ReviewId, deadline_id: DeadlineId, body: DeadlineUpdate
) -> Response:
    """Record the day on which what a clock counts was done."""
    await read(caller, DeadlineRead, deadline_id, OF_REVIEW, review_id)
    return await change(caller, DeadlineRead, deadline_id, body)
