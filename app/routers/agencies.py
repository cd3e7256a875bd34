"""`/agencies` and `/agency-leads`: the Board's partners (Framework sections 4 and 9)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.models.agencies import Agency
from app.pagination import Page
from app.schemas.agencies import (
    AgencyCreate,
    AgencyFilters,
    AgencyLeadCreate,
    AgencyLeadFilters,
    AgencyLeadRead,
    AgencyLeadUpdate,
    AgencyRead,
    AgencyUpdate,
)
from app.services.agencies import write_parts
from app.services.records import (
    change,
    changing,
    create,
    creating,
    insert,
    page,
    patch,
    show,
    update,
)

router = APIRouter(tags=["agencies"])

AgencyId = Annotated[UUID, Path(description="The agency.")]
LeadId = Annotated[UUID, Path(description="The named lead.")]
Read = Annotated[Caller, Requires(Scope.agencies_read)]
Write = Annotated[Caller, Requires(Scope.agencies_write)]
WriteLeads = Annotated[Caller, Requires(Scope.agency_leads_write)]


@router.get("/agencies", response_model=Page[AgencyRead])
async def list_agencies(caller: Read, filters: Annotated[AgencyFilters, Query()]) -> Response:
    """List agencies, newest first."""
    return await page(caller, AgencyRead, filters)


@router.post("/agencies", status_code=201, response_model=AgencyRead)
async def create_agency(caller: Write, body: AgencyCreate) -> Response:
    """Record an agency with its identifiers and the agencies it went on from."""
    async with creating(caller, AgencyRead, body) as creation:
        if creation.is_new:
            values = body.model_dump()
            parts = {name: values.pop(name) for name in ("identifiers", "predecessors")}
            creation.id = await insert(creation.db, Agency, values)
            await write_parts(creation.db, creation.id, **parts)
    return creation.response


@router.get("/agencies/{agency_id}", response_model=AgencyRead)
async def read_agency(caller: Read, agency_id: AgencyId) -> Response:
    """Read one agency."""
    return await show(caller, AgencyRead, agency_id)


@router.patch("/agencies/{agency_id}", response_model=AgencyRead)
async def update_agency(caller: Write, agency_id: AgencyId, body: AgencyUpdate) -> Response:
    """Change the members sent; leave the others as they are."""
    async with changing(caller, AgencyRead, agency_id, body) as changed:
        values = patch(body)
        parts = {name: values.pop(name, None) for name in ("identifiers", "predecessors")}
        await update(changed.db, Agency, agency_id, values)
        await write_parts(changed.db, agency_id, **parts)
    return changed.response


@router.get("/agency-leads", response_model=Page[AgencyLeadRead])
async def list_agency_leads(
    caller: Read, filters: Annotated[AgencyLeadFilters, Query()]
) -> Response:
    """List named leads and their deputies, newest first."""
    return await page(caller, AgencyLeadRead, filters)


@router.post("/agency-leads", status_code=201, response_model=AgencyLeadRead)
async def create_agency_lead(caller: WriteLeads, body: AgencyLeadCreate) -> Response:
    """Name a lead or a deputy. An agency names its own; the Business Office names any."""
    return await create(caller, AgencyLeadRead, body.model_dump())


@router.get("/agency-leads/{lead_id}", response_model=AgencyLeadRead)
async def read_agency_lead(caller: Read, lead_id: LeadId) -> Response:
    """Read one named lead."""
    return await show(caller, AgencyLeadRead, lead_id)


@router.patch("/agency-leads/{lead_id}", response_model=AgencyLeadRead)
async def update_agency_lead(
    caller: WriteLeads, lead_id: LeadId, body: AgencyLeadUpdate
) -> Response:
    """Change a named lead, or end the office on a day with `valid_to`."""
    return await change(caller, AgencyLeadRead, lead_id, body)
