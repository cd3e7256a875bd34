"""`/audit-responses/{response_id}/form`: a response as a spreadsheet, down and up again.

Framework sections 6 and 15.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import Invalid, PreconditionFailed, PreconditionRequired, responses
from app.schemas.audit_responses import AuditResponseRead
from app.schemas.forms import FORM_CONTENT, FormQuery
from app.services.records import changing
from app.services.response_forms import receive_form, send_form, take_form
from app.services.responses import WRITABLE, ResponseNotOpen, lock
from app.services.spreadsheets import UnreadableSheet

router = APIRouter(tags=["audit-responses"])

ResponseId = Annotated[UUID, Path(description="The response.")]
Read = Annotated[Caller, Requires(Scope.audit_responses_read)]
Write = Annotated[Caller, Requires(Scope.audit_responses_write)]
REFUSALS = (ResponseNotOpen, UnreadableSheet, PreconditionRequired, PreconditionFailed)
FORM = {
    "description": "The form. Its tag is that of the response.",
    "content": FORM_CONTENT,
    "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
}


@router.get("/audit-responses/{response_id}/form", response_class=Response, responses={200: FORM})
async def read_form(
    caller: Read, response_id: ResponseId, query: Annotated[FormQuery, Query()]
) -> Response:
    """Download a response as a form: a row for each question put to the agency, as it stands now.

    Without leave to read the answers, their cells are blank.
    """
    return await send_form(caller, response_id, query.format)


@router.put(
    "/audit-responses/{response_id}/form",
    response_model=AuditResponseRead,
    responses=responses(*REFUSALS),
    openapi_extra={"requestBody": {"required": True, "content": FORM_CONTENT}},
)
async def write_form(caller: Write, response_id: ResponseId, request: Request) -> Response:
    """Send the form back, up to 5 MiB: the same as writing answers, under the response's `ETag`.

    A blank cell leaves what is on record, `CLEAR` empties it. An error names its cell, such as
    `/cells/E9`, and then nothing is written.
    """
    async with changing(caller, AuditResponseRead, response_id) as seen:
        (await lock(seen.db, response_id)).refuse_outside(WRITABLE)
    table = await receive_form(request)
    async with changing(caller, AuditResponseRead, response_id) as changed:
        if errors := await take_form(changed.db, response_id, table):
            raise Invalid(*errors)
    return changed.response
