"""The trail: who changed what, for those who account for it (Framework sections 7 and 9)."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.pagination import Page
from app.schemas.trail import TrailEntryFilters, TrailEntryRead
from app.services.records import page

router = APIRouter(tags=["trail"])

Read = Annotated[Caller, Requires(Scope.events_read)]


@router.get("/trail", response_model=Page[TrailEntryRead])
async def list_trail(caller: Read, filters: Annotated[TrailEntryFilters, Query()]) -> Response:
    """List who made, changed or deleted which record, newest first; never what it held."""
    return await page(caller, TrailEntryRead, filters)
