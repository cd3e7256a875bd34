"""The access log read one by one with its proof, and in bulk by who collects logs."""

import asyncpg
from fastapi import Response

from app.access.caller import ENTER, ENTERED, Caller
from app.errors import NotFound
from app.privacy.merkle import path_of
from app.privacy.projection import projection, statement
from app.schemas.access_log import AccessLogEntryRead, AccessLogExportQuery, InclusionProof
from app.services.answering import answer, etag

NDJSON = "application/x-ndjson"
PROVEN = f"""
{ENTER} SELECT body.json, body.place, sealed.* FROM caller
CROSS JOIN LATERAL (
    SELECT row_to_json(r)::text AS json, r.place FROM (
        {statement(AccessLogEntryRead)} WHERE caller.id IS NOT NULL AND t.id = $3) r) body
LEFT JOIN LATERAL (
    SELECT h.number, h.size, h.total, h.root, h.head, ARRAY(
        SELECT l.leaf FROM access_log_leaves l
        WHERE l.place > h.total - h.size AND l.place <= h.total ORDER BY l.place) AS leaves
    FROM access_log_heads h WHERE h.total >= body.place ORDER BY h.total LIMIT 1) sealed ON true
"""
LINES = f"""
{ENTERED} SELECT body.* FROM caller CROSS JOIN LATERAL (
    SELECT row_to_json((SELECT r FROM (SELECT {projection(AccessLogEntryRead)}) r))::text AS line,
        t.act = 'log_export' AND t.actor_id = caller.id AS is_own_export
    FROM access_log_leaves l JOIN access_log t ON t.seq = l.seq
    WHERE caller.id IS NOT NULL AND l.place > $1 ORDER BY l.place LIMIT $2) body
"""
NOTE = "SELECT actor.note('log_export', 'export_access_log', NULL, NULL, NULL, NULL)"


async def show_proven(caller: Caller, id: object) -> Response:
    """Answer with one entry and the proof that it is sealed; 304 if the caller has it already."""
    row = await caller.fetchrow(PROVEN, id)
    if row is None:
        raise NotFound
    proof = _proof(row).model_dump_json() if _is_sealed(row) else "null"
    body = f'{row["json"][:-1]},"proof":{proof}}}'.encode()
    if (known := caller.header("if-none-match")) and etag(body) in known:
        return Response(status_code=304, headers={"ETag": etag(body)})
    return answer(body)


def _is_sealed(row: asyncpg.Record) -> bool:
    """Tell whether all leaves of the entry's batch are there."""
    return row["number"] is not None and len(row["leaves"]) == row["size"]


def _proof(row: asyncpg.Record) -> InclusionProof:
    position = row["place"] - (row["total"] - row["size"]) - 1
    return InclusionProof(
        batch=row["number"],
        leaf=row["leaves"][position].hex(),
        position=position,
        size=row["size"],
        path=[node.hex() for node in path_of(row["leaves"], position)],
        root=row["root"].hex(),
        head=row["head"].hex(),
    )


async def export(caller: Caller, query: AccessLogExportQuery) -> Response:
    """Answer with sealed entries in the order of their places, one a line; logged as an act.

    An answer that holds nothing but the caller's own exports is not logged, or a collector that
    looks every minute would find its own last look for ever.
    """
    async with caller.transaction() as db:
        rows = await db.fetch(LINES, query.after_place, query.limit)
        if not all(row["is_own_export"] for row in rows):
            await db.fetchrow(NOTE)
    body = "".join(row["line"] + "\n" for row in rows)
    return Response(body.encode(), media_type=NDJSON)
