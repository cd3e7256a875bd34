"""Subscriptions: where events go, the secrets that sign them, and sending them again."""

import re
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime
from os import urandom
from uuid import UUID

from fastapi import Response
from standardwebhooks import Webhook

from app.access.caller import ActorSession, Caller
from app.access.errors import TooManySecrets
from app.access.sealing import seal
from app.access.tokens import derived_key
from app.errors import Invalid, NotFound, UnknownReference
from app.models.subscriptions import Subscription, SubscriptionSecret, WebhookDelivery
from app.schemas.subscriptions import (
    LOOPBACK,
    ReplayCreate,
    SubscriptionCreate,
    SubscriptionRead,
    SubscriptionSecretCreate,
    SubscriptionSecretRead,
    SubscriptionUpdate,
    WebhookDeliveryRead,
)
from app.services.answering import answer
from app.services.records import changing, creating, insert, patch, render, show, update
from app.services.revealing import revealing

SECRET_BYTES = 32
MOST_LIVE = 2
LAST = UUID(int=2**128 - 1)
TESTED = "subscriptions.tested"
LOOPBACK_URL = rf"https?://{LOOPBACK}(:|/|$)"

BEGIN = """
INSERT INTO subscription_states (id, after_xact, after_id)
VALUES ($1, (SELECT actor.feed_horizon()) - 1, $2)
"""
RECOVER = "UPDATE subscription_states SET failing_since = NULL WHERE id = $1"
LOCK = "SELECT id FROM subscriptions WHERE id = $1 FOR UPDATE"
LIVE = """
SELECT count(*) AS live FROM subscription_secrets WHERE subscription_id = $1 AND expires_at > now()
"""
OVERLAP = """
UPDATE subscription_secrets
SET expires_at = least(expires_at, now() + make_interval(hours => $2))
WHERE subscription_id = $1 AND expires_at > now()
"""
AGAIN = """
UPDATE webhook_deliveries SET outcome = 'waiting', attempts = 0, next_attempt_at = now(),
    delivered_at = NULL, updated_at = now()
WHERE id = $1 AND subscription_id = $2 RETURNING id
"""
EVENT = """
SELECT xact, id FROM events WHERE id = $1 AND actor.sees(subject, record_id, action, agency_id)
"""
GO_BACK = """
UPDATE subscription_states SET after_xact = $2, after_id = $3 WHERE id = $1 RETURNING id
"""


def sign(secrets: Iterable[bytes], message_id: str, moment: datetime, body: str) -> str:
    """Return the `webhook-signature` of a message, one signature for each secret.

    `moment` is the `webhook-timestamp`, in UTC. Standard Webhooks 1.0, `v1`.
    """
    return " ".join(Webhook(each).sign(message_id, moment, body) for each in secrets)


async def subscribe(caller: Caller, body: SubscriptionCreate) -> Response:
    """Subscribe as the caller; the answer shows the secret, this once. Raises `Invalid`."""
    _refuse_loopback(caller, body.url)
    secret = None
    async with creating(caller, SubscriptionRead, body) as creation:
        if creation.is_new:
            actor = creation.db.actor
            mine = {
                "owner_id": actor.id,
                "agency_id": actor.agency_id,
                "scopes": sorted(actor.grants),
            }
            creation.id = await insert(creation.db, Subscription, body.model_dump() | mine)
            await creation.db.fetchrow(BEGIN, creation.id, LAST)
            _, secret = await _issue(creation.db, _key_of(caller), creation.id)
    return revealing(creation.response, secret=secret)


async def change_subscription(
    caller: Caller, subscription_id: UUID, body: SubscriptionUpdate
) -> Response:
    """Change a subscription; sending again forgives what failed before. Raises `Invalid`."""
    values = patch(body)
    _refuse_loopback(caller, values.get("url", ""))
    async with changing(caller, SubscriptionRead, subscription_id, body) as changed:
        if values.get("is_active"):
            values["stopped_because"] = None
            await changed.db.fetchrow(RECOVER, subscription_id)
        await update(changed.db, Subscription, subscription_id, values)
    return changed.response


async def rotate_secret(
    caller: Caller, subscription_id: UUID, body: SubscriptionSecretCreate
) -> Response:
    """Make a new secret; the older one signs on for a while. Raises `TooManySecrets`."""
    secret = None
    values = [str(subscription_id), body.model_dump()]
    async with creating(caller, SubscriptionSecretRead, values) as creation:
        if creation.is_new:
            db = creation.db
            if await db.fetchrow(LOCK, subscription_id) is None:
                raise NotFound
            row = await db.fetchrow(LIVE, subscription_id)
            if row is not None and row["live"] >= MOST_LIVE:
                raise TooManySecrets
            await db.fetchrow(OVERLAP, subscription_id, body.overlap_hours)
            creation.id, secret = await _issue(db, _key_of(caller), subscription_id)
    return revealing(creation.response, secret=secret)


async def send_test(caller: Caller, subscription_id: UUID) -> Response:
    """Leave a test for the worker, under the path of its delivery."""
    await show(caller, SubscriptionRead, subscription_id)
    async with creating(caller, WebhookDeliveryRead, [str(subscription_id)]) as creation:
        if creation.is_new:
            test = {"subscription_id": subscription_id, "type": TESTED}
            creation.id = await insert(creation.db, WebhookDelivery, test)
    path = f"/v1/subscriptions/{subscription_id}/deliveries/{creation.id}"
    creation.response.headers["Location"] = path
    return creation.response


async def redeliver(caller: Caller, subscription_id: UUID, delivery_id: UUID) -> Response:
    """Have one delivery sent again, under its own `webhook-id`. Raises `NotFound`."""
    async with caller.transaction() as db:
        if await db.fetchrow(AGAIN, delivery_id, subscription_id) is None:
            raise NotFound
        body = await render(db, WebhookDeliveryRead, delivery_id)
    return answer(body)


async def replay_events(caller: Caller, subscription_id: UUID, body: ReplayCreate) -> Response:
    """Go back in the feed. Raises `Invalid`, `UnknownReference` and `NotFound`."""
    if (body.from_event_id is None) == (body.from_time is None):
        raise Invalid.at("/from_event_id")
    async with caller.transaction() as db:
        xact, event_id = await _place(db, body)
        if await db.fetchrow(GO_BACK, subscription_id, xact, event_id) is None:
            raise NotFound
        rendered = await render(db, SubscriptionRead, subscription_id)
    return answer(rendered)


async def _place(db: ActorSession, body: ReplayCreate) -> tuple[int, UUID]:
    """Return the place in the feed before the first event that is sent again."""
    if body.from_event_id is None:
        row = await db.fetchrow("SELECT actor.feed_start($1) AS xact", body.from_time)
        return (row["xact"] if row else 0), LAST
    row = await db.fetchrow(EVENT, body.from_event_id)
    if row is None:
        raise UnknownReference.at("/from_event_id")
    return row["xact"], UUID(int=row["id"].int - 1)


async def _issue(db: ActorSession, key: bytes, subscription_id: UUID) -> tuple[UUID, str]:
    """Make a secret; return its identifier and the text that is shown once."""
    secret = urandom(SECRET_BYTES)
    sealed = seal(derived_key(key, "webhooks"), secret, subscription_id.bytes)
    values = {"subscription_id": subscription_id, "sealed": sealed}
    made = await insert(db, SubscriptionSecret, values)
    return made, "whsec_" + b64encode(secret).decode()


def _key_of(caller: Caller) -> bytes:
    """Return the installation's key; a subscription is made by a request only."""
    assert caller.request is not None  # noqa: S101 - routers give requests
    key: bytes = caller.request.app.state.secret_key
    return key


def _refuse_loopback(caller: Caller, url: str) -> None:
    """Refuse this machine as an address, unless the installation allows it."""
    is_loopback = bool(re.match(LOOPBACK_URL, url))
    allowed = caller.request is not None and caller.request.app.state.settings.webhook_loopback
    if is_loopback and not allowed:
        raise Invalid.at("/url")
