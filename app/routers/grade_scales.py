"""`/grade-scales`: what answers are graded on, in versions that never change."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.pagination import Page
from app.schemas.grade_scales import GradeScaleCreate, GradeScaleFilters, GradeScaleRead
from app.services.instruments import write_grade_scale
from app.services.records import creating, page, show

router = APIRouter(tags=["grade-scales"])

ScaleId = Annotated[UUID, Path(description="The grade scale.")]
Read = Annotated[Caller, Requires(Scope.instruments_read)]
Write = Annotated[Caller, Requires(Scope.instruments_write)]


@router.get("/grade-scales", response_model=Page[GradeScaleRead])
async def list_grade_scales(
    caller: Read, filters: Annotated[GradeScaleFilters, Query()]
) -> Response:
    """List grade scales in all their versions, newest first."""
    return await page(caller, GradeScaleRead, filters)


@router.post("/grade-scales", status_code=201, response_model=GradeScaleRead)
async def create_grade_scale(caller: Write, body: GradeScaleCreate) -> Response:
    """Record a version of a grade scale, with its grades. It never changes afterwards."""
    async with creating(caller, GradeScaleRead, body) as creation:
        if creation.is_new:
            creation.id = await write_grade_scale(creation.db, body.model_dump())
    return creation.response


@router.get("/grade-scales/{scale_id}", response_model=GradeScaleRead)
async def read_grade_scale(caller: Read, scale_id: ScaleId) -> Response:
    """Read one version of a grade scale."""
    return await show(caller, GradeScaleRead, scale_id)
