"""Reading verbs: one statement signs in, filters, redacts and renders.

Bodies come from PostgreSQL as JSON and go to the wire as they are.
"""

import json
from functools import cache
from typing import Any, get_origin
from uuid import UUID

from fastapi import Response

from app.access.caller import ENTER, ENTERED, ActorSession, Caller
from app.access.scopes import Capability
from app.errors import Invalid, InvalidCursor, NotFound
from app.pagination import Matches, Paging, seal, unseal
from app.privacy.projection import projection, statement
from app.schemas.base import ReadSchema
from app.services.answering import JSON, answer, etag
from app.services.rows import cast

Sort = str | tuple[str, ...] | None
"""One column of a list, whose value the cursor holds, or several, whose values it does not."""
BY_ID = "json_build_array(t.id)"


@cache
def _show_sql(schema: type[ReadSchema], enter: str, key: str) -> str:
    return (
        f"{enter} SELECT caller.id AS actor_id, body.json FROM caller LEFT JOIN LATERAL ("
        f"SELECT row_to_json(r)::text AS json FROM ({statement(schema)}"
        f" WHERE caller.id IS NOT NULL AND {key}) r) body ON true"
    )


async def show(
    caller: Caller, schema: type[ReadSchema], id: UUID, where: str = "true", *args: object
) -> Response:
    """Answer with one record as this caller may see it; 304 if the caller has it already.

    `where` adds a condition over `t`, with its `args` from `$4` on.
    """
    body = await read(caller, schema, id, where, *args)
    if (known := caller.header("if-none-match")) and etag(body) in known:
        return Response(status_code=304, headers={"ETag": etag(body)})
    return answer(body)


async def read(
    caller: Caller, schema: type[ReadSchema], id: UUID, where: str = "true", *args: object
) -> bytes:
    """Return one record as this caller may see it; arguments as in `show`. Raises `NotFound`."""
    row = await caller.fetchrow(_show_sql(schema, ENTER, f"t.id = $3 AND {where}"), id, *args)
    if row is None or row["json"] is None:
        raise NotFound
    body: bytes = row["json"].encode()
    return body


async def render(db: ActorSession, schema: type[ReadSchema], id: UUID) -> bytes:
    """Return one record as the actor of this transaction sees it. Raises `NotFound`."""
    row = await db.fetchrow(_show_sql(schema, ENTERED, "t.id = $1"), id)
    if row is None or row["json"] is None:
        raise NotFound
    body: bytes = row["json"].encode()
    return body


async def page(
    caller: Caller,
    schema: type[ReadSchema],
    filters: Paging,
    *,
    where: str = "",
    args: tuple[object, ...] = (),
    sort: Sort = None,
    everyone: Capability | None = None,
) -> Response:
    """Answer with one page of the records the caller may see.

    `where` adds conditions over `t`, with its `args` from `$3` on. `sort` is a column of `t`
    that is never null, or several; without it the newest come first. `everyone` is the capability
    without which a caller sees the own agency's records only.
    """
    _refuse_repeated(caller, filters)
    conditions, values = _conditions(schema, filters, where, args)
    binding = (
        f"{schema.__name__}:{filters.model_dump_json(exclude={'cursor', 'limit'})}:{where}:{args}"
    )
    after: list[Any] = []
    if filters.cursor is not None:
        after = unseal(caller.key, binding, filters.cursor)
        conditions += _after(schema, sort, after[1:], values)
    sql = _page_sql(schema, conditions, sort, filters.limit, everyone)
    row = await caller.fetchrow(sql, *values)
    if row is None or (after and after[0] != str(row["actor_id"])):
        raise InvalidCursor
    cursor = None
    if row["seen"] > filters.limit:
        cursor = seal(caller.key, binding, [row["actor_id"], *json.loads(row["last"])[0]])
    items = (row["items"] or "[]").encode()
    body = b'{"items":' + items + b',"next_cursor":' + json.dumps(cursor).encode() + b"}"
    return Response(body, 200, _next_link(caller, cursor), JSON)


@cache
def _page_sql(
    schema: type[ReadSchema],
    conditions: str,
    sort: Sort,
    limit: int,
    everyone: Capability | None,
) -> str:
    """Write the statement of a page: one row more than asked for tells whether there are more.

    The limit stands in the text: as a parameter it would make PostgreSQL plan anew each time.
    """
    columns = [sort] if isinstance(sort, str) else list(sort or ())
    order = ", ".join([*(f't."{column}"' for column in columns), "t.id" if sort else "t.id DESC"])
    keys = f'json_build_array(t."{sort}", t.id)' if isinstance(sort, str) else BY_ID
    item = f"row_to_json((SELECT r FROM (SELECT {projection(schema)}) r))"
    rest = f"{conditions} ORDER BY {order} LIMIT {limit} + 1"
    rows = _rows_sql(schema.table.__tablename__, rest, everyone)
    return (
        f"{ENTER} SELECT caller.id AS actor_id, body.* FROM caller LEFT JOIN LATERAL ("
        f"SELECT count(*) AS seen, (json_agg(p.item) FILTER (WHERE p.n <= {limit}))::text AS items,"
        f" (json_agg(p.keys) FILTER (WHERE p.n = {limit}))::text AS last FROM ("
        f"SELECT {item} AS item, {keys} AS keys, row_number() OVER () AS n"
        f" FROM (SELECT * FROM ({rows}) t ORDER BY {order}) t) p) body ON true"
    )


def _rows_sql(table: str, rest: str, everyone: Capability | None) -> str:
    """Select the rows of a page, and one more.

    A policy that lets some see all leaves PostgreSQL one plan for everybody: from the newest row
    on, which for an agency with few rows is the whole table. Two arms, of which one runs, give
    an agency its index. They grant nothing: the policies hold in both.
    """
    rows = f"SELECT * FROM {table} t WHERE caller.id IS NOT NULL"
    if everyone is None:
        return rows + rest
    is_allowed = f"'{everyone}' = ANY (caller.grants)"
    own = f"NOT {is_allowed} AND t.agency_id = caller.agency_id"
    return f"SELECT * FROM (({rows} AND {is_allowed}{rest}) UNION ALL ({rows} AND {own}{rest})) t"


def _conditions(
    schema: type[ReadSchema], filters: Paging, where: str, args: tuple[object, ...]
) -> tuple[str, list[object]]:
    """Turn filters into conditions: a list means any of, `_from` and `_before` are bounds."""
    conditions = f" AND {where}" if where else ""
    values: list[object] = list(args)
    for name, info in type(filters).model_fields.items():
        value = getattr(filters, name)
        if name in Paging.model_fields or value is None or value == []:
            continue
        values.append(value)
        own = [mark.sql for mark in info.metadata if isinstance(mark, Matches)]
        condition = own[0] if own else _condition(schema, name, value)
        conditions += " AND " + condition.replace("{0}", "{}").replace("{}", f"${len(values) + 2}")
    return conditions, values


def _condition(schema: type[ReadSchema], name: str, value: object) -> str:
    columns = schema.table.__table__.columns
    for suffix, operator in (("_from", ">="), ("_before", "<")):
        if name.endswith(suffix) and name not in columns:
            return f't."{name.removesuffix(suffix)}" {operator} {{}}'
    return f't."{name}" = ANY({{}})' if isinstance(value, list) else f't."{name}" = {{}}'


def _refuse_repeated(caller: Caller, filters: Paging) -> None:
    """Refuse a parameter that came twice and takes one value: it is not clear which is meant."""
    if caller.request is None or not caller.request.url.query:
        return
    names = [name for name, _ in caller.request.query_params.multi_items()]
    for name, info in type(filters).model_fields.items():
        if names.count(name) > 1 and get_origin(info.annotation) is not list:
            raise Invalid.at(name, "query")


def _after(schema: type[ReadSchema], sort: Sort, keys: list[Any], values: list[object]) -> str:
    """Say where the next page begins.

    Of several columns the cursor holds none: what they are is looked up again by the identifier.
    """
    if isinstance(sort, tuple):
        values.append(UUID(keys[0]))
        last, table = f"${len(values) + 2}", schema.table.__tablename__
        found = (f'(SELECT k."{column}" FROM {table} k WHERE k.id = {last})' for column in sort)
        columns = ", ".join(f't."{column}"' for column in sort)
        return f" AND ({columns}, t.id) > ({', '.join(found)}, {last})"
    if sort is None:
        values.append(UUID(keys[0]))
        return f" AND t.id < ${len(values) + 2}"
    values += [str(keys[0]), UUID(keys[1])]
    kind = cast(schema.table.__table__.columns[sort])
    return f' AND (t."{sort}", t.id) > (${len(values) + 1}::text{kind}, ${len(values) + 2})'


def _next_link(caller: Caller, cursor: str | None) -> dict[str, str]:
    if cursor is None or caller.request is None:
        return {}
    url = caller.request.url.include_query_params(cursor=cursor)
    return {"Link": f'<{url.path}?{url.query}>; rel="next"'}
