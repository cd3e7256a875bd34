"""The way to PostgreSQL: two pools beneath, sessions above, migrations beside."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

ROOT = Path(__file__).parent.parent

READY_WITHIN_S = 3.0
READY = """
SELECT (SELECT version_num FROM migration.alembic_version) AS revision,
    (SELECT NOT (rolsuper OR rolbypassrls) FROM pg_roles WHERE rolname = current_user) AS is_bound
"""


async def _keep(_: object) -> None:
    """Leave a returned connection as it is: a context ends with its transaction."""


@dataclass(slots=True)
class Database:
    """What a process holds of a database: connections as the unprivileged role.

    `reads` is read-only by default and runs one statement at a time. `writes` does the same for
    creates of one statement. `engine` is for transactions of several statements.
    """

    reads: asyncpg.Pool
    writes: asyncpg.Pool
    engine: AsyncEngine

    @classmethod
    async def connect(cls, url: str, size: int) -> "Database":
        """Open the pools. Raises what asyncpg raises where there is no server."""
        settings = {"timezone": "UTC", "application_name": "safeguarding-api"}
        read_only = settings | {"default_transaction_read_only": "on"}
        return cls(
            reads=await _pool(url, size, read_only),
            writes=await _pool(url, size, settings),
            engine=create_async_engine(
                sqlalchemy_url(url),
                pool_size=size,
                max_overflow=0,
                pool_pre_ping=True,
                hide_parameters=True,
                connect_args={"server_settings": settings},
            ),
        )

    async def is_ready(self) -> bool:
        """Tell whether the tables are of this version and their policies bind us.

        Raises what asyncpg raises, and TimeoutError where no connection comes free.
        """
        async with asyncio.timeout(READY_WITHIN_S):
            row = await self.reads.fetchrow(READY)
        return row is not None and row["revision"] == newest_revision() and row["is_bound"]

    async def close(self) -> None:
        """Close every connection, without waiting for what hangs."""
        self.reads.terminate()
        self.writes.terminate()
        await self.engine.dispose()


async def _pool(url: str, size: int, settings: dict[str, str]) -> asyncpg.Pool:
    return await asyncpg.create_pool(
        url, min_size=1, max_size=size, reset=_keep, server_settings=settings, command_timeout=30
    )


def sqlalchemy_url(url: str) -> str:
    """Name the driver in an address."""
    return "postgresql+asyncpg://" + url.partition("://")[2]


def migrate(connection: Connection, revision: str = "head") -> None:
    """Bring the tables to a revision. The connection is the owner's."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["connection"] = connection
    if revision == "base":
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)


async def migrate_to(owner_url: str, revision: str = "head") -> None:
    """Bring the database at an address to a revision, which every process may then look up."""
    engine = create_async_engine(sqlalchemy_url(owner_url), hide_parameters=True)
    try:
        async with engine.begin() as connection:
            await connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS migration")
            await connection.run_sync(migrate, revision)
            for right in ("USAGE ON SCHEMA migration", "SELECT ON migration.alembic_version"):
                await connection.exec_driver_sql(f"GRANT {right} TO safeguarding_app")
    finally:
        await engine.dispose()


@cache
def newest_revision() -> str:
    """Return the revision that this version of the product works with."""
    revision = ScriptDirectory(str(ROOT / "migrations")).get_current_head()
    if revision is None:
        raise RuntimeError("There are no migrations.")
    return revision


async def fetch(url: str, sql: str, *args: object) -> list[asyncpg.Record]:
    """Run one statement on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(sql, *args)
    finally:
        await connection.close()


async def sync_reference(
    owner_url: str, statements: Sequence[tuple[str, Sequence[Sequence[object]]]]
) -> None:
    """Write the reference data of this version, as the owner, in one transaction."""
    connection = await asyncpg.connect(owner_url)
    try:
        async with connection.transaction():
            for sql, rows in statements:
                await connection.executemany(sql, rows)
    finally:
        await connection.close()


def to_json(value: Any) -> str:
    """Write a value for a `jsonb` parameter."""
    return json.dumps(value, default=str, ensure_ascii=False)


def run_sync(coroutine: Any) -> Any:
    """Run a coroutine from a command."""
    return asyncio.run(coroutine)
