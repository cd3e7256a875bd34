"""The bulk push: many answers of one agency, against PostgreSQL's own COPY of the same values.

Ours is timed from the first byte to the job's success: taken in, kept, queued, checked row by
row, merged in chunks and reported. The floor copies what is ready into a table with the same
indexes and references. The ORM version takes a fifth of the rows, in one request.
"""

import asyncio
import json
import time
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import asyncpg

from app.serving import work
from benchmarks import loading
from benchmarks.measuring import AGAIN, Comparison
from benchmarks.processes import process
from benchmarks.servers import Version, orm_version, ours
from benchmarks.stage import SignedIn, Stage, sign_in

PATH = "/v1/imports?kind=answers"
COLUMNS = ("response_id", "audit_id", "agency_id", "question_id", "grade", "narrative")
GOAL, ORM_GOAL = 0.25, 10
ORM_SHARE = 5
PATIENCE_S = 120
POLL_S = 0.02

ROWS = f"""
SELECT r.id AS response_id, r.audit_id, r.agency_id, q.id AS question_id,
    (q.position % 4 + 1)::text AS grade, a.reference AS audit, q.code AS question,
    'Seen in the files of the year, and talked over with the staff: ' || q.position AS narrative
FROM audit_responses r JOIN audits a ON a.id = r.audit_id
JOIN questions q ON q.instrument_id = a.instrument_id
WHERE r.agency_id = $1 AND a.reference LIKE '{loading.PUSHED}-%' ORDER BY a.reference, q.position
"""
DIFFERENCES = f"""
WITH pushed AS (SELECT {", ".join(COLUMNS)} FROM public.answers WHERE agency_id = $1),
    copied AS (SELECT {", ".join(COLUMNS)} FROM floor.answers WHERE agency_id = $1)
SELECT count(*) FROM ((TABLE pushed EXCEPT TABLE copied) UNION ALL
    (TABLE copied EXCEPT TABLE pushed)) AS different
"""


@dataclass(frozen=True, slots=True)
class Return:
    """What one agency has to push."""

    caller: SignedIn
    rows: list[asyncpg.Record]

    def bodies(self, share: int = 1) -> list[dict[str, Any]]:
        """Return the rows as callers write them, or the first part of them."""
        members = "audit", "question", "grade", "narrative"
        return [
            {name: row[name] for name in members} for row in self.rows[: len(self.rows) // share]
        ]


def measure_bulk(stage: Stage, values: int, rounds: int) -> Comparison:
    """Push so many answers in each round, each time as another agency.

    Raises `RuntimeError` if a row was refused, or if ours and the floor hold different values.
    """
    found = Comparison("bulk", GOAL, ORM_GOAL, "values/s")
    first, *returns = asyncio.run(_prepare(stage, values, 1 + 2 * rounds))
    with ExitStack() as stack:
        version = stack.enter_context(ours(stage))
        other = stack.enter_context(orm_version(stage))
        stack.enter_context(process(work, stage.settings, stage.installation))
        _push(version, first)  # until the worker has come up
        for each, spare in zip(returns[::2], returns[1::2], strict=True):
            rates = {
                "ours": _push(version, each),
                "floor": asyncio.run(_copy(stage, each)),
                "orm": _push_to_orm(other, each),
                AGAIN: asyncio.run(_copy(stage, spare)),
            }
            asyncio.run(_check(stage, each))
            for name, rate in rates.items():
                found.rates.setdefault(name, []).append(rate)
    return found


async def _prepare(stage: Stage, values: int, agencies: int) -> list[Return]:
    admin = await asyncpg.connect(stage.admin_url)
    try:
        ids = await loading.load_push(admin, values, agencies)
        for schema in ("floor", "orm"):
            await loading.copy_tables(admin, schema)
        return [
            Return(await sign_in(admin, agency_id), await admin.fetch(ROWS, agency_id))
            for agency_id in ids
        ]
    finally:
        await admin.close()


def _push(version: Version, each: Return) -> float:
    """Push all rows and wait for the job; return values per second."""
    body = b"".join(json.dumps(row).encode() + b"\n" for row in each.bodies())
    started = time.perf_counter()
    job = _call(version, each.caller, "POST", PATH, body, "application/x-ndjson")
    while job["status"] in {"queued", "running"}:
        if time.perf_counter() - started > PATIENCE_S:
            raise RuntimeError("The import does not come to its end.")
        time.sleep(POLL_S)
        job = _call(version, each.caller, "GET", f"/v1/imports/{job['id']}")
    took = time.perf_counter() - started
    if job["rows_accepted"] != len(each.rows):
        raise RuntimeError(f"The import took {job['rows_accepted']} of {len(each.rows)} rows.")
    return len(each.rows) / took


def _push_to_orm(version: Version, each: Return) -> float:
    rows = each.bodies(ORM_SHARE)
    body = json.dumps(rows).encode()
    started = time.perf_counter()
    report = _call(version, each.caller, "POST", PATH, body, "application/json")
    took = time.perf_counter() - started
    if report["rows_accepted"] != len(rows):
        raise RuntimeError("The ORM version refused rows.")
    return len(rows) / took


async def _copy(stage: Stage, each: Return) -> float:
    """Copy the same values into the floor's table; return values per second."""
    records = [tuple(row[name] for name in COLUMNS) for row in each.rows]
    admin = await asyncpg.connect(stage.admin_url)
    try:
        started = time.perf_counter()
        await admin.copy_records_to_table(
            "answers", schema_name="floor", columns=COLUMNS, records=records
        )
        return len(records) / (time.perf_counter() - started)
    finally:
        await admin.close()


async def _check(stage: Stage, each: Return) -> None:
    admin = await asyncpg.connect(stage.admin_url)
    try:
        if await admin.fetchval(DIFFERENCES, each.caller.agency_id):
            raise RuntimeError("The import wrote other values than were sent.")
    finally:
        await admin.close()


def _call(
    version: Version,
    caller: SignedIn,
    method: str,
    path: str,
    body: bytes | None = None,
    media_type: str = "",
) -> Any:
    connection = HTTPConnection("127.0.0.1", version.port, timeout=PATIENCE_S)
    headers = {"Authorization": f"Bearer {caller.token}"}
    if body is not None:
        headers |= {"Content-Type": media_type}
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.status not in {200, 202}:
        raise RuntimeError(f"{version.name} answers {response.status} to {method} {path}.")
    return json.loads(content)
