"""`/briefings`: what was learned, in six steps, approved twice and released (section 15)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.briefings import Briefing
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.briefing_receipts import (
    BriefingDisseminationRead,
    BriefingReceiptRead,
    OfBriefingReceiptFilters,
)
from app.schemas.briefings import (
    BriefingCreate,
    BriefingFilters,
    BriefingRead,
    BriefingTransitionCreate,
    BriefingUpdate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.briefings import (
    BriefingIncomplete,
    BriefingOutstanding,
    change_draft,
    draft_briefing,
    move_briefing_on,
)
from app.services.nested import page_of_moves, page_within
from app.services.records import page, show
from app.services.transitions import DecisionNeeded
from app.services.wording import RecordFixed

router = APIRouter(tags=["briefings"])

BriefingId = Annotated[UUID, Path(description="The briefing.")]
Read = Annotated[Caller, Requires(Scope.briefings_read)]
Write = Annotated[Caller, Requires(Scope.briefings_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)


@router.get("/briefings", response_model=Page[BriefingRead])
async def list_briefings(caller: Read, filters: Annotated[BriefingFilters, Query()]) -> Response:
    """List briefings, newest first; partners see those that a sub group has approved."""
    return await page(caller, BriefingRead, filters)


@router.post(
    "/briefings", status_code=201, response_model=BriefingRead, responses=responses(*OF_TEXTS)
)
async def create_briefing(caller: Write, body: BriefingCreate) -> Response:
    """Draft a briefing. A text that names somebody is refused."""
    return await draft_briefing(caller, body)


@router.get("/briefings/{briefing_id}", response_model=BriefingRead)
async def read_briefing(caller: Read, briefing_id: BriefingId) -> Response:
    """Read one briefing."""
    return await show(caller, BriefingRead, briefing_id)


@router.patch(
    "/briefings/{briefing_id}",
    response_model=BriefingRead,
    responses=responses(RecordFixed, *OF_TEXTS),
)
async def update_briefing(caller: Write, briefing_id: BriefingId, body: BriefingUpdate) -> Response:
    """Change a draft. What a sub group has approved is not worded anew."""
    return await change_draft(caller, briefing_id, body)


@router.get("/briefings/{briefing_id}/transitions", response_model=Page[TransitionRead])
async def list_briefing_transitions(
    caller: Read, briefing_id: BriefingId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a briefing, newest first."""
    return await page_of_moves(caller, Briefing, briefing_id, filters)


@router.post(
    "/briefings/{briefing_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(DecisionNeeded, BriefingIncomplete, BriefingOutstanding, *OF_TEXTS),
)
async def move_briefing(
    caller: Read, briefing_id: BriefingId, body: BriefingTransitionCreate
) -> Response:
    """Move a briefing to another state; `allowed_transitions` says which you may choose.

    The Quality Assurance Sub Group approves it and the Board receives it, each by a decision. To
    release it asks every agency with a seat on the Board for a receipt. It is archived when its
    impact is checked and all have attested, or for a reason.
    """
    return await move_briefing_on(caller, briefing_id, body)


@router.get("/briefings/{briefing_id}/receipts", response_model=Page[BriefingReceiptRead])
async def list_receipts_of_briefing(
    caller: Read, briefing_id: BriefingId, filters: Annotated[OfBriefingReceiptFilters, Query()]
) -> Response:
    """List what the agencies of the Board do with a briefing, newest first."""
    return await page_within(
        caller, Briefing, briefing_id, BriefingReceiptRead, filters, "t.briefing_id = $3"
    )


@router.get("/briefings/{briefing_id}/dissemination", response_model=BriefingDisseminationRead)
async def read_briefing_dissemination(caller: Read, briefing_id: BriefingId) -> Response:
    """Read how far a briefing has come: agencies, channels, reach, and who is outstanding."""
    return await show(caller, BriefingDisseminationRead, briefing_id)
