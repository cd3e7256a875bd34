"""`/obligations`: what is owed to the Board or by it, and what met it (Framework section 23)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import TransitionNotAllowed, responses
from app.models.timetable import OBLIGATION_LIFECYCLE, Obligation
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.obligations import (
    FulfilmentCreate,
    ObligationFilters,
    ObligationNoticeFilters,
    ObligationNoticeRead,
    ObligationRead,
    ObligationTransitionCreate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.fulfilments import StillToCome, fulfil
from app.services.nameless import refuse_names_in
from app.services.nested import page_of_moves, page_within
from app.services.records import page, show
from app.services.transitions import DecisionNeeded, move

router = APIRouter(tags=["obligations"])

ObligationId = Annotated[UUID, Path(description="The obligation.")]
Read = Annotated[Caller, Requires(Scope.timetable_read)]
Write = Annotated[Caller, Requires(Scope.timetable_write)]
Deliver = Annotated[Caller, Requires(Scope.obligations_write)]


@router.get("/obligations", response_model=Page[ObligationRead])
async def list_obligations(
    caller: Read, filters: Annotated[ObligationFilters, Query()]
) -> Response:
    """List what is owed and what was, by the day it is due."""
    return await page(caller, ObligationRead, filters, sort="due_on")


@router.get("/obligations/{obligation_id}", response_model=ObligationRead)
async def read_obligation(caller: Read, obligation_id: ObligationId) -> Response:
    """Read one obligation."""
    return await show(caller, ObligationRead, obligation_id)


@router.post(
    "/obligations/{obligation_id}/fulfilment",
    status_code=201,
    response_model=ObligationRead,
    responses=responses(TransitionNotAllowed, StillToCome, UnresolvedIdentifiers, InvalidToken),
)
async def create_fulfilment(
    caller: Deliver, obligation_id: ObligationId, body: FulfilmentCreate
) -> Response:
    """Say that what is owed is delivered: the agency that owes it, or the Business Office."""
    return await fulfil(caller, obligation_id, body)


@router.post(
    "/obligations/{obligation_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(TransitionNotAllowed, DecisionNeeded, UnresolvedIdentifiers, InvalidToken),
)
async def create_obligation_transition(
    caller: Write, obligation_id: ObligationId, body: ObligationTransitionCreate
) -> Response:
    """Waive or cancel an obligation, or dispute a delivery; each with its reason."""
    await refuse_names_in(caller, {"/reason": body.reason} if body.reason else {})
    return await move(
        caller,
        ObligationRead,
        OBLIGATION_LIFECYCLE,
        obligation_id,
        body.to,
        body.reason,
        decision_id=body.decision_id,
    )


@router.get("/obligations/{obligation_id}/transitions", response_model=Page[TransitionRead])
async def list_obligation_transitions(
    caller: Read, obligation_id: ObligationId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List how an obligation moved, newest first."""
    return await page_of_moves(caller, Obligation, obligation_id, filters)


@router.get("/obligations/{obligation_id}/notices", response_model=Page[ObligationNoticeRead])
async def list_obligation_notices(
    caller: Read, obligation_id: ObligationId, filters: Annotated[ObligationNoticeFilters, Query()]
) -> Response:
    """List what the clock sent about an obligation, and what it passed over; newest first."""
    return await page_within(
        caller,
        Obligation,
        obligation_id,
        ObligationNoticeRead,
        filters,
        "t.obligation_id = $3",
    )
