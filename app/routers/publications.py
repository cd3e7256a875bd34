"""Publications of case reviews: drafted, checked, decided, announced, published (section 16)."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import DisclosureRefused, StepUpRequired, UndertakingRequired, responses
from app.models.publications import Publication
from app.pagination import Page
from app.privacy.errors import InvalidToken, LabelIdentifies, UnresolvedIdentifiers
from app.schemas.publications import (
    PublicationCreate,
    PublicationFilters,
    PublicationRead,
    PublicationTransitionCreate,
    PublicationUpdate,
    RenditionRead,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.casework import narrate_text
from app.services.disclosure import DISCLOSES, show_disclosed
from app.services.nested import page_of_moves
from app.services.publication_decisions import NotChecked, PublicationPaused
from app.services.publication_labels import LabelShared
from app.services.publications import change_draft, create_draft, draft_of
from app.services.publishing import FamilyNotInformed, TooEarlyToPublish, publish
from app.services.records import answer, changing, creating, etag, page, render

router = APIRouter(tags=["publications"])

PublicationId = Annotated[UUID, Path(description="The publication.")]
Read = Annotated[Caller, Requires(Scope.case_reviews_read)]
Write = Annotated[Caller, Requires(Scope.case_reviews_write)]
NARRATES = {"x-narrates": True}


@router.get("/publications", response_model=Page[PublicationRead])
async def list_publications(
    caller: Read, filters: Annotated[PublicationFilters, Query()]
) -> Response:
    """List publications of the cases you work on, newest first."""
    return await page(caller, PublicationRead, filters)


@router.post(
    "/publications",
    status_code=201,
    response_model=PublicationRead,
    responses=responses(UnresolvedIdentifiers, InvalidToken),
    openapi_extra=NARRATES,
)
async def create_publication(caller: Write, body: PublicationCreate) -> Response:
    """Draft the next version of what is to be published of a review.

    Everybody it speaks of gets a label by chance, which nothing else of the case has.
    """
    async with creating(caller, PublicationRead, body) as creation:
        if creation.is_new:
            creation.id = await create_draft(creation.db, caller, body)
    return creation.response


@router.get(
    "/publications/{publication_id}",
    response_model=PublicationRead,
    responses=responses(DisclosureRefused, StepUpRequired, UndertakingRequired),
    openapi_extra=DISCLOSES,
)
async def read_publication(caller: Read, publication_id: PublicationId) -> Response:
    """Read one publication, with people by their labels within the case."""
    return await show_disclosed(caller, PublicationRead, publication_id)


@router.patch(
    "/publications/{publication_id}",
    response_model=PublicationRead,
    responses=responses(UnresolvedIdentifiers, InvalidToken, LabelIdentifies, LabelShared),
    openapi_extra=NARRATES,
)
async def update_publication(
    caller: Write, publication_id: PublicationId, body: PublicationUpdate
) -> Response:
    """Change a draft. Another text or label ends what was checked and decided."""
    async with changing(caller, PublicationRead, publication_id, body) as changed:
        await change_draft(changed.db, caller, changed.before, body)
    return changed.response


@router.get("/publications/{publication_id}/rendition", response_model=RenditionRead)
async def read_publication_rendition(caller: Read, publication_id: PublicationId) -> Response:
    """Read a publication as the public would now, with the hash that a check names."""
    async with caller.transaction() as db:
        draft = await draft_of(db, publication_id)
    body = await asyncio.to_thread(draft.rendition)
    return Response(body.model_dump_json(), media_type="application/json")


@router.get("/publications/{publication_id}/transitions", response_model=Page[TransitionRead])
async def list_publication_transitions(
    caller: Read, publication_id: PublicationId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a publication, newest first."""
    return await page_of_moves(caller, Publication, publication_id, filters)


@router.post(
    "/publications/{publication_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(
        UnresolvedIdentifiers,
        InvalidToken,
        NotChecked,
        PublicationPaused,
        FamilyNotInformed,
        TooEarlyToPublish,
    ),
    openapi_extra=NARRATES,
)
async def move_publication(
    caller: Read, publication_id: PublicationId, body: PublicationTransitionCreate
) -> Response:
    """Publish what was checked and decided, once its notices are old enough.

    Decisions and withdrawals move a publication too, by operations of their own.
    """
    async with changing(caller, PublicationRead, publication_id) as changed:
        reason = body.reason
        if reason is not None:
            case_id = UUID(changed.before["case_id"])
            reason = await narrate_text(
                changed.db, caller, case_id, "/reason", reason, body.resolutions
            )
        moved = await publish(changed.db, changed.before, body.to, reason)
        made = await render(changed.db, TransitionRead, moved)
        tag = etag(await render(changed.db, PublicationRead, publication_id))
    return answer(made, 201, {"ETag": tag})
