"""`/evidence`: files behind answers. Send no personal data (Framework sections 7 and 15)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import PayloadTooLarge, responses
from app.models.audits import AuditResponse
from app.pagination import Page
from app.schemas.evidence import FORM, EvidenceFilters, EvidenceRead
from app.services.evidence import add_evidence, remove_evidence, send_content
from app.services.file_types import TYPES, FileMismatch, UnsupportedFile
from app.services.nested import page_within
from app.services.records import show
from app.services.responses import ResponseNotOpen
from app.services.uploads import InfectedFile, ScannerFailed

router = APIRouter(tags=["evidence"])

ResponseId = Annotated[UUID, Path(description="The response.")]
EvidenceId = Annotated[UUID, Path(description="The file.")]
Read = Annotated[Caller, Requires(Scope.audit_responses_read)]
Write = Annotated[Caller, Requires(Scope.audit_responses_write)]
REFUSALS = (ResponseNotOpen, UnsupportedFile, FileMismatch, InfectedFile, ScannerFailed)
FILE = {"schema": {"type": "string", "format": "binary"}}


@router.get("/audit-responses/{response_id}/evidence", response_model=Page[EvidenceRead])
async def list_evidence(
    caller: Read, response_id: ResponseId, filters: Annotated[EvidenceFilters, Query()]
) -> Response:
    """List the files behind a response, newest first."""
    return await page_within(
        caller, AuditResponse, response_id, EvidenceRead, filters, "t.response_id = $3"
    )


@router.post(
    "/audit-responses/{response_id}/evidence",
    status_code=201,
    response_model=EvidenceRead,
    responses=responses(PayloadTooLarge, *REFUSALS),
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": FORM}}},
)
async def create_evidence(caller: Write, response_id: ResponseId) -> Response:
    """Send a file behind an answer of your agency. Send no personal data.

    PDF, PNG, JPEG, plain text, CSV, and Office or OpenDocument files without macros, up to 20 MiB
    unless the installation says otherwise. What a file is, its content tells.
    """
    return await add_evidence(caller, response_id)


@router.get("/evidence/{evidence_id}", response_model=EvidenceRead)
async def read_evidence(caller: Read, evidence_id: EvidenceId) -> Response:
    """Read what is known of one file."""
    return await show(caller, EvidenceRead, evidence_id)


@router.get(
    "/evidence/{evidence_id}/content",
    response_class=Response,
    responses={200: {"description": "The file.", "content": dict.fromkeys(TYPES.values(), FILE)}},
)
async def read_evidence_content(caller: Read, evidence_id: EvidenceId) -> Response:
    """Download one file, to be saved and not shown."""
    return await send_content(caller, evidence_id)


@router.delete("/evidence/{evidence_id}", status_code=204, responses=responses(ResponseNotOpen))
async def delete_evidence(caller: Write, evidence_id: EvidenceId) -> Response:
    """Delete a file of your agency, while its response may still be written."""
    return await remove_evidence(caller, evidence_id)
