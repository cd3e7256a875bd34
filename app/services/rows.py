"""Rows within a transaction: insert and update by the columns of a model."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql

from app.access.caller import ActorSession
from app.errors import Forbidden
from app.models.base import Base

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def cast(column: Any) -> str:
    """Name the type of a parameter where PostgreSQL could not tell it from a SELECT."""
    kind: str = column.type.compile(DIALECT)
    return f"::{kind}"


def bind(value: object) -> object:
    """Write a value as asyncpg takes it: `dict` as JSON text, everything else as it is."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


async def insert(db: ActorSession, table: type[Base], values: Mapping[str, object]) -> UUID:
    """Write a row within a transaction and return its identifier."""
    columns = table.__table__.columns
    names = ", ".join(f'"{name}"' for name in values)
    places = ", ".join(f"${n}{cast(columns[name])}" for n, name in enumerate(values, start=1))
    given = f"({names}) VALUES ({places})" if values else "DEFAULT VALUES"
    sql = f'INSERT INTO "{table.__tablename__}" {given} RETURNING id'
    row = await db.fetchrow(sql, *(bind(value) for value in values.values()))
    assert row is not None  # noqa: S101 - RETURNING returns or the statement raises
    made: UUID = row["id"]
    return made


async def update(
    db: ActorSession, table: type[Base], id: UUID, values: Mapping[str, object]
) -> None:
    """Write columns of one record. Raises `Forbidden` if the policies let nothing through."""
    if not values:
        return
    columns = table.__table__.columns
    sets = ", ".join(
        f'"{name}" = ${n}{cast(columns[name])}' for n, name in enumerate(values, start=2)
    )
    sql = f'UPDATE "{table.__tablename__}" SET {sets} WHERE id = $1 RETURNING id'
    if await db.fetchrow(sql, id, *(bind(value) for value in values.values())) is None:
        raise Forbidden
