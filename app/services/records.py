"""The verbs of the API: show, page, create, change, remove.

Each is one or two statements, whatever the resource. Bodies come from PostgreSQL as JSON and
go to the wire as they are.
"""

import hmac
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from fastapi import Response
from sqlalchemy.dialects import postgresql

from app.access.caller import ENTER, ENTERED, ActorSession, Caller
from app.errors import (
    Conflict,
    Forbidden,
    IdempotencyKeyReused,
    InvalidCursor,
    InvalidIdempotencyKey,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
)
from app.models.base import Base, Record
from app.pagination import Matches, Paging, seal, unseal
from app.privacy.projection import projection, statement
from app.schemas.base import ReadSchema, UpdateSchema

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
JSON = "application/json"


def etag(body: bytes) -> str:
    """Return the strong tag of a body: it moves when, and only when, what this reader sees does."""
    return f'"{sha256(body).hexdigest()[:32]}"'


def answer(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Send a record, under its tag."""
    return Response(body, status, {"ETag": etag(body), **(headers or {})}, JSON)


# Show


@cache
def _show_sql(schema: type[ReadSchema], enter: str, key: str) -> str:
    return (
        f"{enter} SELECT caller.id AS actor_id, body.json FROM caller LEFT JOIN LATERAL ("
        f"SELECT row_to_json(r)::text AS json FROM ({statement(schema)}"
        f" WHERE caller.id IS NOT NULL AND {key}) r) body ON true"
    )


async def show(caller: Caller, schema: type[ReadSchema], id: UUID) -> Response:
    """Answer with one record as this caller may see it; 304 if the caller has it already."""
    row = await caller.fetchrow(_show_sql(schema, ENTER, "t.id = $3"), id)
    if row is None or row["json"] is None:
        raise NotFound
    body = row["json"].encode()
    if (known := caller.header("if-none-match")) and etag(body) in known:
        return Response(status_code=304, headers={"ETag": etag(body)})
    return answer(body)


async def render(db: ActorSession, schema: type[ReadSchema], id: UUID) -> bytes:
    """Return one record as the actor of this transaction sees it. Raises `NotFound`."""
    row = await db.fetchrow(_show_sql(schema, ENTERED, "t.id = $1"), id)
    if row is None or row["json"] is None:
        raise NotFound
    body: bytes = row["json"].encode()
    return body


# Page


async def page(
    caller: Caller,
    schema: type[ReadSchema],
    filters: Paging,
    *,
    where: str = "",
    args: tuple[object, ...] = (),
    sort: str | None = None,
) -> Response:
    """Answer with one page of the records the caller may see.

    `where` adds conditions over `t`, with its `args` from `$3` on. `sort` is a column of `t`
    that is never null; without it the newest come first.
    """
    conditions, values = _conditions(schema, filters, where, args)
    binding = f"{schema.__name__}:{filters.model_dump_json(exclude={'cursor', 'limit'})}:{where}:{args}"
    after: list[Any] = []
    if filters.cursor is not None:
        after = unseal(caller.key, binding, filters.cursor)
        conditions += _after(sort, after[1:], values)
    sql = _page_sql(schema, conditions, sort, len(values) + 3)
    row = await caller.fetchrow(sql, *values, filters.limit)
    if row is None or (after and after[0] != str(row["actor_id"])):
        raise InvalidCursor
    cursor = None
    if row["seen"] > filters.limit:
        cursor = seal(caller.key, binding, [row["actor_id"], *json.loads(row["last"])])
    items = (row["items"] or "[]").encode()
    body = b'{"items":' + items + b',"next_cursor":' + json.dumps(cursor).encode() + b"}"
    return Response(body, 200, _next_link(caller, cursor), JSON)


@cache
def _page_sql(schema: type[ReadSchema], conditions: str, sort: str | None, limit: int) -> str:
    order = f't."{sort}", t.id' if sort else "t.id DESC"
    keys = f'json_build_array(t."{sort}", t.id)' if sort else "json_build_array(t.id)"
    item = f"row_to_json((SELECT r FROM (SELECT {projection(schema)}) r))"
    return (
        f"{ENTER} SELECT caller.id AS actor_id, body.* FROM caller LEFT JOIN LATERAL ("
        f"SELECT count(*) AS seen,"
        f" (json_agg(p.item ORDER BY p.n) FILTER (WHERE p.n <= ${limit}))::text AS items,"
        f" ((array_agg(p.keys ORDER BY p.n))[${limit}])::text AS last FROM ("
        f"SELECT {item} AS item, {keys} AS keys, row_number() OVER (ORDER BY {order}) AS n"
        f' FROM "{schema.table.__tablename__}" t WHERE caller.id IS NOT NULL{conditions}'
        f" ORDER BY {order} LIMIT ${limit}::int + 1) p) body ON true"
    )


def _conditions(
    schema: type[ReadSchema], filters: Paging, where: str, args: tuple[object, ...]
) -> tuple[str, list[object]]:
    """Turn filters into conditions: a list means any of, `_from` and `_before` are bounds."""
    conditions = f" AND {where}" if where else ""
    values: list[object] = list(args)
    for name, field in type(filters).model_fields.items():
        value = getattr(filters, name)
        if name in Paging.model_fields or value is None or value == []:
            continue
        values.append(value)
        own = [mark.sql for mark in field.metadata if isinstance(mark, Matches)]
        condition = own[0] if own else _condition(schema, name, value)
        conditions += " AND " + condition.replace("{0}", "{}").replace("{}", f"${len(values) + 2}")
    return conditions, values


def _condition(schema: type[ReadSchema], name: str, value: object) -> str:
    columns = schema.table.__table__.columns
    for suffix, operator in (("_from", ">="), ("_before", "<")):
        if name.endswith(suffix) and name not in columns:
            return f't."{name.removesuffix(suffix)}" {operator} {{}}'
    return f't."{name}" = ANY({{}})' if isinstance(value, list) else f't."{name}" = {{}}'


def _after(sort: str | None, keys: list[Any], values: list[object]) -> str:
    """Say where the next page begins."""
    if sort is None:
        values.append(UUID(keys[0]))
        return f" AND t.id < ${len(values) + 2}"
    values += [keys[0], UUID(keys[1])]
    return f' AND (t."{sort}", t.id) > (${len(values) + 1}::text, ${len(values) + 2})'


def _next_link(caller: Caller, cursor: str | None) -> dict[str, str]:
    if cursor is None or caller.request is None:
        return {}
    url = caller.request.url.include_query_params(cursor=cursor)
    return {"Link": f'<{url.path}?{url.query}>; rel="next"'}


# Create


@cache
def _create_sql(schema: type[ReadSchema], columns: tuple[str, ...], *, once: bool) -> str:
    """Sign in, take the idempotency key, insert and render: one statement, all or nothing."""
    table = schema.table.__table__
    first = 6 if once else 3
    places = [f"${n}{_cast(table.columns[c])}" for n, c in enumerate(columns, first)]
    if once:
        once_sql = (
            "INSERT INTO idempotency_keys (actor_id, operation, key, body_mac, record_id)"
            " SELECT caller.id, $3, $4, $5, uuidv7() FROM caller"
            " ON CONFLICT DO NOTHING RETURNING record_id"
        )
    else:
        once_sql = "SELECT uuidv7() AS record_id FROM caller"
    names = ", ".join(f'"{column}"' for column in ("id", *columns))
    made = statement(schema, "(SELECT made.*)")
    return (
        f"{ENTER}, once AS ({once_sql}), made AS (INSERT INTO {table.name} ({names})"
        f" SELECT {', '.join(('once.record_id', *places))} FROM once RETURNING *)"
        " SELECT made.id, body.json FROM caller LEFT JOIN made ON true LEFT JOIN LATERAL"
        f" (SELECT row_to_json(r)::text AS json FROM ({made}) r) body ON made.id IS NOT NULL"
    )


def _cast(column: Any) -> str:  # noqa: ANN401 - a column of any type
    """Name the type of a parameter where PostgreSQL could not tell it from a SELECT."""
    return "::" + column.type.compile(DIALECT)


def bind(value: object) -> object:
    """Write a value as asyncpg takes it: `dict` as JSON text, everything else as it is."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


async def create(
    caller: Caller, schema: type[ReadSchema], values: Mapping[str, object]
) -> Response:
    """Make a record in one statement and answer 201 with it.

    With an `Idempotency-Key` the same key and body answer with the record made the first time,
    rendered under the caller's rights of today.
    """
    columns = tuple(values)
    bound = [bind(value) for value in values.values()]
    once = Once.of(caller, values)
    sql = _create_sql(schema, columns, once=once is not None)
    key = [once.operation, once.key, once.mac] if once else []
    row = await caller.writerow(sql, *key, *bound)
    if row is not None and row["json"] is not None:
        return created(caller, row["id"], row["json"].encode())
    if once is None:
        raise NotFound
    return await replay(caller, schema, once)


def created(caller: Caller, id: UUID, body: bytes) -> Response:
    """Answer 201 with a record and where it is."""
    path = "" if caller.request is None else caller.request.url.path
    return answer(body, 201, {"Location": f"{path}/{id}"})


@dataclass(frozen=True, slots=True)
class Once:
    """An `Idempotency-Key` of a caller for one operation, with a keyed hash of the body."""

    operation: str
    key: str
    mac: bytes

    @classmethod
    def of(cls, caller: Caller, values: object) -> "Once | None":
        """Read the key of the request; null where the caller sent none."""
        key = caller.header("idempotency-key")
        if key is None or caller.request is None:
            return None
        if not re.fullmatch(r"[!-~]{1,255}", key):
            raise InvalidIdempotencyKey
        body = json.dumps(values, default=str, sort_keys=True).encode()
        operation = f"{caller.request.method} {caller.request.url.path}"
        return cls(operation, key, hmac.digest(caller.key, body, sha256))

    async def seen(self, db: ActorSession) -> UUID | None:
        """Return the record made under this key before; null if the key is free."""
        row = await db.fetchrow(SEEN, self.operation, self.key)
        return None if row is None else self._same(row)

    async def keep(self, db: ActorSession, record_id: UUID) -> None:
        """Remember the record made under this key, in the same transaction."""
        await db.fetchrow(KEEP, self.operation, self.key, self.mac, record_id)

    def _same(self, row: Any) -> UUID:  # noqa: ANN401 - a row of the driver
        if not hmac.compare_digest(row["body_mac"], self.mac):
            raise IdempotencyKeyReused
        record_id: UUID = row["record_id"]
        return record_id


SEEN = (
    f"{ENTERED} SELECT k.record_id, k.body_mac FROM caller JOIN idempotency_keys k"
    " ON k.actor_id = caller.id AND k.operation = $1 AND k.key = $2"
)
KEEP = (
    f"{ENTERED} INSERT INTO idempotency_keys (actor_id, operation, key, body_mac, record_id)"
    " SELECT caller.id, $1, $2, $3, $4 FROM caller"
)


async def replay(caller: Caller, schema: type[ReadSchema], once: Once) -> Response:
    """Answer with the record that this key made before, as the caller may see it today."""
    async with caller.transaction() as db:
        record_id = await once.seen(db)
        if record_id is None:
            raise Conflict
        body = await render(db, schema, record_id)
    response = created(caller, record_id, body)
    response.headers["Idempotency-Replayed"] = "true"
    return response


@asynccontextmanager
async def creating(
    caller: Caller, schema: type[ReadSchema], values: object
) -> AsyncIterator["Creation"]:
    """Make a record of several parts in one transaction, once for each idempotency key.

    `if creation.is_new: …; creation.id = record.id` within the block; `creation.response` after.
    """
    once = Once.of(caller, values)
    async with caller.transaction() as db:
        seen = await once.seen(db) if once else None
        creation = Creation(db, seen)
        yield creation
        if creation.id is None:
            raise NotFound
        if once and seen is None:
            await once.keep(db, creation.id)
        body = await render(db, schema, creation.id)
    creation.response = created(caller, creation.id, body)
    if seen is not None:
        creation.response.headers["Idempotency-Replayed"] = "true"


@dataclass(slots=True)
class Creation:
    """A record in the making."""

    db: ActorSession
    id: UUID | None
    response: Response = field(default_factory=Response)

    @property
    def is_new(self) -> bool:
        """Tell whether this key has made nothing yet."""
        return self.id is None


# Change


@asynccontextmanager
async def changing(
    caller: Caller, schema: type[ReadSchema], id: UUID
) -> AsyncIterator["Change"]:
    """Change a record under `If-Match`: the caller's tag must be that of what it sees now.

    Locks the record, yields, renders it anew; `change.response` after the block.
    Raises `NotFound`, `Forbidden` for what may be seen but not changed, `PreconditionRequired`
    and `PreconditionFailed`.
    """
    expected = caller.header("if-match")
    async with caller.transaction() as db:
        locked = await db.fetchrow(
            f'SELECT id FROM "{schema.table.__tablename__}" WHERE id = $1 FOR UPDATE', id
        )
        before = await render(db, schema, id)
        if locked is None:
            raise Forbidden
        if caller.request is not None:
            check_tag(expected, before)
        change = Change(db, json.loads(before))
        yield change
        body = await render(db, schema, id)
    change.response = answer(body)


@dataclass(slots=True)
class Change:
    """A record being changed: its transaction, and what the caller saw of it before."""

    db: ActorSession
    before: dict[str, Any]
    response: Response = field(default_factory=Response)


def check_tag(expected: str | None, body: bytes) -> None:
    """Compare `If-Match` with the tag of what the caller sees now."""
    if expected is None:
        raise PreconditionRequired
    if expected != "*" and etag(body) not in [tag.strip() for tag in expected.split(",")]:
        raise PreconditionFailed


async def insert(db: ActorSession, table: type[Base], values: Mapping[str, object]) -> UUID:
    """Write a row within a transaction and return its identifier."""
    columns = table.__table__.columns
    names = ", ".join(f'"{name}"' for name in values)
    places = ", ".join(f"${n}{_cast(columns[name])}" for n, name in enumerate(values, start=1))
    sql = f'INSERT INTO "{table.__tablename__}" ({names}) VALUES ({places}) RETURNING id'
    row = await db.fetchrow(sql, *(bind(value) for value in values.values()))
    assert row is not None  # noqa: S101 - RETURNING returns or the statement raises
    made: UUID = row["id"]
    return made


async def update(db: ActorSession, table: type[Record], id: UUID, values: Mapping[str, object]) -> None:
    """Write columns of one record. Raises `Forbidden` if the policies let nothing through."""
    if not values:
        return
    columns = table.__table__.columns
    sets = ", ".join(
        f'"{name}" = ${n}{_cast(columns[name])}' for n, name in enumerate(values, start=2)
    )
    sql = f'UPDATE "{table.__tablename__}" SET {sets} WHERE id = $1 RETURNING id'
    if await db.fetchrow(sql, id, *(bind(value) for value in values.values())) is None:
        raise Forbidden


async def change(
    caller: Caller, schema: type[ReadSchema], id: UUID, body: UpdateSchema
) -> Response:
    """Apply a merge patch to the columns of one record and answer with it."""
    async with changing(caller, schema, id) as changed:
        await update(changed.db, schema.table, id, patch(body))
    return changed.response


def patch(body: UpdateSchema) -> dict[str, Any]:
    """Return the members that were sent."""
    return body.model_dump(exclude_unset=True)


# Remove


async def remove(caller: Caller, schema: type[ReadSchema], id: UUID) -> Response:
    """Delete one record under `If-Match` and answer 204."""
    expected = caller.header("if-match")
    async with caller.transaction() as db:
        check_tag(expected, await render(db, schema, id))
        if await db.fetchrow(
            f'DELETE FROM "{schema.table.__tablename__}" WHERE id = $1 RETURNING id', id
        ) is None:
            raise Forbidden
    return Response(status_code=204)
