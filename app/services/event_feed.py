"""The feed: the trail as an outbox, in order of commit, for whoever may see each record.

An event has its place by the transaction that wrote it. Only what is before every transaction
that may still write is told, so that a reader who goes on from a position misses nothing. One
look passes a bounded number of events, seen or unseen.
"""

import json
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ENTER, Caller
from app.access.scopes import Scope
from app.errors import InvalidCursor
from app.pagination import seal, unseal
from app.privacy.projection import projection
from app.schemas.event_feed import TYPE, FeedEventFilters, FeedEventRead
from app.services.answering import JSON

MOST_PASSED = 1000
"""Events that one look passes at most."""
NOWHERE = UUID(int=0)
PLACE = "feed"
"""What its cursors are valid for: a place is one whatever types a reader asks for."""
ITEM = f"row_to_json((SELECT r FROM (SELECT {projection(FeedEventRead)}) r))"
SEEN = (
    f"CASE WHEN '{Scope.events_read}' = ANY (caller.grants)"
    " THEN actor.sees(t.subject, t.record_id, t.action, t.agency_id) ELSE true END"
)
"""Whoever reads the trail passes its policy with every event, and sees here what others would."""
MATCHES = (
    f"(%s::text[] = '{{}}' OR ({TYPE}) LIKE ANY (SELECT replace(replace(pattern, '_', '\\_'),"
    " '*', '%%') FROM unnest(%s::text[]) AS pattern))"
)
START = f"{ENTER} SELECT actor.feed_start($3) AS xact FROM caller"


def feed_sql(enter: str) -> str:
    """Write the statement of one look: arguments are position, types, how many, how far.

    A row says who looks (`actor_id`), the events found, with one more than asked for as `more`,
    and where to go on: behind the last event, or behind all that were passed.
    """
    matches = MATCHES % ("$5", "$5")
    return (
        f"{enter} SELECT caller.id AS actor_id, passed.is_full, found.* FROM caller"
        " LEFT JOIN LATERAL (SELECT * FROM actor.feed_end($3::bigint, $4::uuid, $7::int)"
        " WHERE caller.id IS NOT NULL) passed ON true LEFT JOIN LATERAL ("
        "SELECT count(*) > $6 AS more,"
        " coalesce(json_agg(e.item ORDER BY e.n) FILTER (WHERE e.n <= $6), '[]')::text AS items,"
        " CASE WHEN count(*) > $6 THEN max(e.xact) FILTER (WHERE e.n = $6)"
        " ELSE coalesce(passed.xact, $3) END AS xact,"
        " CASE WHEN count(*) > $6 THEN (array_agg(e.id ORDER BY e.n))[$6]"
        " ELSE coalesce(passed.id, $4) END AS id FROM ("
        f"SELECT {ITEM} AS item, t.xact, t.id, row_number() OVER (ORDER BY t.xact, t.id) AS n"
        " FROM events t WHERE caller.id IS NOT NULL AND (t.xact, t.id) > ($3, $4)"
        f" AND (t.xact, t.id) <= (passed.xact, passed.id) AND {matches} AND {SEEN}"
        " ORDER BY t.xact, t.id LIMIT $6::int + 1) e) found ON true"
    )


FEED = feed_sql(ENTER)


async def follow(caller: Caller, filters: FeedEventFilters) -> Response:
    """Answer with the events after a cursor. Raises `InvalidCursor`."""
    actor_id, xact, event_id = await _position(caller, filters)
    row = await caller.fetchrow(FEED, xact, event_id, filters.type, filters.limit, MOST_PASSED)
    if row is None or actor_id not in (None, str(row["actor_id"])):
        raise InvalidCursor
    position = seal(caller.key, PLACE, [row["actor_id"], row["xact"], row["id"]])
    goes_on = position if row["more"] or row["is_full"] else None
    rest = json.dumps({"next_cursor": goes_on, "position": position}).encode()
    return Response(b'{"items":' + row["items"].encode() + b"," + rest[1:], 200, None, JSON)


async def _position(caller: Caller, filters: FeedEventFilters) -> tuple[str | None, int, UUID]:
    """Return whose cursor it is, and where to go on; from the first event without one."""
    if filters.cursor is not None:
        keys: list[Any] = unseal(caller.key, PLACE, filters.cursor)
        return keys[0], keys[1], UUID(keys[2])
    if filters.occurred_at_from is None:
        return None, 0, NOWHERE
    row = await caller.fetchrow(START, filters.occurred_at_from)
    # Behind every event of the transaction before.
    return None, row["xact"] if row else 0, UUID(int=2**128 - 1)
