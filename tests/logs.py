"""The access log behind the API: written as somebody, sealed as the worker, reset between tests."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.access.caller import Caller
from app.access.scopes import Capability
from app.access.tokens import hash_of, service_token
from app.installation import Installation
from app.jobs.sealing import seal
from tests.conftest import SignedIn
from tests.stage import Within

TABLES = ("access_log", "access_log_leaves", "access_log_heads")
LOG = """
SELECT actor.log($1, $2, $3, $4, $5, $6, $7, $8) FROM generate_series(1, $9)
"""


async def enter(connection: asyncpg.Connection, caller: SignedIn) -> None:
    """Sign in within a transaction of a connection."""
    token = caller.headers["authorization"].removeprefix("Bearer ")
    await connection.fetch("SELECT actor.enter($1, 'me')", hash_of(token))


async def log_as(
    connection: asyncpg.Connection, caller: SignedIn, count: int = 1, **parts: Any
) -> list[UUID]:
    """Write entries in one transaction, as an operation does whose caller this is."""
    async with connection.transaction():
        await enter(connection, caller)
        rows = await connection.fetch(
            LOG,
            parts.get("act", "identity_read"),
            parts.get("operation", "read_person_identity"),
            *(parts.get(name) for name in ("case_id", "record_id", "grant_id")),
            parts.get("person_ids"),
            parts.get("members"),
            parts.get("found"),
            count,
        )
    return [row["log"] for row in rows]


async def unsealed(owner: asyncpg.Connection) -> int:
    """Count entries that wait for their seal."""
    count: int = await owner.fetchval(
        "SELECT count(*) FROM access_log WHERE seq NOT IN (SELECT seq FROM access_log_leaves)"
    )
    return count


async def seal_all(sealer: Caller, owner: asyncpg.Connection) -> None:
    """Seal until nothing waits: others on the same server may hold transactions open."""
    for _ in range(400):
        await seal(sealer)
        if not await unsealed(owner):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("Something was not sealed.")


@asynccontextmanager
async def tampering(owner: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """Have the triggers out of the way, as the owner of the tables can."""
    await _switch(owner, "DISABLE")
    try:
        yield owner
    finally:
        await _switch(owner, "ENABLE ALWAYS")


async def _switch(owner: asyncpg.Connection, word: str) -> None:
    for table in TABLES:
        await owner.execute(f"ALTER TABLE {table} {word} TRIGGER append_only")


async def empty(owner: asyncpg.Connection) -> None:
    """Begin a new log."""
    async with tampering(owner):
        await owner.execute(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY")


@pytest.fixture
def sealer(within: Within, installation: Installation) -> Caller:
    """The worker, as it seals."""
    return within(service_token(installation.secret_key, "worker"), Capability.run_jobs)


@pytest.fixture
async def log(owner: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """An empty access log, seen by its owner; empty again afterwards."""
    await empty(owner)
    yield owner
    await empty(owner)


@pytest.fixture
async def connections(installation: Installation) -> AsyncIterator[list[asyncpg.Connection]]:
    """Eight more connections of the owner, for transactions side by side."""
    assert installation.owner_url is not None
    opened = [await asyncpg.connect(installation.owner_url) for _ in range(8)]
    yield opened
    for each in opened:
        await each.close()


async def seqs_of(owner: asyncpg.Connection, ids: Iterable[UUID]) -> list[int]:
    """Return the numbers of entries, lowest first."""
    rows = await owner.fetch(
        "SELECT seq FROM access_log WHERE id = ANY ($1) ORDER BY seq", list(ids)
    )
    return [row["seq"] for row in rows]
