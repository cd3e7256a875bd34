"""`/briefing-receipts`: what each agency of the Board does with a briefing (section 15)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.briefings import BriefingReceipt
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.briefing_receipts import (
    BriefingReceiptFilters,
    BriefingReceiptRead,
    BriefingReceiptTransitionCreate,
    DisseminationCreate,
    DisseminationFilters,
    DisseminationRead,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.briefing_receipts import move_receipt_on, pass_on
from app.services.nested import page_of_moves, page_within
from app.services.records import page, show
from app.services.wording import RecordFixed

router = APIRouter(tags=["briefings"])

ReceiptId = Annotated[UUID, Path(description="The receipt.")]
DisseminationId = Annotated[UUID, Path(description="The entry.")]
Read = Annotated[Caller, Requires(Scope.briefings_read)]
Write = Annotated[Caller, Requires(Scope.briefing_receipts_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)


@router.get("/briefing-receipts", response_model=Page[BriefingReceiptRead])
async def list_briefing_receipts(
    caller: Read, filters: Annotated[BriefingReceiptFilters, Query()]
) -> Response:
    """List receipts of all briefings, newest first."""
    return await page(caller, BriefingReceiptRead, filters)


@router.get("/briefing-receipts/{receipt_id}", response_model=BriefingReceiptRead)
async def read_briefing_receipt(caller: Read, receipt_id: ReceiptId) -> Response:
    """Read one receipt."""
    return await show(caller, BriefingReceiptRead, receipt_id)


@router.get("/briefing-receipts/{receipt_id}/transitions", response_model=Page[TransitionRead])
async def list_briefing_receipt_transitions(
    caller: Read, receipt_id: ReceiptId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a receipt, newest first."""
    return await page_of_moves(caller, BriefingReceipt, receipt_id, filters)


@router.post(
    "/briefing-receipts/{receipt_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(*OF_TEXTS),
)
async def move_briefing_receipt(
    caller: Read, receipt_id: ReceiptId, body: BriefingReceiptTransitionCreate
) -> Response:
    """Move a receipt of your agency to another state; `allowed_transitions` says which.

    The Board member who answers for it attests that staff know the briefing and respond, or a
    senior of the agency does; a system never does.
    """
    return await move_receipt_on(caller, receipt_id, body)


@router.get("/briefing-receipts/{receipt_id}/dissemination", response_model=Page[DisseminationRead])
async def list_dissemination(
    caller: Read, receipt_id: ReceiptId, filters: Annotated[DisseminationFilters, Query()]
) -> Response:
    """List by what an agency passed a briefing on, newest first."""
    return await page_within(
        caller, BriefingReceipt, receipt_id, DisseminationRead, filters, "t.receipt_id = $3"
    )


@router.post(
    "/briefing-receipts/{receipt_id}/dissemination",
    status_code=201,
    response_model=DisseminationRead,
    responses=responses(RecordFixed, *OF_TEXTS),
)
async def create_dissemination(
    caller: Write, receipt_id: ReceiptId, body: DisseminationCreate
) -> Response:
    """Say that your agency passed a briefing on: by what, when, and to how many."""
    return await pass_on(caller, receipt_id, body)


@router.get(
    "/briefing-receipts/{receipt_id}/dissemination/{dissemination_id}",
    response_model=DisseminationRead,
)
async def read_dissemination(
    caller: Read, receipt_id: ReceiptId, dissemination_id: DisseminationId
) -> Response:
    """Read one entry."""
    return await show(caller, DisseminationRead, dissemination_id, "t.receipt_id = $4", receipt_id)
