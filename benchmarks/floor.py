"""The floor: the least that answers the same, written by hand on Starlette and asyncpg.

No sign-in, no policies, no redaction, no validation; every statement prepared beforehand and its
JSON made by PostgreSQL. What is faster than this does not do the work. It asks on an
administrator's connection, and writes to copies of the tables without policies and triggers.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from hashlib import sha256

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.moves import AGENCY_SYSTEM, BUSINESS_OFFICE, as_sql, moves

ACTOR_ID = "00000000-0000-7000-8000-000000000000"
"""Stands for whoever creates, since nobody signs in."""

CREATE = """
WITH once AS (
    INSERT INTO idempotency_keys (actor_id, operation, key, body_mac, record_id)
    VALUES ($1, 'POST /v1/agency-leads', $2, $3, uuidv7()) ON CONFLICT DO NOTHING
    RETURNING record_id
), made AS (
    INSERT INTO agency_leads (id, agency_id, function, name, post, email, valid_from)
    SELECT record_id, $4, $5, $6, $7, $8, $9 FROM once RETURNING *
), trail AS (
    INSERT INTO events (actor_id, action, subject, record_id, agency_id)
    SELECT $1, 'created', 'agency_leads', id, agency_id FROM made
)
SELECT row_to_json(made)::text FROM made
"""

RESPONSE = (
    "SELECT id, created_at, updated_at, audit_id, agency_id, duty_basis, status, revision,"
    " times_returned, submitted_at, submitted_on, is_late, completed_by, signed_off_by, answered,"
    " unanswered, reason, external_ref, previous_response_id, {} AS allowed_transitions,"
    " '[]'::json AS redactions FROM audit_responses t"
)
TO_BUSINESS_OFFICE = RESPONSE.format(as_sql(moves(BUSINESS_OFFICE, is_own=False)))
TO_AGENCY = RESPONSE.format(as_sql(moves(AGENCY_SYSTEM, is_own=True)))
PAGE = (
    "SELECT json_build_object('items', coalesce(json_agg(r), '[]'),"
    " 'next_cursor', (array_agg(r.id))[50])::text FROM ({} ORDER BY t.id DESC LIMIT 50) r"
)

STATEMENTS = {
    "create": CREATE,
    "read": f"SELECT row_to_json(r)::text FROM ({TO_BUSINESS_OFFICE} WHERE t.id = $1) r",
    "list": PAGE.format(TO_BUSINESS_OFFICE),
    "list of agency": PAGE.format(f"{TO_AGENCY} WHERE t.agency_id = $1"),
}


class Connections:
    """Connections with everything prepared. The one used last is used next: it is warm."""

    def __init__(self) -> None:
        self._free: asyncio.LifoQueue[
            tuple[asyncpg.Connection, dict[str, asyncpg.prepared_stmt.PreparedStatement]]
        ] = asyncio.LifoQueue()

    @classmethod
    async def open(cls, url: str, size: int) -> "Connections":
        """Open so many connections and prepare every statement on each."""
        made = cls()
        for _ in range(size):
            connection = await asyncpg.connect(
                url, server_settings={"search_path": "floor, public", "timezone": "UTC"}
            )
            prepared = {name: await connection.prepare(sql) for name, sql in STATEMENTS.items()}
            made._free.put_nowait((connection, prepared))
        return made

    async def value(self, name: str, *args: object) -> str | None:
        """Run a statement and return its only value."""
        taken = await self._free.get()
        try:
            found: str | None = await taken[1][name].fetchval(*args)
            return found
        finally:
            self._free.put_nowait(taken)

    async def close(self) -> None:
        """Close every connection."""
        while not self._free.empty():
            self._free.get_nowait()[0].terminate()


def build(url: str, size: int) -> Starlette:
    """Build the application, with so many connections to the database at an address."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.connections = await Connections.open(url, size)
        yield
        await app.state.connections.close()

    routes = [
        Route("/v1/audit-responses", list_responses),
        Route("/v1/audit-responses/{id}", read_response),
        Route("/v1/agency-leads", create, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def list_responses(request: Request) -> Response:
    """List the newest responses: as the Business Office, or as the agency of the query."""
    connections: Connections = request.app.state.connections
    agency_id = request.query_params.get("agency_id")
    if agency_id is None:
        return _answer(await connections.value("list"))
    return _answer(await connections.value("list of agency", agency_id))


async def read_response(request: Request) -> Response:
    """Read one response as the Business Office."""
    connections: Connections = request.app.state.connections
    return _answer(await connections.value("read", request.path_params["id"]))


async def create(request: Request) -> Response:
    """Name a lead, once for each key."""
    content = await request.body()
    lead = json.loads(content)
    connections: Connections = request.app.state.connections
    body = await connections.value(
        "create",
        ACTOR_ID,
        request.headers["idempotency-key"],
        sha256(content).digest(),
        lead["agency_id"],
        lead["function"],
        lead["name"],
        lead["post"],
        lead["email"],
        date.fromisoformat(lead["valid_from"]),
    )
    return _answer(body, 201)


def _answer(body: str | None, status: int = 200) -> Response:
    if body is None:
        return Response(status_code=404)
    return Response(body, status, media_type="application/json")
