"""Answers to the items of a request, and the numbers of requests (Framework section 7)."""

import json
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ENTER, Caller
from app.errors import Conflict, Invalid, NotFound
from app.models.information_requests import (
    InformationRequestItem,
    ItemOutcome,
    RequestStatus,
    SupplyWay,
)
from app.schemas.information_request_answers import InformationRequestItemRead, ItemAnswerWrite
from app.schemas.information_requests import InformationRequestRead
from app.services.answering import JSON
from app.services.campaigns import board_day
from app.services.reading import read
from app.services.records import changing, update
from app.services.request_texts import about, write_texts

SUMMARY = f"""{ENTER}
SELECT body.json FROM caller LEFT JOIN LATERAL (
SELECT json_build_object('year', $3::int,
    'counts', coalesce(json_agg(json_build_object('gateway', c.gateway, 'outcome', c.outcome,
        'requests', c.requests) ORDER BY c.n), '[]'),
    'redactions', coalesce(json_agg(json_build_object('pointer',
        '/counts/' || c.n || '/requests', 'reason', 'small_number') ORDER BY c.n)
        FILTER (WHERE c.requests IS NULL), '[]'))::text AS json
FROM (
    SELECT n.*, row_number() OVER (ORDER BY n.gateway, n.outcome) - 1 AS n
    FROM actor.count_information_requests($3::int) n WHERE caller.id IS NOT NULL
) c) body ON true"""


class RequestNotOpen(Conflict):
    """The request takes no answers as it stands: it is not acknowledged, or is answered."""

    code = "request_not_open"


async def answer_item(
    caller: Caller, request_id: UUID, item_id: UUID, body: ItemAnswerWrite
) -> Response:
    """Answer one item, as whoever is asked, under the item's `If-Match`.

    Raises `NotFound`, `RequestNotOpen`, `Forbidden`, and as `write_texts`.
    """
    request = json.loads(await read(caller, InformationRequestRead, request_id))
    if request["status"] != RequestStatus.acknowledged:
        raise RequestNotOpen
    values = _values_of(body)
    async with changing(caller, InformationRequestItemRead, item_id) as changed:
        if changed.before["information_request_id"] != str(request_id):
            raise NotFound
        subject = await about(changed.db, request_id)
        texts = {"/answer": body.answer} if body.answer else {}
        said = await write_texts(changed.db, caller, subject, texts, body.resolutions)
        values["answer"] = said.get("/answer")
        await update(changed.db, InformationRequestItem, item_id, values)
    return changed.response


def _values_of(body: ItemAnswerWrite) -> dict[str, Any]:
    """Return the columns of an answer. Raises `Invalid` where they contradict each other."""
    is_supplied = body.outcome == ItemOutcome.supplied
    if (body.way is not None) != is_supplied:
        raise Invalid.at("/way")
    if body.supplied_on is not None and (not is_supplied or body.supplied_on > board_day()):
        raise Invalid.at("/supplied_on")
    if body.answer is None and (body.way == SupplyWay.here or body.outcome == ItemOutcome.refused):
        raise Invalid.at("/answer")
    day = (body.supplied_on or board_day()) if is_supplied else None
    return {"outcome": body.outcome, "way": body.way, "supplied_on": day}


async def show_request_counts(caller: Caller, year: int) -> Response:
    """Answer with how many requests were issued in a year, by gateway and outcome."""
    row = await caller.fetchrow(SUMMARY, year)
    if row is None or row["json"] is None:
        raise NotFound
    return Response(row["json"], 200, media_type=JSON)
