"""`/instruments`: versioned question sets (Framework section 15)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.instruments import INSTRUMENT_LIFECYCLE, Instrument
from app.pagination import Page
from app.schemas.instruments import (
    InstrumentCreate,
    InstrumentFilters,
    InstrumentRead,
    InstrumentSummaryRead,
    InstrumentTransitionCreate,
    InstrumentUpdate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.instruments import NotADraft, rewrite_instrument, write_instrument
from app.services.nested import page_of_moves
from app.services.records import changing, creating, page, patch, show
from app.services.transitions import move

router = APIRouter(tags=["instruments"])

InstrumentId = Annotated[UUID, Path(description="The instrument.")]
Read = Annotated[Caller, Requires(Scope.instruments_read)]
Write = Annotated[Caller, Requires(Scope.instruments_write)]


@router.get("/instruments", response_model=Page[InstrumentSummaryRead])
async def list_instruments(
    caller: Read, filters: Annotated[InstrumentFilters, Query()]
) -> Response:
    """List instruments in all their versions, without their questions, newest first."""
    return await page(caller, InstrumentSummaryRead, filters)


@router.post("/instruments", status_code=201, response_model=InstrumentRead)
async def create_instrument(caller: Write, body: InstrumentCreate) -> Response:
    """Record a version of an instrument with its standards and questions, as a draft."""
    async with creating(caller, InstrumentRead, body) as creation:
        if creation.is_new:
            creation.id = await write_instrument(creation.db, body.model_dump())
    return creation.response


@router.get("/instruments/{instrument_id}", response_model=InstrumentRead)
async def read_instrument(caller: Read, instrument_id: InstrumentId) -> Response:
    """Read one version of an instrument with its standards and questions.

    Without `id`, `created_at`, `updated_at`, `status` and `allowed_transitions` it can be posted
    to another board.
    """
    return await show(caller, InstrumentRead, instrument_id)


@router.patch(
    "/instruments/{instrument_id}", response_model=InstrumentRead, responses=responses(NotADraft)
)
async def update_instrument(
    caller: Write, instrument_id: InstrumentId, body: InstrumentUpdate
) -> Response:
    """Change a draft. What was published never changes: a correction is a new version."""
    async with changing(caller, InstrumentRead, instrument_id, body) as changed:
        await rewrite_instrument(changed.db, changed.before, patch(body))
    return changed.response


@router.get("/instruments/{instrument_id}/transitions", response_model=Page[TransitionRead])
async def list_instrument_transitions(
    caller: Read, instrument_id: InstrumentId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of an instrument, newest first."""
    return await page_of_moves(caller, Instrument, instrument_id, filters)


@router.post(
    "/instruments/{instrument_id}/transitions", status_code=201, response_model=TransitionRead
)
async def create_instrument_transition(
    caller: Write, instrument_id: InstrumentId, body: InstrumentTransitionCreate
) -> Response:
    """Publish a draft, which freezes it, or retire a published version."""
    return await move(
        caller, InstrumentRead, INSTRUMENT_LIFECYCLE, instrument_id, body.to, body.reason
    )
