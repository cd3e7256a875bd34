"""Webhooks: events go out to whoever subscribed, as far as the subscriber may know of them then.

At least once, in no promised order. A worker that is killed leaves a delivery to be claimed again;
its `webhook-id` stays the same.
"""

import asyncio
import json
from typing import Any
from uuid import UUID

import structlog

from app.access.caller import ActorSession, Caller
from app.services.event_feed import ITEM, MOST_PASSED, SEEN, feed_sql
from app.services.mail import enqueue_mail
from app.services.webhook_attempts import (
    GONE,
    Attempt,
    attempt_delivery,
    event_of,
    outcome_of,
    test_of,
)
from app.settings import Settings

log: structlog.stdlib.BoundLogger = structlog.get_logger()

GIVE_UP_DAYS = 5
"""Days without a single arrival after which sending stops by itself."""
LOOKS, EVENTS_AT_ONCE = 20, 200
MAIL_SUBJECT = "Events are not sent to your webhook any more"
MAIL_BODY = (
    "Nothing that was sent for the subscription {id} has arrived for {days} days, so nothing more"
    " is sent.\n\nWhen its address answers again, set is_active of the subscription to true: what"
    " happened meanwhile follows.\n"
)

ENTER_AS = "WITH caller AS MATERIALIZED (SELECT * FROM actor.enter_for_subscription($1, $2))"
FEED = feed_sql(ENTER_AS)
RENDER = (
    f"{ENTER_AS} SELECT found.item::text AS item FROM caller LEFT JOIN LATERAL (SELECT {ITEM} AS"
    f" item FROM events t WHERE caller.id IS NOT NULL AND t.id = $3 AND {SEEN}) found ON true"
)
BEHIND = """
SELECT s.id, s.event_types, p.after_xact, p.after_id
FROM subscriptions s JOIN subscription_states p ON p.id = s.id
WHERE s.is_active AND EXISTS (SELECT FROM actor.feed_end(p.after_xact, p.after_id, 1))
"""
GO_ON = """
UPDATE subscription_states SET after_xact = $4, after_id = $5
WHERE id = $1 AND after_xact = $2 AND after_id = $3 RETURNING id
"""
LEAVE = """
INSERT INTO webhook_deliveries (subscription_id, event_id, type)
SELECT $1, e.id, e.type FROM unnest($2::uuid[], $3::text[]) AS e (id, type)
ON CONFLICT (subscription_id, event_id) DO UPDATE
SET outcome = 'waiting', attempts = 0, next_attempt_at = now(), delivered_at = NULL,
    updated_at = now()
"""
CLAIM = """
UPDATE webhook_deliveries SET attempts = attempts + 1, updated_at = now(),
    next_attempt_at = now() + interval '60 seconds'
WHERE outcome = 'waiting' AND next_attempt_at <= now() AND id IN (
    SELECT id FROM (
        SELECT d.id, row_number() OVER (
            PARTITION BY d.subscription_id ORDER BY d.next_attempt_at, d.id) AS place
        FROM webhook_deliveries d JOIN subscriptions s ON s.id = d.subscription_id
        WHERE d.outcome = 'waiting' AND d.next_attempt_at <= now() AND s.is_active
    ) due WHERE place <= 8 LIMIT 40)
RETURNING id, subscription_id, event_id, type, attempts
"""
"""The time of the next attempt is a lease meanwhile. Nobody takes all the room of a round."""
ADDRESS = """
SELECT s.url, array_agg(k.sealed ORDER BY k.id DESC) AS sealed FROM subscriptions s
JOIN subscription_secrets k ON k.subscription_id = s.id AND k.expires_at > now()
WHERE s.id = $1 AND s.is_active GROUP BY s.url
"""
NOTE = """
UPDATE webhook_deliveries SET outcome = $3, last_status_code = $4, last_duration_ms = $5,
    last_failure = $6, updated_at = now(),
    next_attempt_at = now() + make_interval(secs => $7::double precision),
    delivered_at = CASE WHEN $3 = 'delivered' THEN now() END
WHERE id = $1 AND attempts = $2 AND outcome = 'waiting' RETURNING id
"""
ARRIVED = "UPDATE subscription_states SET failing_since = NULL WHERE id = $1"
MISSED = """
UPDATE subscription_states SET failing_since = coalesce(failing_since, now())
WHERE id = $1 RETURNING failing_since, failing_since < now() - make_interval(days => $2) AS is_over
"""
STOP = """
UPDATE subscriptions s SET is_active = false, stopped_because = $2 WHERE s.id = $1 AND s.is_active
RETURNING coalesce(s.contact_email, (SELECT u.email FROM users u WHERE u.id = s.owner_id)) AS told
"""


async def send_webhooks(caller: Caller, settings: Settings, key: bytes) -> int:
    """Follow the feed for every subscription and send what is due; return how much was tried."""
    for _ in range(LOOKS):
        if not await follow_feed(caller):
            break
    async with caller.transaction() as db:
        claimed = await db.fetch(CLAIM)
    await asyncio.gather(*(_deliver(caller, settings, key, each) for each in claimed))
    return len(claimed)


async def follow_feed(caller: Caller) -> bool:
    """Leave deliveries of what subscribers may know of; tell whether there is more at once."""
    async with caller.transaction() as db:
        behind = await db.fetch(BEHIND)
    goes_on = [await _follow(caller, each) for each in behind]
    return any(goes_on)


async def _follow(caller: Caller, place: Any) -> bool:
    """Take one look at the feed as a subscriber, who stays put without the right to follow it."""
    before = (place["after_xact"], place["after_id"])
    found = await caller.database.reads.fetchrow(
        FEED,
        caller.token_hash,
        place["id"],
        *before,
        place["event_types"],
        EVENTS_AT_ONCE,
        MOST_PASSED,
    )
    if found is None or found["actor_id"] is None:
        return False
    events = json.loads(found["items"])
    ids, types = [UUID(each["id"]) for each in events], [each["type"] for each in events]
    async with caller.transaction() as db:
        if await db.fetchrow(GO_ON, place["id"], *before, found["xact"], found["id"]):
            await db.fetch(LEAVE, place["id"], ids, types)
    return bool(found["more"] or found["is_full"])


async def _deliver(caller: Caller, settings: Settings, key: bytes, delivery: Any) -> None:
    """Try one delivery that was claimed, and note what became of it."""
    body = await _body(caller, delivery)
    async with caller.transaction() as db:
        address = await db.fetchrow(ADDRESS, delivery["subscription_id"])
    if address is None:
        return
    if body is None:
        attempt = Attempt()
    else:
        attempt = await attempt_delivery(settings, key, delivery, address, body)
    async with caller.transaction() as db:
        await _note(db, key, delivery, attempt, is_withheld=body is None)
    if attempt.failure is not None:
        log.warning("webhook_failed", delivery=str(delivery["id"]), failure=attempt.failure)


async def _body(caller: Caller, delivery: Any) -> str | None:
    """Write an event as its subscriber may know of it now; null if it may not."""
    row = await caller.database.reads.fetchrow(
        RENDER, caller.token_hash, delivery["subscription_id"], delivery["event_id"]
    )
    if row is None or (row["item"] is None and delivery["event_id"] is not None):
        return None
    if row["item"] is None:
        return event_of(test_of(delivery["subscription_id"], delivery["id"], delivery["type"]))
    return event_of(json.loads(row["item"]))


async def _note(
    db: ActorSession,
    key: bytes,
    delivery: Any,
    attempt: Attempt,
    *,
    is_withheld: bool,
) -> None:
    """Keep what became of an attempt, unless the delivery was begun anew meanwhile."""
    outcome, pause = outcome_of(delivery["attempts"], attempt, is_withheld=is_withheld)
    kept = await db.fetchrow(
        NOTE,
        delivery["id"],
        delivery["attempts"],
        outcome,
        attempt.status,
        attempt.duration_ms,
        attempt.failure,
        pause,
    )
    if kept is None or is_withheld:
        return
    if attempt.failure is None:
        await db.fetchrow(ARRIVED, delivery["subscription_id"])
    else:
        await _count_failure(db, key, delivery["subscription_id"], attempt)


async def _count_failure(
    db: ActorSession, key: bytes, subscription_id: UUID, attempt: Attempt
) -> None:
    """Stop sending to an address that says it is gone, or where nothing arrives for days."""
    row = await db.fetchrow(MISSED, subscription_id, GIVE_UP_DAYS)
    if attempt.status == GONE:
        await db.fetchrow(STOP, subscription_id, "gone")
    elif row is not None and row["is_over"]:
        stopped = await db.fetchrow(STOP, subscription_id, "failing")
        if stopped is not None and stopped["told"]:
            await enqueue_mail(
                db,
                key,
                recipient=stopped["told"],
                subject=MAIL_SUBJECT,
                body=MAIL_BODY.format(id=subscription_id, days=GIVE_UP_DAYS),
                dedupe_key=f"webhook:{subscription_id}:{row['failing_since']:%Y%m%d%H%M%S}",
            )
