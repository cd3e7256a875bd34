"""Full-text search over the narratives of cases: over tokens only, so that no name is ever found.

A reader finds what the reader may read: the row policies hold, and so do the classes of fields,
since the same rule that withholds a field keeps its text from being searched. Framework section 7.
"""

from functools import cache

from fastapi import Response

from app.access.caller import ENTER, Caller
from app.privacy.projection import narrated, visible
from app.schemas.base import ReadSchema
from app.schemas.search import SEARCHED, SearchCreate
from app.services.answering import JSON

MOST_FOUND = 100


async def search(caller: Caller, body: SearchCreate) -> Response:
    """Answer with the narratives that match, best first; what was sought is kept nowhere."""
    row = await caller.fetchrow(_sql(), body.text, body.case_id)
    items = row["items"] if row and row["items"] else "[]"
    return Response(b'{"items":' + items.encode() + b"}", 200, media_type=JSON)


@cache
def _sql() -> str:
    arms = " UNION ALL ".join(
        _arm(schema, name) for schema in SEARCHED for name in narrated(schema)
    )
    return (
        f"{ENTER}, sought AS MATERIALIZED (SELECT websearch_to_tsquery('english', $3) AS query)"
        " SELECT caller.id, found.items FROM caller LEFT JOIN LATERAL ("
        " SELECT json_agg(json_build_object('subject', subject, 'record_id', record_id, 'case_id',"
        " case_id, 'member', member) ORDER BY rank DESC, record_id)::text AS items FROM ("
        f" SELECT * FROM ({arms}) arms ORDER BY rank DESC, record_id LIMIT {MOST_FOUND}) best"
        ") found ON true"
    )


def _arm(schema: type[ReadSchema], name: str) -> str:
    """Search one member of one kind of record, where the caller may read it."""
    table = schema.table.__tablename__
    may_read = visible(schema, schema.level_of(schema.model_fields[name]))
    words = f"to_tsvector('english', t.\"{name}\")"
    return (
        f"SELECT '{table}' AS subject, t.id AS record_id, t.case_id, '{name}' AS member,"
        f" ts_rank({words}, sought.query) AS rank FROM {table} t, sought"
        f" WHERE caller.id IS NOT NULL AND ($4::uuid IS NULL OR t.case_id = $4)"
        f" AND {may_read} AND {words} @@ sought.query"
    )
