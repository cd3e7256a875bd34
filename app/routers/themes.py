"""`/themes`: what several findings show, and who follows it (Framework section 9)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.recommendations import THEME_LIFECYCLE, Theme
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.themes import (
    LinkCreate,
    LinkFilters,
    ThemeCreate,
    ThemeFilters,
    ThemeFindingRead,
    ThemeRead,
    ThemeTransitionCreate,
    ThemeUpdate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.learning import FindingNotConfirmed, link_within
from app.services.nested import page_of_moves, page_within
from app.services.records import page, show
from app.services.wording import reword, step, word

router = APIRouter(tags=["themes"])

ThemeId = Annotated[UUID, Path(description="The theme.")]
LinkId = Annotated[UUID, Path(description="The link.")]
Read = Annotated[Caller, Requires(Scope.learning_read)]
Write = Annotated[Caller, Requires(Scope.findings_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)


@router.get("/themes", response_model=Page[ThemeRead])
async def list_themes(caller: Read, filters: Annotated[ThemeFilters, Query()]) -> Response:
    """List themes, newest first, with the evidence that you may read."""
    return await page(caller, ThemeRead, filters)


@router.post("/themes", status_code=201, response_model=ThemeRead, responses=responses(*OF_TEXTS))
async def create_theme(caller: Write, body: ThemeCreate) -> Response:
    """Begin to follow a theme."""
    return await word(caller, ThemeRead, body)


@router.get("/themes/{theme_id}", response_model=ThemeRead)
async def read_theme(caller: Read, theme_id: ThemeId) -> Response:
    """Read one theme, its evidence and its spread."""
    return await show(caller, ThemeRead, theme_id)


@router.patch("/themes/{theme_id}", response_model=ThemeRead, responses=responses(*OF_TEXTS))
async def update_theme(caller: Write, theme_id: ThemeId, body: ThemeUpdate) -> Response:
    """Change how a theme is described, or who follows it."""
    return await reword(caller, ThemeRead, theme_id, body)


@router.get("/themes/{theme_id}/findings", response_model=Page[ThemeFindingRead])
async def list_theme_findings(
    caller: Read, theme_id: ThemeId, filters: Annotated[LinkFilters, Query()]
) -> Response:
    """List the findings of a theme that you may read, newest link first."""
    return await page_within(caller, Theme, theme_id, ThemeFindingRead, filters, "t.theme_id = $3")


@router.post(
    "/themes/{theme_id}/findings",
    status_code=201,
    response_model=ThemeFindingRead,
    responses=responses(FindingNotConfirmed),
)
async def create_theme_finding(caller: Write, theme_id: ThemeId, body: LinkCreate) -> Response:
    """Add a confirmed finding to a theme as evidence."""
    return await link_within(caller, ThemeFindingRead, Theme, "theme_id", theme_id, body)


@router.get("/themes/{theme_id}/findings/{link_id}", response_model=ThemeFindingRead)
async def read_theme_finding(caller: Read, theme_id: ThemeId, link_id: LinkId) -> Response:
    """Read one link of a finding to a theme."""
    return await show(caller, ThemeFindingRead, link_id, "t.theme_id = $4", theme_id)


@router.get("/themes/{theme_id}/transitions", response_model=Page[TransitionRead])
async def list_theme_transitions(
    caller: Read, theme_id: ThemeId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a theme, newest first."""
    return await page_of_moves(caller, Theme, theme_id, filters)


@router.post(
    "/themes/{theme_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(*OF_TEXTS),
)
async def create_theme_transition(
    caller: Write, theme_id: ThemeId, body: ThemeTransitionCreate
) -> Response:
    """Move a theme."""
    return await step(caller, ThemeRead, THEME_LIFECYCLE, theme_id, body.to, body)
