"""`/bodies`: the Board, its executive group, sub groups and panels (Framework section 13)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.bodies import BodyCreate, BodyFilters, BodyRead, BodyUpdate, BodyVacancies
from app.schemas.meetings import AttendanceRateFilters, AttendanceRates
from app.services.meetings import show_attendance_rates
from app.services.records import page, show
from app.services.vacancies import show_vacancies
from app.services.wording import reword, word

router = APIRouter(tags=["bodies"])

BodyId = Annotated[UUID, Path(description="The body.")]
Read = Annotated[Caller, Requires(Scope.governance_read)]
Write = Annotated[Caller, Requires(Scope.governance_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)


@router.get("/bodies", response_model=Page[BodyRead])
async def list_bodies(caller: Read, filters: Annotated[BodyFilters, Query()]) -> Response:
    """List the bodies of the Board, the newest on record first."""
    return await page(caller, BodyRead, filters)


@router.post("/bodies", status_code=201, response_model=BodyRead, responses=responses(*OF_TEXTS))
async def create_body(caller: Write, body: BodyCreate) -> Response:
    """Set up a body. The rights of its seats are given by who may give roles of the Board."""
    return await word(caller, BodyRead, body)


@router.get("/bodies/{body_id}", response_model=BodyRead)
async def read_body(caller: Read, body_id: BodyId) -> Response:
    """Read one body."""
    return await show(caller, BodyRead, body_id)


@router.patch("/bodies/{body_id}", response_model=BodyRead, responses=responses(*OF_TEXTS))
async def update_body(caller: Write, body_id: BodyId, body: BodyUpdate) -> Response:
    """Change a body, or end it on a day."""
    return await reword(caller, BodyRead, body_id, body)


@router.get("/bodies/{body_id}/attendance", response_model=AttendanceRates)
async def read_body_attendance(
    caller: Read, body_id: BodyId, filters: Annotated[AttendanceRateFilters, Query()]
) -> Response:
    """Read how often each agency was at the meetings of a body that were held."""
    return await show_attendance_rates(caller, body_id, filters)


@router.get("/bodies/{body_id}/vacancies", response_model=BodyVacancies)
async def read_body_vacancies(caller: Read, body_id: BodyId) -> Response:
    """Read whether the chair of a body is vacant, and which agencies of the Board lack a seat."""
    return await show_vacancies(caller, body_id)
