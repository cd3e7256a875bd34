"""Triangulation: what data, people and the business each say of one standard, theme or priority.

Framework section 9 and figure 3. Counts confirmed findings that the caller may read, and no other:
the same view may show less to somebody else.
"""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from fastapi import Response

from app.access.caller import ENTER, Caller
from app.models.findings import SourceArea
from app.reference.source_kinds import area_sql
from app.reference.working_days import add_months
from app.schemas.triangulation import (
    Agreement,
    SourceAreaRead,
    TriangulatedBy,
    TriangulationFilters,
    TriangulationList,
    TriangulationRead,
)
from app.services.answering import JSON
from app.services.campaigns import board_day

STALE_AFTER_MONTHS = 24
ITEMS = {
    TriangulatedBy.standard: (
        "SELECT DISTINCT f.standard AS code, f.standard AS title FROM findings f"
        " WHERE f.standard IS NOT NULL UNION SELECT $3::text, $3::text WHERE $3::text IS NOT NULL"
    ),
    TriangulatedBy.priority: ("SELECT p.code, p.title FROM priorities p WHERE p.status = 'active'"),
    TriangulatedBy.theme: "SELECT t.id::text AS code, t.title FROM themes t",
}
FOUND = {
    TriangulatedBy.standard: "SELECT f.standard AS code, f.* FROM findings f",
    TriangulatedBy.priority: (
        "SELECT p.code, f.* FROM findings f JOIN priorities p ON p.id = f.priority_id"
    ),
    TriangulatedBy.theme: (
        "SELECT l.theme_id::text AS code, f.* FROM theme_findings l"
        " JOIN findings f ON f.id = l.finding_id"
    ),
}
"""Findings by code; of a priority those under its earlier wordings too."""


def _sql(by: TriangulatedBy) -> str:
    return (
        f"{ENTER} SELECT body.json FROM caller LEFT JOIN LATERAL (WITH said AS ("
        f"SELECT f.code, {area_sql('f.source_kind')} AS area,"
        " count(*) FILTER (WHERE f.kind IN ('strength', 'good_practice')) AS positive,"
        " count(*) FILTER (WHERE f.kind NOT IN ('strength', 'good_practice')) AS negative,"
        " max(coalesce(f.confirmed_on, (f.created_at AT TIME ZONE 'Europe/London')::date))"
        " AS newest_on, array_agg(DISTINCT f.source_kind ORDER BY f.source_kind) AS source_kinds"
        f" FROM ({FOUND[by]}) f WHERE caller.id IS NOT NULL"
        " AND f.status IN ('confirmed', 'resolved', 'shared', 'linked', 'closed')"
        " GROUP BY 1, 2) SELECT json_agg(json_build_object('code', i.code, 'title', i.title,"
        " 'areas', (SELECT coalesce(json_agg(s), '[]'::json) FROM said s WHERE s.code = i.code))"
        f" ORDER BY i.code)::text AS json FROM (SELECT * FROM ({ITEMS[by]}) every"
        " WHERE caller.id IS NOT NULL AND ($3::text IS NULL OR every.code = $3)"
        " ORDER BY code LIMIT 1000) i) body ON true"
    )


STATEMENTS = {by: _sql(by) for by in TriangulatedBy}


async def triangulate(caller: Caller, filters: TriangulationFilters) -> Response:
    """Answer with what is known of each."""
    row = await caller.fetchrow(STATEMENTS[filters.by], filters.code)
    items = json.loads(row["json"]) if row is not None and row["json"] else []
    listed = TriangulationList(items=[weigh(**item, today=board_day()) for item in items])
    return Response(listed.model_dump_json(), 200, media_type=JSON)


def weigh(code: str, title: str, areas: Sequence[dict[str, Any]], today: date) -> TriangulationRead:
    """Set what the areas say beside each other; `areas` are those that say something."""
    says = {each["area"]: SourceAreaRead.model_validate(each) for each in map(_known, areas)}
    newest = max((each.newest_on for each in says.values() if each.newest_on), default=None)
    return TriangulationRead(
        code=code,
        title=title,
        areas=[says.get(area, _silent(area)) for area in SourceArea],
        agreement=agreement_of(list(says.values())),
        is_only_one_source=len({k for each in says.values() for k in each.source_kinds}) == 1,
        blind_spots=[area for area in SourceArea if area not in says],
        is_stale=newest is not None and newest < add_months(today, -STALE_AFTER_MONTHS),
    )


def agreement_of(says: Sequence[SourceAreaRead]) -> Agreement | None:
    """Tell whether areas say the same; null where fewer than two say something."""
    if len(says) < 2:  # noqa: PLR2004 - one alone agrees with nobody
        return None
    only_good = [each for each in says if not each.negative]
    only_bad = [each for each in says if not each.positive]
    if only_good and only_bad:
        return Agreement.contradicting
    return Agreement.agreeing if len(says) in (len(only_good), len(only_bad)) else Agreement.mixed


def _known(area: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in area.items() if name != "code"}


def _silent(area: SourceArea) -> SourceAreaRead:
    return SourceAreaRead(area=area, positive=0, negative=0, newest_on=None, source_kinds=[])
