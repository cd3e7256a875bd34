"""`/audit-requests`: the Board asks an agency to audit or review an area (section 15)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.feedback import AuditRequest, AuditRequestStatus
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.audit_requests import (
    AuditRequestCreate,
    AuditRequestFilters,
    AuditRequestRead,
    AuditRequestTransitionCreate,
    AuditRequestUpdate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.feedback import move_request_on, request_audit
from app.services.information_requests import GatewayNotUsable
from app.services.nested import page_of_moves
from app.services.records import page, show
from app.services.transitions import DecisionNeeded
from app.services.wording import RecordFixed, reword

router = APIRouter(tags=["audit-requests"])

RequestId = Annotated[UUID, Path(description="The request.")]
Read = Annotated[Caller, Requires(Scope.learning_read)]
Write = Annotated[Caller, Requires(Scope.challenges_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)
ACCEPTED = (AuditRequestStatus.accepted,)


@router.get("/audit-requests", response_model=Page[AuditRequestRead])
async def list_audit_requests(
    caller: Read, filters: Annotated[AuditRequestFilters, Query()]
) -> Response:
    """List audits that the Board asked for, newest first: an agency's own."""
    return await page(caller, AuditRequestRead, filters)


@router.post(
    "/audit-requests",
    status_code=201,
    response_model=AuditRequestRead,
    responses=responses(GatewayNotUsable, *OF_TEXTS),
)
async def create_audit_request(caller: Write, body: AuditRequestCreate) -> Response:
    """Ask an agency to audit or review an area by a day. For the Business Office."""
    return await request_audit(caller, body)


@router.get("/audit-requests/{request_id}", response_model=AuditRequestRead)
async def read_audit_request(caller: Read, request_id: RequestId) -> Response:
    """Read one request."""
    return await show(caller, AuditRequestRead, request_id)


@router.patch(
    "/audit-requests/{request_id}",
    response_model=AuditRequestRead,
    responses=responses(RecordFixed, *OF_TEXTS),
)
async def update_audit_request(
    caller: Write, request_id: RequestId, body: AuditRequestUpdate
) -> Response:
    """Write what your agency found and plans, before it reports that."""
    return await reword(caller, AuditRequestRead, request_id, body, ACCEPTED)


@router.get("/audit-requests/{request_id}/transitions", response_model=Page[TransitionRead])
async def list_audit_request_transitions(
    caller: Read, request_id: RequestId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a request, newest first."""
    return await page_of_moves(caller, AuditRequest, request_id, filters)


@router.post(
    "/audit-requests/{request_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(DecisionNeeded, *OF_TEXTS),
)
async def move_audit_request(
    caller: Read, request_id: RequestId, body: AuditRequestTransitionCreate
) -> Response:
    """Accept or decline a request and report on it, as its agency; consider it, as the Board.

    What the agency plans is agreed by a decision of a sub group or the Board.
    """
    return await move_request_on(caller, request_id, body)
