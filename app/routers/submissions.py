"""`/submissions`: whole returns as agencies signed them off (Framework sections 6 and 15)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Capability, Scope
from app.errors import responses
from app.pagination import Page
from app.schemas.submissions import (
    SubmissionCreate,
    SubmissionFilters,
    SubmissionRead,
    SubmissionSummaryRead,
)
from app.services.records import creating, page, show
from app.services.responses import ResponseNotOpen
from app.services.submissions import (
    ExternalRefReused,
    ResponseIncomplete,
    SoleContributor,
    submit,
)

router = APIRouter(tags=["submissions"])

AuditId = Annotated[UUID, Path(description="The audit.")]
SubmissionId = Annotated[UUID, Path(description="The submission.")]
Read = Annotated[Caller, Requires(Scope.audit_responses_read)]
Submit = Annotated[Caller, Requires(Scope.audit_responses_submit)]
REFUSALS = (ResponseNotOpen, ResponseIncomplete, SoleContributor, ExternalRefReused)


@router.post(
    "/audits/{audit_id}/submissions",
    status_code=201,
    response_model=SubmissionRead,
    responses=responses(*REFUSALS),
)
async def create_submission(caller: Submit, audit_id: AuditId, body: SubmissionCreate) -> Response:
    """Push the whole return of your agency to an audit, signed off.

    A return that was submitted before gets its next revision; the last one counts. The same
    `external_ref` with the same content makes nothing new. `errors` of a refusal names every
    question that lacks something.
    """
    async with creating(caller, SubmissionRead, body) as creation:
        if creation.is_new:
            creation.id = await submit(creation.db, audit_id, body)
    creation.response.headers["Location"] = f"/v1/submissions/{creation.id}"
    return creation.response


@router.get("/submissions", response_model=Page[SubmissionSummaryRead])
async def list_submissions(
    caller: Read, filters: Annotated[SubmissionFilters, Query()]
) -> Response:
    """List submissions without their answers, newest first."""
    return await page(caller, SubmissionSummaryRead, filters, everyone=Capability.all_responses)


@router.get("/submissions/{submission_id}", response_model=SubmissionRead)
async def read_submission(caller: Read, submission_id: SubmissionId) -> Response:
    """Read one submission: the answers as they were, whatever became of them since."""
    return await show(caller, SubmissionRead, submission_id)
