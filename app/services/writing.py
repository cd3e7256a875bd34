"""Writing verbs: create, change, remove."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ENTER, ActorSession, Caller
from app.errors import Conflict, Forbidden, NotFound, RedactedMemberWrite
from app.privacy.projection import statement
from app.schemas.base import ReadSchema, UpdateSchema
from app.services.answering import answer, check_tag
from app.services.idempotency import Once
from app.services.reading import render
from app.services.rows import bind, cast, update


@cache
def _create_sql(schema: type[ReadSchema], columns: tuple[str, ...], *, once: bool) -> str:
    """Sign in, take the idempotency key, insert and render: one statement, all or nothing."""
    table = schema.table.__table__
    first = 6 if once else 3
    places = [f"${n}{cast(table.columns[c])}" for n, c in enumerate(columns, first)]
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
        f"{ENTER}, once AS ({once_sql}), made AS ("
        f"INSERT INTO {schema.table.__tablename__} ({names})"
        f" SELECT {', '.join(('once.record_id', *places))} FROM once RETURNING *)"
        " SELECT made.id, body.json FROM caller LEFT JOIN made ON true LEFT JOIN LATERAL"
        f" (SELECT row_to_json(r)::text AS json FROM ({made}) r) body ON made.id IS NOT NULL"
    )


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


@asynccontextmanager
async def changing(
    caller: Caller, schema: type[ReadSchema], id: UUID, body: UpdateSchema | None = None
) -> AsyncIterator["Change"]:
    """Change a record under `If-Match`: the caller's tag must be that of what it sees now.

    Locks the record, yields, renders it anew; `change.response` after the block.
    Raises `NotFound`, `Forbidden` for what may be seen but not changed, `PreconditionRequired`
    and `PreconditionFailed`, and `RedactedMemberWrite` if `body` names a withheld member.
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
        if body is not None:
            _refuse_withheld(change.before, body)
        yield change
        after = await render(db, schema, id)
    change.response = answer(after)


@dataclass(slots=True)
class Change:
    """A record being changed: its transaction, and what the caller saw of it before."""

    db: ActorSession
    before: dict[str, Any]
    response: Response = field(default_factory=Response)


async def change(
    caller: Caller, schema: type[ReadSchema], id: UUID, body: UpdateSchema
) -> Response:
    """Apply a merge patch to the columns of one record and answer with it."""
    async with changing(caller, schema, id, body) as changed:
        await update(changed.db, schema.table, id, patch(body))
    return changed.response


def _refuse_withheld(before: dict[str, Any], body: UpdateSchema) -> None:
    """Refuse to write what the caller may not read: null included, filled or not."""
    withheld = {each["pointer"] for each in before.get("redactions", [])}
    named = sorted(withheld & {f"/{name}" for name in body.model_fields_set})
    if named:
        raise RedactedMemberWrite.at(named[0])


def patch(body: UpdateSchema) -> dict[str, Any]:
    """Return the members that were sent."""
    return body.model_dump(exclude_unset=True)


async def remove(caller: Caller, schema: type[ReadSchema], id: UUID) -> Response:
    """Delete one record under `If-Match` and answer 204."""
    expected = caller.header("if-match")
    async with caller.transaction() as db:
        check_tag(expected, await render(db, schema, id))
        if (
            await db.fetchrow(
                f'DELETE FROM "{schema.table.__tablename__}" WHERE id = $1 RETURNING id', id
            )
            is None
        ):
            raise Forbidden
    return Response(status_code=204)
