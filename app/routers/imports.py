"""`/imports`: many records pushed at once, with a report row by row (Framework section 6)."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import TypeAdapter

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import IdempotencyKeyReused, StorageFull, responses
from app.models.imports import Import
from app.pagination import Page
from app.schemas.agencies import AgencyCreate
from app.schemas.areas import AreaCreate
from app.schemas.imports import (
    AnswerRow,
    ImportFilters,
    ImportOptions,
    ImportRead,
    ImportRowFilters,
    ImportRowRead,
    ImportSummaryRead,
    SubmissionRow,
)
from app.schemas.jobs import JobRead
from app.services.import_body import MOST_ROWS
from app.services.import_work import JobEnded, RowsRejected
from app.services.imports import push
from app.services.nested import page_within
from app.services.records import page, show

router = APIRouter(tags=["imports"])

ImportId = Annotated[UUID, Path(description="The import.")]
Read = Annotated[Caller, Requires(Scope.jobs_read)]
Write = Annotated[Caller, Requires(Scope.imports_write)]
LATER: dict[int | str, dict[str, Any]] = {
    202: {"model": JobRead, "description": "A job will do it."}
}


def _bodies() -> dict[str, Any]:
    """Describe the body: a row is what the single operation takes, and whom it is for."""
    row: dict[str, Any] = TypeAdapter(
        SubmissionRow | AnswerRow | AgencyCreate | AreaCreate
    ).json_schema(ref_template="#/components/schemas/{model}")
    rows = {"type": "array", "maxItems": MOST_ROWS, "items": row}
    content = {"application/json": {"schema": rows}, "application/x-ndjson": {"itemSchema": row}}
    return {"requestBody": {"required": True, "content": content}}


@router.post(
    "/imports",
    response_model=ImportRead,
    responses=LATER | responses(IdempotencyKeyReused, JobEnded, RowsRejected, StorageFull),
    openapi_extra=_bodies(),
)
async def create_import(caller: Write, options: Annotated[ImportOptions, Query()]) -> Response:
    """Push many records at once, as lines of NDJSON or a JSON array of rows of one kind.

    Needs the scope of the single operation too. Up to 1,000 rows and 1 MiB are carried out at
    once; more become a job. With an `Idempotency-Key` a push that broke off is sent again whole,
    and goes on after the rows that are done.
    """
    return await push(caller, options)


@router.get("/imports", response_model=Page[ImportSummaryRead])
async def list_imports(caller: Read, filters: Annotated[ImportFilters, Query()]) -> Response:
    """List your own imports, newest first."""
    return await page(caller, ImportSummaryRead, filters)


@router.get("/imports/{import_id}", response_model=ImportRead)
async def read_import(caller: Read, import_id: ImportId) -> Response:
    """Read the report of an import of yours, with the first rows that were refused."""
    return await show(caller, ImportRead, import_id)


@router.get("/imports/{import_id}/rows", response_model=Page[ImportRowRead])
async def list_import_rows(
    caller: Read, import_id: ImportId, filters: Annotated[ImportRowFilters, Query()]
) -> Response:
    """List what became of the rows of an import, in their order in the file."""
    return await page_within(
        caller, Import, import_id, ImportRowRead, filters, "t.import_id = $3", "row_number"
    )
