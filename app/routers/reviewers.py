"""`/case-reviews/{id}/…`: who leads the review, and its panel (Framework section 16)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import DisclosureRefused, StepUpRequired, UndertakingRequired, responses
from app.pagination import Page, Paging
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.reviewers import (
    PanelMeetingCreate,
    PanelMeetingRead,
    PanelMeetingUpdate,
    ReviewerCreate,
    ReviewerRead,
    ReviewerUpdate,
)
from app.services.disclosure import DISCLOSES
from app.services.review_work import (
    AppointmentEnded,
    appoint,
    change_appointment,
    change_of_review,
    create_of_review,
    list_of_review,
    show_of_review,
)

router = APIRouter(tags=["case-reviews"])

ReviewId = Annotated[UUID, Path(description="The review.")]
ReviewerId = Annotated[UUID, Path(description="The appointment.")]
MeetingId = Annotated[UUID, Path(description="The meeting.")]
ProcessId = Annotated[UUID, Path(description="The process.")]
ContactId = Annotated[UUID, Path(description="The contact.")]
FindingId = Annotated[UUID, Path(description="The finding.")]
Read = Annotated[Caller, Requires(Scope.case_reviews_read)]
Write = Annotated[Caller, Requires(Scope.case_reviews_write)]
NARRATES = {"x-narrates": True}
OF_NARRATIVES = responses(UnresolvedIdentifiers, InvalidToken)
OF_GRANTS = responses(DisclosureRefused, StepUpRequired, UndertakingRequired)


@router.get("/case-reviews/{review_id}/reviewers", response_model=Page[ReviewerRead])
async def list_reviewers(
    caller: Read, review_id: ReviewId, filters: Annotated[Paging, Query()]
) -> Response:
    """List who leads a review, and what was declared; newest first."""
    return await list_of_review(caller, ReviewerRead, review_id, filters)


@router.post(
    "/case-reviews/{review_id}/reviewers",
    status_code=201,
    response_model=ReviewerRead,
    responses=OF_NARRATIVES,
    openapi_extra=NARRATES,
)
async def create_reviewer(caller: Write, review_id: ReviewId, body: ReviewerCreate) -> Response:
    """Appoint who leads a review, having declared independence and conflicts of interest."""
    return await appoint(caller, review_id, body)


@router.get(
    "/case-reviews/{review_id}/reviewers/{reviewer_id}",
    response_model=ReviewerRead,
    responses=OF_GRANTS,
    openapi_extra=DISCLOSES,
)
async def read_reviewer(caller: Read, review_id: ReviewId, reviewer_id: ReviewerId) -> Response:
    """Read one appointment."""
    return await show_of_review(caller, ReviewerRead, review_id, reviewer_id)


@router.patch(
    "/case-reviews/{review_id}/reviewers/{reviewer_id}",
    response_model=ReviewerRead,
    responses=responses(UnresolvedIdentifiers, InvalidToken, AppointmentEnded),
    openapi_extra=NARRATES,
)
async def update_reviewer(
    caller: Write, review_id: ReviewId, reviewer_id: ReviewerId, body: ReviewerUpdate
) -> Response:
    """Change an appointment, or end it: the reviewer leaves the team of the case with it."""
    return await change_appointment(caller, review_id, reviewer_id, body)


@router.get("/case-reviews/{review_id}/panel-meetings", response_model=Page[PanelMeetingRead])
async def list_panel_meetings(
    caller: Read, review_id: ReviewId, filters: Annotated[Paging, Query()]
) -> Response:
    """List the meetings of the panel, newest first."""
    return await list_of_review(caller, PanelMeetingRead, review_id, filters)


@router.post(
    "/case-reviews/{review_id}/panel-meetings",
    status_code=201,
    response_model=PanelMeetingRead,
    responses=OF_NARRATIVES,
    openapi_extra=NARRATES,
)
async def create_panel_meeting(
    caller: Write, review_id: ReviewId, body: PanelMeetingCreate
) -> Response:
    """Record a meeting of the panel."""
    return await create_of_review(caller, PanelMeetingRead, review_id, body)


@router.get(
    "/case-reviews/{review_id}/panel-meetings/{meeting_id}",
    response_model=PanelMeetingRead,
    responses=OF_GRANTS,
    openapi_extra=DISCLOSES,
)
async def read_panel_meeting(caller: Read, review_id: ReviewId, meeting_id: MeetingId) -> Response:
    """Read one meeting of the panel."""
    return await show_of_review(caller, PanelMeetingRead, review_id, meeting_id)


@router.patch(
    "/case-reviews/{review_id}/panel-meetings/{meeting_id}",
    response_model=PanelMeetingRead,
    responses=OF_NARRATIVES,
    openapi_extra=NARRATES,
)
async def update_panel_meeting(
    caller: Write, review_id: ReviewId, meeting_id: MeetingId, body: PanelMeetingUpdate
) -> Response:
    """Change a meeting of the panel, or write its minutes."""
    return await change_of_review(caller, PanelMeetingRead, review_id, meeting_id, body)
