"""Destructions of identities: two people approve, the worker carries out, a certificate says so.

Framework section 7.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import DestructionNotDue, IdentitiesDestroyed, LegalHoldInForce, responses
from app.models.retention import DESTRUCTION_LIFECYCLE, Destruction
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.destructions import (
    CertificateRead,
    DestructionApprovalCreate,
    DestructionApprovalFilters,
    DestructionApprovalRead,
    DestructionCreate,
    DestructionFilters,
    DestructionRead,
    DestructionTransitionCreate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.destructions import NotComplete, approve, propose, show_certificate
from app.services.nested import page_of_moves, page_within
from app.services.records import page, show
from app.services.transitions import move

router = APIRouter(tags=["destructions"])

DestructionId = Annotated[UUID, Path(description="The destruction.")]
ApprovalId = Annotated[UUID, Path(description="The approval.")]
Read = Annotated[Caller, Requires(Scope.retention_read)]
Write = Annotated[Caller, Requires(Scope.retention_write)]
IN_THE_WAY = (LegalHoldInForce, DestructionNotDue, IdentitiesDestroyed)
NARRATES = {"x-narrates": True}


@router.get("/destructions", response_model=Page[DestructionRead])
async def list_destructions(
    caller: Read, filters: Annotated[DestructionFilters, Query()]
) -> Response:
    """List destructions of identities; newest first."""
    return await page(caller, DestructionRead, filters)


@router.post(
    "/destructions",
    status_code=201,
    response_model=DestructionRead,
    responses=responses(*IN_THE_WAY, UnresolvedIdentifiers, InvalidToken),
    openapi_extra=NARRATES,
)
async def create_destruction(caller: Write, body: DestructionCreate) -> Response:
    """Propose to destroy who the people of a closed case are.

    Labels, narratives and learning stay. Nothing happens before two others approve.
    """
    return await propose(caller, body)


@router.get("/destructions/{destruction_id}", response_model=DestructionRead)
async def read_destruction(caller: Read, destruction_id: DestructionId) -> Response:
    """Read one destruction, and how far it is."""
    return await show(caller, DestructionRead, destruction_id)


@router.get("/destructions/{destruction_id}/transitions", response_model=Page[TransitionRead])
async def list_destruction_transitions(
    caller: Read, destruction_id: DestructionId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List how a destruction was ended before it was carried out, and why."""
    return await page_of_moves(caller, Destruction, destruction_id, filters)


@router.post(
    "/destructions/{destruction_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(UnresolvedIdentifiers, InvalidToken),
    openapi_extra=NARRATES,
)
async def move_destruction(
    caller: Read, destruction_id: DestructionId, body: DestructionTransitionCreate
) -> Response:
    """Refuse or withdraw a destruction, until it is carried out."""
    return await move(
        caller,
        DestructionRead,
        DESTRUCTION_LIFECYCLE,
        destruction_id,
        body.to,
        body.reason,
        resolutions=body.resolutions,
    )


@router.get(
    "/destructions/{destruction_id}/approvals", response_model=Page[DestructionApprovalRead]
)
async def list_destruction_approvals(
    caller: Read,
    destruction_id: DestructionId,
    filters: Annotated[DestructionApprovalFilters, Query()],
) -> Response:
    """List who approved a destruction."""
    return await page_within(
        caller,
        Destruction,
        destruction_id,
        DestructionApprovalRead,
        filters,
        "t.destruction_id = $3",
    )


@router.post(
    "/destructions/{destruction_id}/approvals",
    status_code=201,
    response_model=DestructionApprovalRead,
    responses=responses(*IN_THE_WAY),
)
async def create_destruction_approval(
    caller: Read, destruction_id: DestructionId, body: DestructionApprovalCreate
) -> Response:
    """Approve a destruction that somebody else proposed; with the second it is carried out."""
    return await approve(caller, destruction_id, body)


@router.get(
    "/destructions/{destruction_id}/approvals/{approval_id}",
    response_model=DestructionApprovalRead,
)
async def read_destruction_approval(
    caller: Read, destruction_id: DestructionId, approval_id: ApprovalId
) -> Response:
    """Read one approval."""
    within = "t.destruction_id = $4"
    return await show(caller, DestructionApprovalRead, approval_id, within, destruction_id)


@router.get(
    "/destructions/{destruction_id}/certificate",
    response_model=CertificateRead,
    responses=responses(NotComplete),
)
async def read_destruction_certificate(caller: Read, destruction_id: DestructionId) -> Response:
    """Read the certificate of a complete destruction: what is gone, by whom, and where it ends."""
    return await show_certificate(caller, destruction_id)
