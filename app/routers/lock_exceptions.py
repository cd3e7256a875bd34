"""`/lock-exceptions`: leave to answer after an audit has closed (Framework section 15)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Capability, Scope
from app.errors import responses
from app.pagination import Page
from app.schemas.lock_exceptions import (
    LockExceptionCreate,
    LockExceptionFilters,
    LockExceptionRead,
)
from app.services.lock_exceptions import (
    AlreadyApproved,
    AlreadyRevoked,
    OwnRequest,
    approve,
    request,
    revoke,
)
from app.services.records import creating, page, show

router = APIRouter(tags=["lock-exceptions"])

LockExceptionId = Annotated[UUID, Path(description="The lock exception.")]
Read = Annotated[Caller, Requires(Scope.audit_responses_read)]
Write = Annotated[Caller, Requires(Scope.audits_write)]


@router.get("/lock-exceptions", response_model=Page[LockExceptionRead])
async def list_lock_exceptions(
    caller: Read, filters: Annotated[LockExceptionFilters, Query()]
) -> Response:
    """List lock exceptions, newest first."""
    return await page(caller, LockExceptionRead, filters, everyone=Capability.all_responses)


@router.post("/lock-exceptions", status_code=201, response_model=LockExceptionRead)
async def create_lock_exception(caller: Write, body: LockExceptionCreate) -> Response:
    """Ask that an agency may still answer. It may once somebody else has approved it."""
    async with creating(caller, LockExceptionRead, body) as creation:
        if creation.is_new:
            creation.id = await request(creation.db, body)
    return creation.response


@router.get("/lock-exceptions/{lock_exception_id}", response_model=LockExceptionRead)
async def read_lock_exception(caller: Read, lock_exception_id: LockExceptionId) -> Response:
    """Read one lock exception."""
    return await show(caller, LockExceptionRead, lock_exception_id)


@router.post(
    "/lock-exceptions/{lock_exception_id}/approval",
    response_model=LockExceptionRead,
    responses=responses(OwnRequest, AlreadyApproved, AlreadyRevoked),
)
async def approve_lock_exception(caller: Write, lock_exception_id: LockExceptionId) -> Response:
    """Approve what somebody else asked for, as it was asked."""
    return await approve(caller, lock_exception_id)


@router.post(
    "/lock-exceptions/{lock_exception_id}/revocation",
    response_model=LockExceptionRead,
    responses=responses(AlreadyRevoked),
)
async def revoke_lock_exception(caller: Write, lock_exception_id: LockExceptionId) -> Response:
    """End a lock exception at once, or refuse one that was asked for."""
    return await revoke(caller, lock_exception_id)
