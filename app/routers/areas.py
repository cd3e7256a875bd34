"""`/areas`: the places a board answers for, and what became of them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.models.areas import Area
from app.pagination import Page
from app.schemas.areas import AreaCreate, AreaFilters, AreaRead, AreaUpdate
from app.services.areas import write_predecessors
from app.services.records import changing, creating, insert, page, patch, show, update

router = APIRouter(tags=["areas"])

AreaId = Annotated[UUID, Path(description="The area.")]
Read = Annotated[Caller, Requires(Scope.areas_read)]
Write = Annotated[Caller, Requires(Scope.areas_write)]


@router.get("/areas", response_model=Page[AreaRead])
async def list_areas(caller: Read, filters: Annotated[AreaFilters, Query()]) -> Response:
    """List areas of today and of the past, newest first."""
    return await page(caller, AreaRead, filters)


@router.post("/areas", status_code=201, response_model=AreaRead)
async def create_area(caller: Write, body: AreaCreate) -> Response:
    """Record an area and the areas it went on from."""
    async with creating(caller, AreaRead, body) as creation:
        if creation.is_new:
            values = body.model_dump()
            predecessors = values.pop("predecessors")
            creation.id = await insert(creation.db, Area, values)
            await write_predecessors(creation.db, creation.id, predecessors)
    return creation.response


@router.get("/areas/{area_id}", response_model=AreaRead)
async def read_area(caller: Read, area_id: AreaId) -> Response:
    """Read one area."""
    return await show(caller, AreaRead, area_id)


@router.patch("/areas/{area_id}", response_model=AreaRead)
async def update_area(caller: Write, area_id: AreaId, body: AreaUpdate) -> Response:
    """Change the members sent; leave the others as they are."""
    async with changing(caller, AreaRead, area_id, body) as changed:
        values = patch(body)
        predecessors = values.pop("predecessors", None)
        await update(changed.db, Area, area_id, values)
        await write_predecessors(changed.db, area_id, predecessors)
    return changed.response
