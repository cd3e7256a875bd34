"""Bulk pushes for tests: rows, the call, and a connection that breaks."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from urllib.parse import urlsplit

import asyncpg
import httpx

from app.access.tokens import derived_key, hash_of, service_token
from app.database import Database
from app.jobs.imports import run_import
from tests.conftest import Json, Server, SignedIn
from tests.stage import StagedAudit

NDJSON = {"Content-Type": "application/x-ndjson"}


def lines(rows: Iterable[Json | bytes]) -> bytes:
    """Write rows as NDJSON; bytes stand as they are."""
    return b"".join(
        (row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows
    )


def answer_row(audit: StagedAudit, question: str = "1.1", **members: object) -> Json:
    """Make up a row of `kind=answers`."""
    return {"audit": str(audit.id), "question": question, "grade": "met"} | members


async def push_rows(
    caller: SignedIn,
    kind: str,
    body: bytes | AsyncIterator[bytes],
    headers: dict[str, str] | None = None,
    **options: object,
) -> httpx.Response:
    """Push rows of a kind."""
    params = {"kind": kind} | {name: str(value) for name, value in options.items()}
    return await caller.post(
        "/imports", params=params, content=body, headers=NDJSON | (headers or {})
    )


async def break_off(server: Server, caller: SignedIn, query: str, key: str, body: bytes) -> None:
    """Send the beginning of a push under a key, then cut the connection."""
    parts = urlsplit(server.url)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = (
        f"POST /v1/imports?{query} HTTP/1.1\r\nHost: test\r\n"
        f"Authorization: {caller.headers['authorization']}\r\n"
        f"Idempotency-Key: {key}\r\nContent-Type: application/x-ndjson\r\n"
        f"Content-Length: {len(body) + 10_000}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    await asyncio.sleep(0.2)
    writer.close()
    await writer.wait_closed()


async def until_done(owner: asyncpg.Connection, caller: SignedIn, rows: int) -> Json:
    """Wait until so many rows of the caller's newest import are committed; return its columns."""
    for _ in range(100):
        row = await owner.fetchrow(
            "SELECT * FROM imports WHERE principal_id = $1 ORDER BY id DESC LIMIT 1",
            caller.principal_id,
        )
        if row is not None and row["rows_done"] >= rows:
            return dict(row)
        await asyncio.sleep(0.05)
    raise AssertionError(row)


async def run_job(server: Server, job: Json) -> None:
    """Carry a job out, as the worker does."""
    installation = server.installation
    database = await Database.connect(installation.app_url, 2)
    try:
        await run_import(
            database,
            hash_of(service_token(installation.secret_key, "worker")),
            job["id"],
            server.settings.data_dir,
            derived_key(installation.secret_key, "cursors"),
        )
    finally:
        await database.close()
