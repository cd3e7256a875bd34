"""`/searches`: words in the narratives of cases, without names (Framework section 7)."""

from typing import Annotated

from fastapi import APIRouter, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.schemas.search import SearchCreate, SearchResult
from app.services.search import search

router = APIRouter(tags=["searches"])

Read = Annotated[Caller, Requires(Scope.case_reviews_read)]


@router.post("/searches", response_model=SearchResult)
async def search_narratives(caller: Read, body: SearchCreate) -> Response:
    """Search the narratives of cases that you may read. Keeps nothing, and finds nobody by name."""
    return await search(caller, body)
