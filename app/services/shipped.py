"""Reading what the product ships: the same for everybody who has signed in with the scope.

There are no rows to protect, but a caller is signed in all the same: what an installation knows
of is nobody else's business.
"""

import json
from collections.abc import Sequence
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel

from app.access.caller import ENTER, Caller
from app.errors import Invalid, InvalidCursor, NotFound, Unauthenticated
from app.pagination import Paging, seal, unseal
from app.reference.working_days import add_working_days, bank_holidays_between
from app.schemas.regimes import as_read
from app.schemas.working_days import WorkingDaysAsked, WorkingDaysRead
from app.services.answering import JSON, answer, etag

SIGN_IN = f"{ENTER} SELECT caller.id FROM caller"


async def signed_in(caller: Caller) -> UUID:
    """Return who calls. The database refuses who has no valid token, or not the scope."""
    row = await caller.fetchrow(SIGN_IN)
    if row is None or row["id"] is None:
        raise Unauthenticated
    actor_id: UUID = row["id"]
    return actor_id


async def page_of(
    caller: Caller, schema: type[BaseModel], entries: Sequence[BaseModel], filters: Paging
) -> Response:
    """Answer with one page of shipped entries, in the order they are shipped in."""
    refuse_repeated(caller)
    actor_id = str(await signed_in(caller))
    asked = filters.model_dump_json(exclude={"cursor", "limit"})
    binding = f"{schema.__name__}:{asked}"
    begin = 0
    if filters.cursor is not None:
        who, begin = unseal(caller.key, binding, filters.cursor)
        if who != actor_id:
            raise InvalidCursor
    end = begin + filters.limit
    cursor = seal(caller.key, binding, [actor_id, end]) if end < len(entries) else None
    items = ",".join(as_read(schema, each).model_dump_json() for each in entries[begin:end])
    body = f'{{"items":[{items}],"next_cursor":{json.dumps(cursor)}}}'
    return Response(body.encode(), 200, _next_link(caller, cursor), JSON)


async def show_shipped(
    caller: Caller, schema: type[BaseModel], entry: BaseModel | None
) -> Response:
    """Answer with one shipped entry; 304 if the caller has it already."""
    await signed_in(caller)
    if entry is None:
        raise NotFound
    body = as_read(schema, entry).model_dump_json().encode()
    if (known := caller.header("if-none-match")) and etag(body) in known:
        return Response(status_code=304, headers={"ETag": etag(body)})
    return answer(body)


async def show_due_date(caller: Caller, asked: WorkingDaysAsked) -> Response:
    """Answer with the day a period of working days ends on. Raises `BeyondCalendar`."""
    refuse_repeated(caller)
    await signed_in(caller)
    due_on = add_working_days(asked.start, asked.days)
    passed = bank_holidays_between(asked.start, due_on)
    found = {"from": asked.start, "days": asked.days, "due_on": due_on}
    body = WorkingDaysRead.model_validate(
        found | {"bank_holidays": [each.model_dump() for each in passed]}
    )
    return Response(body.model_dump_json(by_alias=True), 200, media_type=JSON)


def refuse_repeated(caller: Caller) -> None:
    """Refuse a parameter that came twice: each takes one value, and it is not clear which."""
    if caller.request is None:
        return
    names = [name for name, _ in caller.request.query_params.multi_items()]
    for name in names:
        if names.count(name) > 1:
            raise Invalid.at(name, "query")


def _next_link(caller: Caller, cursor: str | None) -> dict[str, str]:
    if cursor is None or caller.request is None:
        return {}
    url = caller.request.url.include_query_params(cursor=cursor)
    return {"Link": f'<{url.path}?{url.query}>; rel="next"'}
