"""Receipts of briefings: acknowledged, passed on, attested (Framework section 15)."""

from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Invalid, NotFound
from app.models.briefings import (
    RECEIPT_LIFECYCLE,
    BriefingDissemination,
    ReceiptStatus,
)
from app.schemas.briefing_receipts import (
    BriefingReceiptRead,
    BriefingReceiptTransitionCreate,
    DisseminationCreate,
    DisseminationRead,
)
from app.services.campaigns import board_day
from app.services.nameless import refuse_names_in
from app.services.obligations import meet
from app.services.records import creating, insert
from app.services.wording import RecordFixed, step, texts_of

FIND = "SELECT agency_id, status FROM briefing_receipts WHERE id = $1"
OPEN = (ReceiptStatus.acknowledged, ReceiptStatus.disseminated)


async def pass_on(caller: Caller, receipt_id: UUID, body: DisseminationCreate) -> Response:
    """Record that an agency passed a briefing on.

    Raises `RecordFixed` unless the receipt is acknowledged and not attested, `Invalid` for a day
    to come. The database refuses every other agency.
    """
    await refuse_names_in(caller, texts_of(body))
    if body.disseminated_on > board_day():
        raise Invalid.at("/disseminated_on")
    async with creating(caller, DisseminationRead, [str(receipt_id), body]) as creation:
        if creation.is_new:
            receipt = await creation.db.fetchrow(FIND, receipt_id)
            if receipt is None:
                raise NotFound
            if receipt["status"] not in OPEN:
                raise RecordFixed
            of = {"receipt_id": receipt_id, "agency_id": receipt["agency_id"]}
            creation.id = await insert(creation.db, BriefingDissemination, body.model_dump() | of)
    return creation.response


async def move_receipt_on(
    caller: Caller, receipt_id: UUID, body: BriefingReceiptTransitionCreate
) -> Response:
    """Move a receipt; who attests meets what the agency owes. Raises as `move`."""
    return await step(
        caller,
        BriefingReceiptRead,
        RECEIPT_LIFECYCLE,
        receipt_id,
        body.to,
        body,
        {ReceiptStatus.attested: _attested},
    )


async def _attested(db: ActorSession, before: dict[str, Any]) -> None:
    await meet(
        db,
        kind="briefing_receipt",
        record_id=UUID(before["id"]),
        agency_id=UUID(before["agency_id"]),
    )
