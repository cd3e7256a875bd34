"""`/case-reviews/{id}/…`: parallel processes, family, findings (Framework section 16)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import DisclosureRefused, StepUpRequired, UndertakingRequired, responses
from app.pagination import Page, Paging
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.review_work import (
    FamilyContactCreate,
    FamilyContactRead,
    FamilyContactUpdate,
    ParallelProcessCreate,
    ParallelProcessFilters,
    ParallelProcessRead,
    ParallelProcessUpdate,
    ReviewFindingCreate,
    ReviewFindingFilters,
    ReviewFindingRead,
    ReviewFindingUpdate,
)
from app.services.disclosure import DISCLOSES
from app.services.review_work import (
    change_of_review,
    create_of_review,
    list_of_review,
    show_of_review,
    usual_pause,
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


@router.get(
    "/case-reviews/{review_id}/parallel-processes", response_model=Page[ParallelProcessRead]
)
async def list_parallel_processes(
    caller: Read, review_id: ReviewId, filters: Annotated[ParallelProcessFilters, Query()]
) -> Response:
    """List the processes beside a review, newest first."""
    return await list_of_review(caller, ParallelProcessRead, review_id, filters)


@router.post(
    "/case-reviews/{review_id}/parallel-processes",
    status_code=201,
    response_model=ParallelProcessRead,
    responses=OF_NARRATIVES,
    openapi_extra=NARRATES,
)
async def create_parallel_process(
    caller: Write, review_id: ReviewId, body: ParallelProcessCreate
) -> Response:
    """Record a process beside the review: criminal, coronial, or a review that others run."""
    return await create_of_review(caller, ParallelProcessRead, review_id, body, usual_pause(body))


@router.get(
    "/case-reviews/{review_id}/parallel-processes/{process_id}",
    response_model=ParallelProcessRead,
    responses=OF_GRANTS,
    openapi_extra=DISCLOSES,
)
async def read_parallel_process(
    caller: Read, review_id: ReviewId, process_id: ProcessId
) -> Response:
    """Read one process."""
    return await show_of_review(caller, ParallelProcessRead, review_id, process_id)


@router.patch(
    "/case-reviews/{review_id}/parallel-processes/{process_id}",
    response_model=ParallelProcessRead,
    responses=OF_NARRATIVES,
    openapi_extra=NARRATES,
)
async def update_parallel_process(
    caller: Write, review_id: ReviewId, process_id: ProcessId, body: ParallelProcessUpdate
) -> Response:
    """Change a process, or record that it has ended: publication may go on then."""
    return await change_of_review(caller, ParallelProcessRead, review_id, process_id, body)


@router.get("/case-reviews/{review_id}/family-contacts", response_model=Page[FamilyContactRead])
async def list_family_contacts(
    caller: Read, review_id: ReviewId, filters: Annotated[Paging, Query()]
) -> Response:
    """List contacts with the family, newest first; for the team of the case."""
    return await list_of_review(caller, FamilyContactRead, review_id, filters)


@router.post(
    "/case-reviews/{review_id}/family-contacts",
    status_code=201,
    response_model=FamilyContactRead,
    responses=OF_NARRATIVES,
    openapi_extra=NARRATES,
)
async def create_family_contact(
    caller: Write, review_id: ReviewId, body: FamilyContactCreate
) -> Response:
    """Record that somebody of the family was spoken to."""
    return await create_of_review(caller, FamilyContactRead, review_id, body)


@router.get(
    "/case-reviews/{review_id}/family-contacts/{contact_id}",
    response_model=FamilyContactRead,
    responses=OF_GRANTS,
    openapi_extra=DISCLOSES,
)
async def read_family_contact(caller: Read, review_id: ReviewId, contact_id: ContactId) -> Response:
    """Read one contact."""
    return await show_of_review(caller, FamilyContactRead, review_id, contact_id)


@router.patch(
    "/case-reviews/{review_id}/family-contacts/{contact_id}",
    response_model=FamilyContactRead,
    responses=OF_NARRATIVES,
    openapi_extra=NARRATES,
)
async def update_family_contact(
    caller: Write, review_id: ReviewId, contact_id: ContactId, body: FamilyContactUpdate
) -> Response:
    """Change what was recorded of a contact."""
    return await change_of_review(caller, FamilyContactRead, review_id, contact_id, body)


@router.get("/case-reviews/{review_id}/findings", response_model=Page[ReviewFindingRead])
async def list_review_findings(
    caller: Read, review_id: ReviewId, filters: Annotated[ReviewFindingFilters, Query()]
) -> Response:
    """List what a review found, newest first: strengths as well as shortfalls."""
    return await list_of_review(caller, ReviewFindingRead, review_id, filters)


@router.post(
    "/case-reviews/{review_id}/findings",
    status_code=201,
    response_model=ReviewFindingRead,
    responses=OF_NARRATIVES,
    openapi_extra=NARRATES,
)
async def create_review_finding(
    caller: Write, review_id: ReviewId, body: ReviewFindingCreate
) -> Response:
    """Record what the review found."""
    return await create_of_review(caller, ReviewFindingRead, review_id, body)


@router.get(
    "/case-reviews/{review_id}/findings/{finding_id}",
    response_model=ReviewFindingRead,
    responses=OF_GRANTS,
    openapi_extra=DISCLOSES,
)
async def read_review_finding(caller: Read, review_id: ReviewId, finding_id: FindingId) -> Response:
    """Read one finding."""
    return await show_of_review(caller, ReviewFindingRead, review_id, finding_id)


@router.patch(
    "/case-reviews/{review_id}/findings/{finding_id}",
    response_model=ReviewFindingRead,
    responses=OF_NARRATIVES,
    openapi_extra=NARRATES,
)
async def update_review_finding(
    caller: Write, review_id: ReviewId, finding_id: FindingId, body: ReviewFindingUpdate
) -> Response:
    """Change a finding, or confirm it."""
    return await change_of_review(caller, ReviewFindingRead, review_id, finding_id, body)
