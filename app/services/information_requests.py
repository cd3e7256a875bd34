"""Requests for information: drafted, approved by another, issued, answered or refused.

Framework section 7; the moves are `REQUEST_LIFECYCLE`. PostgreSQL keeps who may do what.
"""

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.access.scopes import Capability
from app.errors import Conflict, Forbidden, Invalid, TransitionNotAllowed
from app.models.audits import Transition
from app.models.information_requests import (
    REQUEST_LIFECYCLE,
    InformationRequest,
    InformationRequestItem,
    RequestStatus,
)
from app.reference.gateways import GatewayUser, LegalGateway, legal_values
from app.reference.working_days import add_working_days
from app.schemas.information_request_answers import RequestTransitionRead
from app.schemas.information_requests import (
    InformationRequestCreate,
    InformationRequestRead,
    InformationRequestTransitionCreate,
    InformationRequestUpdate,
)
from app.schemas.narratives import Resolution
from app.services.campaigns import board_day
from app.services.records import answer, changing, etag, insert, patch, render, update
from app.services.request_texts import About, about, write_texts

NARRATED = ("purpose", "necessity", "proportionality")
USERS_OF_BOARD = frozenset({GatewayUser.board, GatewayUser.safeguarding_partners})
USERS_OF_AGENCIES = frozenset({GatewayUser.agencies})
IN_PART = (RequestStatus.refused, RequestStatus.part_supplied)
REFUSE_THE_REST = """
UPDATE information_request_items SET outcome = 'refused'
WHERE information_request_id = $1 AND outcome IS NULL
"""


class GatewayNotUsable(Conflict):
    """Whoever asks may not ask by this legal gateway on this day."""

    code = "gateway_not_usable"


class RequestFixed(Conflict):
    """What is asked changes no more: the request is no draft."""

    code = "request_fixed"


def gateway_for(code: str, day: date, *, is_board: bool) -> LegalGateway:
    """Return the gateway of a request. Raises `Invalid`, and `GatewayNotUsable` on that day."""
    found = next((each for each in legal_values().gateways if each.code == code), None)
    if found is None:
        raise Invalid.at("/gateway")
    users = USERS_OF_BOARD if is_board else USERS_OF_AGENCIES
    if not found.is_valid_on(day) or users.isdisjoint(found.used_by):
        raise GatewayNotUsable.at("/gateway")
    return found


async def draft_request(db: ActorSession, caller: Caller, body: InformationRequestCreate) -> UUID:
    """Draft a request in the name of the actor's agency, or of the Board.

    Raises `UnknownReference` for a case the actor may not know of, `Forbidden`, and as
    `gateway_for` and `write_texts`.
    """
    is_board = db.actor.can(Capability.all_cases)
    if not is_board and db.actor.agency_id is None:
        raise Forbidden
    gateway = gateway_for(body.gateway, board_day(), is_board=is_board)
    texts = {f"/{name}": getattr(body, name) for name in NARRATED}
    texts |= {f"/items/{n}": item for n, item in enumerate(body.items)}
    said = await write_texts(db, caller, About(body.case_id), texts, body.resolutions)
    values = body.model_dump(include={"case_id", "to_agency_id", "gateway", "working_days"})
    values |= {name: said[f"/{name}"] for name in NARRATED} | {
        "from_agency_id": None if is_board else db.actor.agency_id,
        "compliance": gateway.compliance,
        "drafted_by_id": db.actor.id,
    }
    request_id = await insert(db, InformationRequest, values)
    for n in range(len(body.items)):
        await _add_item(db, request_id, body.case_id, n + 1, said[f"/items/{n}"])
    return request_id


async def _add_item(
    db: ActorSession, request_id: UUID, case_id: UUID | None, number: int, asked: str
) -> None:
    item = {"information_request_id": request_id, "case_id": case_id, "number": number}
    await insert(db, InformationRequestItem, item | {"asked": asked})


async def change_draft(
    caller: Caller, request_id: UUID, body: InformationRequestUpdate
) -> Response:
    """Apply a merge patch to a draft, under `If-Match`. Raises `RequestFixed`."""
    async with changing(caller, InformationRequestRead, request_id, body) as changed:
        if changed.before["status"] != RequestStatus.draft:
            raise RequestFixed
        values = patch(body)
        sent = [Resolution.model_validate(each) for each in values.pop("resolutions", [])]
        if "gateway" in values:
            is_board = changed.before["from_agency_id"] is None
            gateway = gateway_for(values["gateway"], board_day(), is_board=is_board)
            values["compliance"] = gateway.compliance
        texts = {f"/{name}": values[name] for name in NARRATED if name in values}
        subject = await about(changed.db, request_id)
        said = await write_texts(changed.db, caller, subject, texts, sent)
        values |= {pointer[1:]: text for pointer, text in said.items()}
        await update(changed.db, InformationRequest, request_id, values)
    return changed.response


async def move_request(
    caller: Caller, request_id: UUID, body: InformationRequestTransitionCreate
) -> Response:
    """Move a request under `If-Match`; answer 201 with the transition, as `transitions.move`.

    Raises `TransitionNotAllowed`, `GatewayNotUsable`, `BeyondCalendar`, and `Invalid` where the
    reason or the ground is missing, or is given where nothing is refused.
    """
    async with changing(caller, InformationRequestRead, request_id) as changed:
        db, before = changed.db, changed.before
        refuse_wrong_move(before, body)
        subject = await about(db, request_id)
        texts = {"/reason": body.reason} if body.reason else {}
        said = await write_texts(db, caller, subject, texts, body.resolutions)
        reason = said.get("/reason")
        if body.to == RequestStatus.refused:
            await db.fetch(REFUSE_THE_REST, request_id)
        await update(db, InformationRequest, request_id, _values_of(before, body, reason))
        moved = _line(db, before, body.to) | {"case_id": subject.case_id, "reason": reason}
        content = await render(db, RequestTransitionRead, await insert(db, Transition, moved))
        tag = etag(await render(db, InformationRequestRead, request_id))
    return answer(content, 201, {"ETag": tag})


def refuse_wrong_move(before: dict[str, Any], body: InformationRequestTransitionCreate) -> None:
    """Refuse a move that is not open, or lacks its reason or ground."""
    if body.to not in before["allowed_transitions"]:
        raise TransitionNotAllowed
    if body.reason is None and REQUEST_LIFECYCLE.needs_reason(before["status"], body.to):
        raise Invalid.at("/reason")
    if (body.refusal_ground is not None) != (body.to in IN_PART):
        raise Invalid.at("/refusal_ground")


def _values_of(
    before: dict[str, Any], body: InformationRequestTransitionCreate, reason: str | None
) -> dict[str, Any]:
    """Return the columns that a move writes."""
    values: dict[str, Any] = {"status": body.to}
    if body.to in IN_PART:
        values |= {"refusal_ground": body.refusal_ground, "refusal_reasons": reason}
    if body.to == RequestStatus.issued:
        day = board_day()
        gateway_for(before["gateway"], day, is_board=before["from_agency_id"] is None)
        values["due_on"] = add_working_days(day, before["working_days"])
    return values


def _line(db: ActorSession, before: dict[str, Any], to: RequestStatus) -> dict[str, Any]:
    """Return the line of a move. It names no agency: there may be two."""
    return {
        "subject": InformationRequest.__tablename__,
        "record_id": UUID(before["id"]),
        "from_state": before["status"],
        "to_state": to,
        "actor_id": db.actor.id,
    }
