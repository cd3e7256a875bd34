"""`/jobs`: work that goes on after its request, to be followed and stopped."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import TransitionNotAllowed, responses
from app.pagination import Page
from app.schemas.jobs import JobFilters, JobRead
from app.services.imports import cancel
from app.services.records import page, show

router = APIRouter(tags=["jobs"])

JobId = Annotated[UUID, Path(description="The job.")]
Read = Annotated[Caller, Requires(Scope.jobs_read)]
Write = Annotated[Caller, Requires(Scope.imports_write)]


@router.get("/jobs", response_model=Page[JobRead])
async def list_jobs(caller: Read, filters: Annotated[JobFilters, Query()]) -> Response:
    """List your own jobs, newest first."""
    return await page(caller, JobRead, filters)


@router.get("/jobs/{job_id}", response_model=JobRead)
async def read_job(caller: Read, job_id: JobId) -> Response:
    """Read how far a job of yours is, and where its report is."""
    return await show(caller, JobRead, job_id)


@router.post(
    "/jobs/{job_id}/cancellation",
    response_model=JobRead,
    responses=responses(TransitionNotAllowed),
)
async def cancel_job(caller: Write, job_id: JobId) -> Response:
    """Stop a job of yours. Rows that are done stay done."""
    return await cancel(caller, job_id)
