"""`/information-requests`: who asks whom for what, by which law, and what came of it.

Framework section 7: necessary and proportionate, and explained. To refuse is an outcome.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import (
    DisclosureRefused,
    PreconditionFailed,
    PreconditionRequired,
    StepUpRequired,
    UndertakingRequired,
    responses,
)
from app.models.information_requests import InformationRequest
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.reference.working_days import BeyondCalendar
from app.schemas.information_request_answers import (
    InformationRequestItemFilters,
    InformationRequestItemRead,
    InformationRequestSummaryRead,
    ItemAnswerWrite,
    RequestTransitionRead,
    SummaryAsked,
)
from app.schemas.information_requests import (
    InformationRequestCreate,
    InformationRequestFilters,
    InformationRequestRead,
    InformationRequestTransitionCreate,
    InformationRequestUpdate,
)
from app.schemas.transitions import TransitionFilters
from app.services.disclosure import DISCLOSES, show_disclosed
from app.services.information_request_answers import (
    RequestNotOpen,
    answer_item,
    show_request_counts,
)
from app.services.information_requests import (
    GatewayNotUsable,
    RequestFixed,
    change_draft,
    draft_request,
    move_request,
)
from app.services.nested import page_within
from app.services.records import creating, page

router = APIRouter(tags=["information-requests"])

RequestId = Annotated[UUID, Path(description="The request.")]
ItemId = Annotated[UUID, Path(description="The item.")]
Read = Annotated[Caller, Requires(Scope.information_requests_read)]
Write = Annotated[Caller, Requires(Scope.information_requests_write)]
Count = Annotated[Caller, Requires(Scope.information_request_summaries_read)]
NARRATES = {"x-narrates": True}
OF_GRANTS = responses(DisclosureRefused, StepUpRequired, UndertakingRequired)
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)
OF_ITEMS = "t.information_request_id = $3"


@router.get("/information-requests", response_model=Page[InformationRequestRead])
async def list_information_requests(
    caller: Read, filters: Annotated[InformationRequestFilters, Query()]
) -> Response:
    """List requests, newest first: an agency's own, and those issued to it."""
    return await page(caller, InformationRequestRead, filters)


@router.post(
    "/information-requests",
    status_code=201,
    response_model=InformationRequestRead,
    responses=responses(GatewayNotUsable, *OF_TEXTS),
    openapi_extra=NARRATES,
)
async def create_information_request(caller: Write, body: InformationRequestCreate) -> Response:
    """Draft a request to an agency, or as an agency to the Board or through it to another.

    Somebody else approves it, and the Business Office issues it.
    """
    async with creating(caller, InformationRequestRead, body) as creation:
        if creation.is_new:
            creation.id = await draft_request(creation.db, caller, body)
    return creation.response


@router.get("/information-request-summary", response_model=InformationRequestSummaryRead)
async def read_information_request_summary(
    caller: Count, asked: Annotated[SummaryAsked, Query()]
) -> Response:
    """Read how many requests were issued in a year, by gateway and outcome."""
    return await show_request_counts(caller, asked.year)


@router.get(
    "/information-requests/{request_id}",
    response_model=InformationRequestRead,
    responses=OF_GRANTS,
    openapi_extra=DISCLOSES,
)
async def read_information_request(caller: Read, request_id: RequestId) -> Response:
    """Read one request, and what you may do with it now."""
    return await show_disclosed(caller, InformationRequestRead, request_id)


@router.patch(
    "/information-requests/{request_id}",
    response_model=InformationRequestRead,
    responses=responses(RequestFixed, GatewayNotUsable, *OF_TEXTS),
    openapi_extra=NARRATES,
)
async def update_information_request(
    caller: Write, request_id: RequestId, body: InformationRequestUpdate
) -> Response:
    """Change a draft. Once it is approved nothing of what is asked changes."""
    return await change_draft(caller, request_id, body)


@router.get(
    "/information-requests/{request_id}/transitions", response_model=Page[RequestTransitionRead]
)
async def list_information_request_transitions(
    caller: Read, request_id: RequestId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a request, newest first."""
    return await page_within(
        caller,
        InformationRequest,
        request_id,
        RequestTransitionRead,
        filters,
        "t.subject = 'information_requests' AND t.record_id = $3",
    )


@router.post(
    "/information-requests/{request_id}/transitions",
    status_code=201,
    response_model=RequestTransitionRead,
    responses=responses(GatewayNotUsable, BeyondCalendar, *OF_TEXTS),
    openapi_extra=NARRATES,
)
async def move_information_request(
    caller: Read, request_id: RequestId, body: InformationRequestTransitionCreate
) -> Response:
    """Approve, issue, acknowledge, answer, refuse, close or withdraw a request.

    Nobody approves an own draft. Working days run from the issue. A refusal says its legal ground
    and its reasons; items without an answer are refused with it.
    """
    return await move_request(caller, request_id, body)


@router.get(
    "/information-requests/{request_id}/items", response_model=Page[InformationRequestItemRead]
)
async def list_information_request_items(
    caller: Read, request_id: RequestId, filters: Annotated[InformationRequestItemFilters, Query()]
) -> Response:
    """List what a request asks for, in order, with the answers."""
    return await page_within(
        caller,
        InformationRequest,
        request_id,
        InformationRequestItemRead,
        filters,
        OF_ITEMS,
        sort="number",
    )


@router.get(
    "/information-requests/{request_id}/items/{item_id}",
    response_model=InformationRequestItemRead,
    responses=OF_GRANTS,
    openapi_extra=DISCLOSES,
)
async def read_information_request_item(
    caller: Read, request_id: RequestId, item_id: ItemId
) -> Response:
    """Read one item of a request."""
    return await show_disclosed(
        caller,
        InformationRequestItemRead,
        item_id,
        "t.information_request_id = $4",
        request_id,
    )


@router.put(
    "/information-requests/{request_id}/items/{item_id}/answer",
    response_model=InformationRequestItemRead,
    responses=responses(RequestNotOpen, PreconditionRequired, PreconditionFailed, *OF_TEXTS),
    openapi_extra=NARRATES,
)
async def write_information_request_answer(
    caller: Write, request_id: RequestId, item_id: ItemId, body: ItemAnswerWrite
) -> Response:
    """Answer one item, as whoever is asked: what came of it, and by which way it went.

    An agency that takes no part in the case does not read its texts again: names in them are
    replaced or masked unseen.
    """
    return await answer_item(caller, request_id, item_id, body)
