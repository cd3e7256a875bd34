"""`/memberships`: seats in bodies. Rights come with an active seat and go with it.

Framework section 13.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.models.governance import MEMBERSHIP_LIFECYCLE, Membership
from app.pagination import Page
from app.schemas.memberships import (
    MembershipCreate,
    MembershipFilters,
    MembershipRead,
    MembershipTransitionCreate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.nested import page_of_moves
from app.services.records import create, page, show
from app.services.transitions import move

router = APIRouter(tags=["memberships"])

MembershipId = Annotated[UUID, Path(description="The seat.")]
Read = Annotated[Caller, Requires(Scope.governance_read)]
Write = Annotated[Caller, Requires(Scope.governance_write)]


@router.get("/memberships", response_model=Page[MembershipRead])
async def list_memberships(
    caller: Read, filters: Annotated[MembershipFilters, Query()]
) -> Response:
    """List seats in bodies, the newest on record first."""
    return await page(caller, MembershipRead, filters)


@router.post("/memberships", status_code=201, response_model=MembershipRead)
async def create_membership(caller: Write, body: MembershipCreate) -> Response:
    """Nominate a person to a seat. Nobody nominates themself."""
    return await create(caller, MembershipRead, body.model_dump())


@router.get("/memberships/{membership_id}", response_model=MembershipRead)
async def read_membership(caller: Read, membership_id: MembershipId) -> Response:
    """Read one seat."""
    return await show(caller, MembershipRead, membership_id)


@router.post(
    "/memberships/{membership_id}/transitions", status_code=201, response_model=TransitionRead
)
async def create_membership_transition(
    caller: Write, membership_id: MembershipId, body: MembershipTransitionCreate
) -> Response:
    """Induct, seat, suspend or end a member. A seat becomes active when its induction is done."""
    return await move(
        caller, MembershipRead, MEMBERSHIP_LIFECYCLE, membership_id, body.to, body.reason
    )


@router.get("/memberships/{membership_id}/transitions", response_model=Page[TransitionRead])
async def list_membership_transitions(
    caller: Read, membership_id: MembershipId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a seat, newest first."""
    return await page_of_moves(caller, Membership, membership_id, filters)
