"""`/practitioner-forums`: where practitioners of several agencies learn together (section 1)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.forums import ForumCreate, ForumFilters, ForumRead, ForumUpdate
from app.services.records import page, show
from app.services.wording import reword, word

router = APIRouter(tags=["practitioner-forums"])

ForumId = Annotated[UUID, Path(description="The forum.")]
Read = Annotated[Caller, Requires(Scope.learning_read)]
Write = Annotated[Caller, Requires(Scope.findings_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)


@router.get("/practitioner-forums", response_model=Page[ForumRead])
async def list_practitioner_forums(
    caller: Read, filters: Annotated[ForumFilters, Query()]
) -> Response:
    """List forums of practitioners, the newest on record first."""
    return await page(caller, ForumRead, filters)


@router.post(
    "/practitioner-forums",
    status_code=201,
    response_model=ForumRead,
    responses=responses(*OF_TEXTS),
)
async def create_practitioner_forum(caller: Write, body: ForumCreate) -> Response:
    """Record a forum of practitioners."""
    return await word(caller, ForumRead, body)


@router.get("/practitioner-forums/{forum_id}", response_model=ForumRead)
async def read_practitioner_forum(caller: Read, forum_id: ForumId) -> Response:
    """Read one forum."""
    return await show(caller, ForumRead, forum_id)


@router.patch(
    "/practitioner-forums/{forum_id}",
    response_model=ForumRead,
    responses=responses(*OF_TEXTS),
)
async def update_practitioner_forum(
    caller: Write, forum_id: ForumId, body: ForumUpdate
) -> Response:
    """Record what a forum raised, or who was present."""
    return await reword(caller, ForumRead, forum_id, body)
