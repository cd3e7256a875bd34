"""`/triangulation`: what the three areas of information each say of one thing (section 9)."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.schemas.triangulation import TriangulationFilters, TriangulationList
from app.services.triangulation import triangulate

router = APIRouter(tags=["triangulation"])

Read = Annotated[Caller, Requires(Scope.learning_read)]


@router.get("/triangulation", response_model=TriangulationList)
async def read_triangulation(
    caller: Read, filters: Annotated[TriangulationFilters, Query()]
) -> Response:
    """Read what confirmed findings say by standard, theme or priority, and where they are silent.

    What you may not read is not counted.
    """
    return await triangulate(caller, filters)
