"""The access log: who looked at what, sealed so that nobody changes it (Framework section 7)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.pagination import Page
from app.schemas.access_log import (
    AccessLogEntryRead,
    AccessLogExportQuery,
    AccessLogFilters,
    AccessLogHeadFilters,
    AccessLogHeadRead,
    AccessLogProofRead,
)
from app.services.log_reading import NDJSON, export, show_proven
from app.services.records import page, show

router = APIRouter(tags=["access-log"])

EntryId = Annotated[UUID, Path(description="The entry.")]
HeadId = Annotated[UUID, Path(description="The head.")]
Read = Annotated[Caller, Requires(Scope.access_log_read)]
ReadHeads = Annotated[Caller, Requires(Scope.access_log_heads_read)]
Me = Annotated[Caller, Requires(Scope.me)]
LINES = {
    "description": "The entries, one on each line; nothing if there are no more.",
    "content": {NDJSON: {"itemSchema": {"$ref": "#/components/schemas/AccessLogEntryRead"}}},
}


@router.get("/access-log", response_model=Page[AccessLogEntryRead])
async def list_access_log(caller: Read, filters: Annotated[AccessLogFilters, Query()]) -> Response:
    """List who looked at what, newest first; the Business Office sees what is about a record."""
    return await page(caller, AccessLogEntryRead, filters)


@router.get("/me/access-log", response_model=Page[AccessLogEntryRead])
async def list_my_access_log(caller: Me, filters: Annotated[AccessLogFilters, Query()]) -> Response:
    """List what you yourself looked at, newest first."""
    return await page(caller, AccessLogEntryRead, filters, where="t.actor_id = caller.id")


@router.get("/access-log/heads", response_model=Page[AccessLogHeadRead])
async def list_access_log_heads(
    caller: ReadHeads, filters: Annotated[AccessLogHeadFilters, Query()]
) -> Response:
    """List the heads that seal the log, newest first.

    Keep what you read: only who has an older head can prove that the log was cut or rewritten.
    """
    return await page(caller, AccessLogHeadRead, filters)


@router.get("/access-log/heads/{head_id}", response_model=AccessLogHeadRead)
async def read_access_log_head(caller: ReadHeads, head_id: HeadId) -> Response:
    """Read one head."""
    return await show(caller, AccessLogHeadRead, head_id)


@router.get("/access-log/export", response_class=Response, responses={200: LINES})
async def export_access_log(
    caller: Read, query: Annotated[AccessLogExportQuery, Query()]
) -> Response:
    """Collect the sealed log, as lines of NDJSON in the order of sealing.

    Go on with the `place` of the last line. An entry that is sealed late stands later, never
    before what you have, so that you miss none. The export is itself logged.
    """
    return await export(caller, query)


@router.get("/access-log/{entry_id}", response_model=AccessLogProofRead)
async def read_access_log_entry(caller: Read, entry_id: EntryId) -> Response:
    """Read one entry, with the proof that it is sealed."""
    return await show_proven(caller, entry_id)
