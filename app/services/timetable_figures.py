"""Who delivers on time, and what one agency owes, each in one statement (Framework section 23)."""

from datetime import date, timedelta
from uuid import UUID

from fastapi import Response

from app.access.caller import ENTER, Caller
from app.errors import Invalid, NotFound
from app.privacy.projection import projection
from app.schemas.obligations import IS_OPEN, ObligationRead
from app.services.answering import JSON

FIGURES = """sum(met + met_late + open_late)::bigint AS due, sum(met)::bigint AS met,
    sum(met_late)::bigint AS met_late, sum(open_late)::bigint AS open_late,
    sum(waived)::bigint AS waived,
    round(100.0 * sum(met) / nullif(sum(met + met_late + open_late), 0), 1) AS percent"""
RATES = f"""{ENTER}, rates AS MATERIALIZED (
    SELECT r.*, coalesce(a.name, b.name) AS name
    FROM caller CROSS JOIN LATERAL actor.on_time_rates($3, $4) r
    LEFT JOIN agencies a ON a.id = r.agency_id LEFT JOIN bodies b ON b.id = r.body_id
    WHERE caller.id IS NOT NULL
), owners AS (
    SELECT agency_id, body_id, coalesce(name, 'Unknown') AS name, {FIGURES}
    FROM rates GROUP BY agency_id, body_id, name
)
SELECT json_build_object(
    'all', (SELECT row_to_json(f) FROM (
        SELECT coalesce(due, 0) AS due, coalesce(met, 0) AS met, coalesce(met_late, 0) AS met_late,
            coalesce(open_late, 0) AS open_late, coalesce(waived, 0) AS waived, percent
        FROM (SELECT {FIGURES} FROM rates) f) f),
    'owners', coalesce((SELECT json_agg(o ORDER BY o.name, o.agency_id) FROM owners o), '[]')
)::text AS json"""
ROWS = (
    f"SELECT row_to_json((SELECT r FROM (SELECT {projection(ObligationRead)}) r)) AS item, t.*"
    " FROM obligations t"
)
TODAY = "(now() AT TIME ZONE 'Europe/London')::date"
OWED = f"""{ENTER}, rows AS MATERIALIZED (
    SELECT o.* FROM caller CROSS JOIN LATERAL (
        {ROWS} WHERE t.agency_id = $3 AND caller.id IS NOT NULL
            AND ({IS_OPEN} OR t.met_on > {TODAY} - 366)
        ORDER BY t.due_on, t.id LIMIT 1000) o
)
SELECT (SELECT count(*) FROM caller, agencies a WHERE a.id = $3 AND caller.id IS NOT NULL) AS n,
    json_build_object(
    'owes', coalesce((SELECT json_agg(t.item ORDER BY t.due_on, t.id) FROM rows t
        WHERE {IS_OPEN} AND t.locks_on >= {TODAY}), '[]'),
    'late', coalesce((SELECT json_agg(t.item ORDER BY t.due_on, t.id) FROM rows t
        WHERE {IS_OPEN} AND t.locks_on < {TODAY}), '[]'),
    'delivered', coalesce((SELECT json_agg(t.item ORDER BY t.met_on DESC, t.id) FROM rows t
        WHERE t.met_on IS NOT NULL), '[]')
)::text AS json"""

LONGEST_DAYS = 400
"""Of a period of the timetable."""
DAYS = f"""{ENTER}, entries AS MATERIALIZED (
    SELECT d.day, t.title, t.id, json_build_object('obligation_id', t.id, 'title', t.title,
        'kind', t.kind, 'agency_id', t.agency_id, 'body_id', t.body_id, 'status', t.status,
        'opens', t.opens_on = d.day, 'is_due', t.due_on = d.day, 'locks', t.locks_on = d.day) AS e
    FROM caller CROSS JOIN obligations t
    CROSS JOIN LATERAL (SELECT DISTINCT day
        FROM unnest(ARRAY[t.opens_on, t.due_on, t.locks_on]) AS day
        WHERE day >= $3 AND day < $4) d
    WHERE caller.id IS NOT NULL AND ($5::uuid IS NULL OR t.agency_id = $5)
        AND ($6::uuid IS NULL OR t.body_id = $6) AND t.status <> 'cancelled'
        AND t.opens_on < $4 AND t.locks_on >= $3
    ORDER BY d.day, t.title, t.id LIMIT 5000
)
SELECT json_build_object('days', coalesce((SELECT json_agg(d ORDER BY d.day) FROM (
    SELECT day, json_agg(e ORDER BY title, id) AS entries FROM entries GROUP BY day) d
), '[]'))::text AS json"""


async def show_timetable(
    caller: Caller, first: date, before: date, agency_id: UUID | None, body_id: UUID | None
) -> Response:
    """Answer with what opens, is due or locks, day by day. Raises `Invalid` for a wrong period."""
    if not first < before <= first + timedelta(days=LONGEST_DAYS):
        raise Invalid.at("to", "query")
    row = await caller.fetchrow(DAYS, first, before, agency_id, body_id)
    if row is None:
        raise NotFound
    return Response(row["json"], 200, media_type=JSON)


async def show_rates(caller: Caller, first: date, before: date) -> Response:
    """Answer with who delivered on time what was due in a period, its last day excluded."""
    row = await caller.fetchrow(RATES, first, before)
    if row is None:
        raise NotFound
    return Response(row["json"], 200, media_type=JSON)


async def show_duties(caller: Caller, agency_id: UUID) -> Response:
    """Answer with all an agency owes, is late with and has delivered. Raises `NotFound`."""
    row = await caller.fetchrow(OWED, agency_id)
    if row is None or not row["n"]:
        raise NotFound
    return Response(row["json"], 200, media_type=JSON)
