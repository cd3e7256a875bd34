"""`/documents`: framework, policies and procedures, their versions, and who acknowledged them.

Framework section 1. Whoever has a seat reads them before any right comes with it, so that reading
takes no scope but `me`; policies say who sees what.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.documents import Document, DocumentVersion
from app.models.governance import Membership
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.documents import (
    DocumentAcknowledgementCreate,
    DocumentAcknowledgementFilters,
    DocumentAcknowledgementRead,
    DocumentCreate,
    DocumentFilters,
    DocumentRead,
    DocumentUpdate,
    DocumentVersionCreate,
    DocumentVersionFilters,
    DocumentVersionRead,
    DocumentVersionTransitionCreate,
    DocumentVersionUpdate,
    InductionFilters,
    InductionItemRead,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.documents import (
    WITHIN,
    VersionPublished,
    acknowledge,
    change_version,
    draft_version,
    move_version,
)
from app.services.nested import page_of_moves, page_within
from app.services.records import change, create, page, show

router = APIRouter(tags=["documents"])

DocumentId = Annotated[UUID, Path(description="The document.")]
VersionId = Annotated[UUID, Path(description="The version.")]
AcknowledgementId = Annotated[UUID, Path(description="The acknowledgement.")]
MembershipId = Annotated[UUID, Path(description="The membership.")]
Me = Annotated[Caller, Requires(Scope.me)]
Write = Annotated[Caller, Requires(Scope.governance_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)
OF_INDUCTION = (
    "t.is_for_induction AND ('governance:write' = ANY (caller.grants)"
    " OR EXISTS (SELECT FROM memberships m WHERE m.id = $3 AND m.user_id = caller.id))"
)
VERSION = "/documents/{document_id}/versions/{version_id}"


@router.get("/documents", response_model=Page[DocumentRead])
async def list_documents(caller: Me, filters: Annotated[DocumentFilters, Query()]) -> Response:
    """List documents, the newest on record first."""
    return await page(caller, DocumentRead, filters)


@router.post("/documents", status_code=201, response_model=DocumentRead)
async def create_document(caller: Write, body: DocumentCreate) -> Response:
    """Register a document; its text comes with its versions."""
    return await create(caller, DocumentRead, body.model_dump())


@router.get("/documents/{document_id}", response_model=DocumentRead)
async def read_document(caller: Me, document_id: DocumentId) -> Response:
    """Read one document."""
    return await show(caller, DocumentRead, document_id)


@router.patch("/documents/{document_id}", response_model=DocumentRead)
async def update_document(caller: Write, document_id: DocumentId, body: DocumentUpdate) -> Response:
    """Change whose it is, how often it is reviewed, and whether members acknowledge it."""
    return await change(caller, DocumentRead, document_id, body)


@router.get("/documents/{document_id}/versions", response_model=Page[DocumentVersionRead])
async def list_document_versions(
    caller: Me, document_id: DocumentId, filters: Annotated[DocumentVersionFilters, Query()]
) -> Response:
    """List the versions of a document, newest first; drafts are for who writes them."""
    return await page_within(
        caller, Document, document_id, DocumentVersionRead, filters, "t.document_id = $3"
    )


@router.post(
    "/documents/{document_id}/versions",
    status_code=201,
    response_model=DocumentVersionRead,
    responses=responses(*OF_TEXTS),
)
async def create_document_version(
    caller: Write, document_id: DocumentId, body: DocumentVersionCreate
) -> Response:
    """Draft the next version of a document."""
    return await draft_version(caller, document_id, body)


@router.get(VERSION, response_model=DocumentVersionRead)
async def read_document_version(
    caller: Me, document_id: DocumentId, version_id: VersionId
) -> Response:
    """Read one version."""
    return await show(caller, DocumentVersionRead, version_id, WITHIN, document_id)


@router.patch(
    VERSION, response_model=DocumentVersionRead, responses=responses(VersionPublished, *OF_TEXTS)
)
async def update_document_version(
    caller: Write, document_id: DocumentId, version_id: VersionId, body: DocumentVersionUpdate
) -> Response:
    """Change a draft. What was published does not change."""
    return await change_version(caller, document_id, version_id, body)


@router.get(f"{VERSION}/transitions", response_model=Page[TransitionRead])
async def list_document_version_transitions(
    caller: Me,
    document_id: DocumentId,
    version_id: VersionId,
    filters: Annotated[TransitionFilters, Query()],
) -> Response:
    """List the moves of a version, newest first."""
    await show(caller, DocumentVersionRead, version_id, WITHIN, document_id)
    return await page_of_moves(caller, DocumentVersion, version_id, filters)


@router.post(f"{VERSION}/transitions", status_code=201, response_model=TransitionRead)
async def move_document_version(
    caller: Write,
    document_id: DocumentId,
    version_id: VersionId,
    body: DocumentVersionTransitionCreate,
) -> Response:
    """Publish a version. Members who acknowledged the one before are asked anew."""
    return await move_version(caller, document_id, version_id, body)


@router.get(f"{VERSION}/acknowledgements", response_model=Page[DocumentAcknowledgementRead])
async def list_document_acknowledgements(
    caller: Me,
    document_id: DocumentId,
    version_id: VersionId,
    filters: Annotated[DocumentAcknowledgementFilters, Query()],
) -> Response:
    """List who acknowledged a version, newest first; one's own, but for the Business Office."""
    await show(caller, DocumentVersionRead, version_id, WITHIN, document_id)
    return await page_within(
        caller,
        DocumentVersion,
        version_id,
        DocumentAcknowledgementRead,
        filters,
        "t.document_version_id = $3",
    )


@router.post(
    f"{VERSION}/acknowledgements", status_code=201, response_model=DocumentAcknowledgementRead
)
async def acknowledge_document_version(
    caller: Me, document_id: DocumentId, version_id: VersionId, body: DocumentAcknowledgementCreate
) -> Response:
    """Acknowledge, for yourself, that you have read a version that was published."""
    del body  # it says nothing: who acknowledges is who calls, and the day is today
    return await acknowledge(caller, document_id, version_id)


@router.get(
    VERSION + "/acknowledgements/{acknowledgement_id}", response_model=DocumentAcknowledgementRead
)
async def read_document_acknowledgement(
    caller: Me,
    document_id: DocumentId,
    version_id: VersionId,
    acknowledgement_id: AcknowledgementId,
) -> Response:
    """Read one acknowledgement."""
    await show(caller, DocumentVersionRead, version_id, WITHIN, document_id)
    return await show(
        caller,
        DocumentAcknowledgementRead,
        acknowledgement_id,
        "t.document_version_id = $4",
        version_id,
    )


@router.get("/memberships/{membership_id}/induction", response_model=Page[InductionItemRead])
async def list_induction(
    caller: Me, membership_id: MembershipId, filters: Annotated[InductionFilters, Query()]
) -> Response:
    """List the documents of the induction, and which versions the member has acknowledged.

    What others have acknowledged is for the Business Office; a member sees the own.
    """
    return await page_within(
        caller, Membership, membership_id, InductionItemRead, filters, OF_INDUCTION
    )
