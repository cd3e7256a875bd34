"""Lists of what hangs on a record: the moves of an audit, the agencies on its roster."""

from uuid import UUID

from fastapi import Response

from app.access.caller import ENTER, Caller
from app.errors import NotFound
from app.models.base import Record
from app.pagination import Paging
from app.schemas.base import ReadSchema
from app.schemas.transitions import TransitionRead
from app.services.reading import Sort
from app.services.records import page

EMPTY = b'{"items":[],"next_cursor":null}'


async def page_within(
    caller: Caller,
    parent: type[Record],
    id: UUID,
    schema: type[ReadSchema],
    filters: Paging,
    where: str,
    sort: Sort = None,
) -> Response:
    """Answer with one page of what hangs on a record that the caller may see.

    `where` compares a column of `t` with `$3`, the identifier of the record; `sort` as in `page`.
    Raises `NotFound`.
    """
    seen = f"EXISTS (SELECT FROM {parent.__tablename__} WHERE id = $3)"
    response = await page(
        caller, schema, filters, where=f"{where} AND {seen}", args=(id,), sort=sort
    )
    if response.body == EMPTY:
        found = await caller.fetchrow(
            f"{ENTER} SELECT r.id FROM caller LEFT JOIN LATERAL (SELECT id FROM"
            f" {parent.__tablename__} WHERE id = $3 AND caller.id IS NOT NULL) r ON true",
            id,
        )
        if found is None or found["id"] is None:
            raise NotFound
    return response


async def page_of_moves(
    caller: Caller, parent: type[Record], id: UUID, filters: Paging
) -> Response:
    """Answer with one page of the moves of a record, newest first. Raises `NotFound`."""
    return await page_within(caller, parent, id, TransitionRead, filters, "t.record_id = $3")
