"""The only way to the database: as somebody, with a scope.

An endpoint declares `caller: Annotated[Caller, Requires(Scope.agencies_read)]`. There is no
session without a scope. The token travels with the first statement, and PostgreSQL itself looks
it up (`actor.enter`): authentication costs no round trip of its own.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
from fastapi import Request, Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.scopes import Scope
from app.access.tokens import SHAPE, hash_of
from app.database import Database
from app.errors import Unauthenticated

ENTER = "WITH caller AS MATERIALIZED (SELECT * FROM actor.enter($1, $2))"
"""Opens every statement that stands alone: sign-in and row context in the same round trip."""
ENTERED = "WITH caller AS MATERIALIZED (SELECT * FROM actor.current())"
"""Opens a statement within a transaction that somebody has entered."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who has entered a transaction."""

    id: UUID
    kind: str
    agency_id: UUID | None
    level: int
    grants: frozenset[str]
    token_id: UUID
    stepped_up_at: Any

    def can(self, capability: str) -> bool:
        """Tell whether the actor holds a scope or a capability."""
        return capability in self.grants


class ActorSession(AsyncSession):
    """One transaction of one actor. Only the caller's `transaction` commits it."""

    actor: Actor

    async def commit(self) -> None:
        """Flush: libraries beneath us like to commit, and must not."""
        await self.flush()

    async def fetchrow(self, sql: str, *args: object) -> asyncpg.Record | None:
        """Run one statement on the driver, in this transaction."""
        return await (await self.driver()).fetchrow(sql, *args)

    async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """Run one statement on the driver, in this transaction; return all rows."""
        return await (await self.driver()).fetch(sql, *args)

    async def driver(self) -> asyncpg.Connection:
        """Flush, and return asyncpg's own connection."""
        await self.flush()
        raw = await (await self.connection()).get_raw_connection()
        connection: asyncpg.Connection = raw.driver_connection  # type: ignore[assignment]
        return connection


@asynccontextmanager
async def entering(
    database: Database, function: str, parameters: dict[str, Any]
) -> AsyncIterator[ActorSession]:
    """Open a transaction that a function of schema `actor` signs in to.

    Commits when the block ends, rolls back when it raises.
    """
    async with ActorSession(database.engine, expire_on_commit=False) as db:
        found = (await db.execute(text(f"SELECT * FROM {function}"), parameters)).one()
        db.actor = Actor(
            found.id,
            found.kind,
            found.agency_id,
            found.level,
            frozenset(found.grants),
            found.token_id,
            found.stepped_up_at,
        )
        yield db
        await AsyncSession.commit(db)


@dataclass(slots=True)
class Caller:
    """Who calls an operation, by token and scope; not looked up until something is asked."""

    database: Database
    token_hash: bytes
    scope: str
    key: bytes
    """Key of cursors and of idempotency."""
    request: Request | None = field(default=None, repr=False)

    async def fetchrow(self, sql: str, *args: object) -> asyncpg.Record | None:
        """Run one reading statement that begins with `ENTER`; `$3` is the first argument."""
        row: asyncpg.Record | None = await self.database.reads.fetchrow(
            sql, self.token_hash, self.scope, *args
        )
        return row

    async def writerow(self, sql: str, *args: object) -> asyncpg.Record | None:
        """Run one writing statement that begins with `ENTER`; it commits by itself."""
        row: asyncpg.Record | None = await self.database.writes.fetchrow(
            sql, self.token_hash, self.scope, *args
        )
        return row

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[ActorSession]:
        """Enter a transaction; commit when the block ends, roll back when it raises."""
        mine = {"hash": self.token_hash, "scope": self.scope}
        async with entering(self.database, "actor.enter(:hash, :scope)", mine) as db:
            yield db

    def header(self, name: str) -> str | None:
        """Return a header of the request; null where a job runs without one."""
        return None if self.request is None else self.request.headers.get(name)


class Bearer(SecurityBase):
    """Takes the token of a request; says nothing of whether it is good."""

    def __init__(self, scope: Scope) -> None:
        self.model = HTTPBearer(bearerFormat="opaque")
        self.scheme_name = "bearer"
        self.scope = str(scope)

    async def __call__(self, request: Request) -> Caller:
        """Return the caller. Raises `Unauthenticated` where there is no token of our shape."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not SHAPE.fullmatch(token):
            raise Unauthenticated
        state = request.app.state
        token_hash = hash_of(token)
        if token[len("sga_")] == "p":
            state.last_seen.note(token_hash)
        return Caller(state.database, token_hash, self.scope, state.key, request)


def Requires(scope: Scope) -> Any:  # noqa: N802 - reads like FastAPI's own Depends
    """Declare the scope of an operation; gives its caller."""
    return Security(Bearer(scope), scopes=[str(scope)])
