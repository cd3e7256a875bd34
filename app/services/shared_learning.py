"""What the Board tells other boards: recommendations that stand, and what goes well (section 8).

What was learned from a case is told only once it is released, whoever asks.
"""

from fastapi import Response

from app.access.caller import ENTER, Caller
from app.schemas.shared_learning import SharedLearningFilters
from app.services.answering import JSON

YEAR = "extract(year FROM t.created_at AT TIME ZONE 'Europe/London')::int"
MAY_BE_TOLD = (
    f"(t.source_case_id IS NULL OR t.is_released) AND ($3::int IS NULL OR {YEAR} = $3)"
    " AND caller.id IS NOT NULL"
)
STANDS = "'accepted', 'actions_agreed', 'implemented', 'impact_verified', 'reopened', 'closed'"
TOLD = f"""
SELECT 'recommendation' AS kind, t.id, t.title, t.text, t.source_kind, {YEAR} AS year
FROM recommendations t WHERE t.status IN ({STANDS}) AND {MAY_BE_TOLD}
UNION ALL
SELECT t.kind, t.id, t.title, t.text, t.source_kind, {YEAR} AS year
FROM findings t WHERE t.status = 'shared' AND t.kind IN ('good_practice', 'strength')
    AND {MAY_BE_TOLD}
ORDER BY id DESC LIMIT 1000
"""
LIST = f"""
{ENTER}
SELECT body.json FROM caller LEFT JOIN LATERAL (
    SELECT json_build_object('items', coalesce(json_agg(told ORDER BY told.id DESC), '[]'))::text
        AS json FROM ({TOLD}) told
) body ON true
"""


async def list_shared_learning(caller: Caller, filters: SharedLearningFilters) -> Response:
    """Answer with what may be handed to another board."""
    row = await caller.fetchrow(LIST, filters.year)
    return Response(row["json"] if row else '{"items":[]}', 200, media_type=JSON)
