"""`/good-practice`: what one agency does well, for all to learn from (Framework section 15)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.pagination import Page
from app.schemas.good_practice import GoodPracticeCreate, GoodPracticeFilters, GoodPracticeRead
from app.services.good_practice import NotToBeShared, share, withdraw
from app.services.records import creating, page, show

router = APIRouter(tags=["good-practice"])

GoodPracticeId = Annotated[UUID, Path(description="The good practice.")]
Read = Annotated[Caller, Requires(Scope.audit_responses_read)]
Write = Annotated[Caller, Requires(Scope.good_practice_write)]


@router.get("/good-practice", response_model=Page[GoodPracticeRead])
async def list_good_practice(
    caller: Read, filters: Annotated[GoodPracticeFilters, Query()]
) -> Response:
    """List good practice that agencies share, newest first."""
    return await page(caller, GoodPracticeRead, filters)


@router.post(
    "/good-practice",
    status_code=201,
    response_model=GoodPracticeRead,
    responses=responses(NotToBeShared),
)
async def create_good_practice(caller: Write, body: GoodPracticeCreate) -> Response:
    """Share an accepted answer as good practice, by leave of its agency. For moderators."""
    async with creating(caller, GoodPracticeRead, body) as creation:
        if creation.is_new:
            creation.id = await share(creation.db, body)
    return creation.response


@router.get("/good-practice/{good_practice_id}", response_model=GoodPracticeRead)
async def read_good_practice(caller: Read, good_practice_id: GoodPracticeId) -> Response:
    """Read one good practice."""
    return await show(caller, GoodPracticeRead, good_practice_id)


@router.delete("/good-practice/{good_practice_id}", status_code=204)
async def delete_good_practice(caller: Write, good_practice_id: GoodPracticeId) -> Response:
    """Withdraw good practice: the agency it comes from, or the Business Office.

    The agency takes back its leave to share, so that nobody shares it again.
    """
    return await withdraw(caller, good_practice_id)
