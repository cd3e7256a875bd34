"""One attempt to deliver an event: what is sent, how it is signed, what its answer means."""

import json
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpcore
from cryptography.exceptions import InvalidTag

from app.access.sealing import unseal
from app.access.tokens import derived_key
from app.services.outbound import AddressRefusedError, post
from app.services.webhooks import sign
from app.settings import Settings

BACK_OFF_S = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds from each attempt that failed to the next: ten attempts in three days and a few hours."""
JITTER = 0.1
"""Largest part by which a pause is longer, so that not everything comes back at once."""
GONE = 410
"""The status by which a subscriber wants nothing more."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one attempt. `failure` is null where it arrived."""

    failure: str | None = None
    status: int | None = None
    duration_ms: int | None = None


def event_of(item: dict[str, Any]) -> str:
    """Write an event of the feed as it is sent (Standard Webhooks: type, timestamp, data)."""
    rest = {name: value for name, value in item.items() if name not in ("type", "occurred_at")}
    event = {"type": item["type"], "timestamp": item["occurred_at"], "data": rest}
    return json.dumps(event, separators=(",", ":"))


def test_of(subscription_id: UUID, delivery_id: UUID, type: str) -> dict[str, Any]:
    """Return a test in the form of an event: it is about the subscription itself."""
    return {
        "id": str(delivery_id),
        "type": type,
        "occurred_at": datetime.now(UTC).isoformat(),
        "subject": "subscriptions",
        "record_id": str(subscription_id),
        "href": f"/v1/subscriptions/{subscription_id}",
    }


async def attempt_delivery(
    settings: Settings, key: bytes, delivery: Any, address: Any, body: str
) -> Attempt:
    """Sign and send. A failure names its kind and nothing of the address or the answer."""
    sealing, place = derived_key(key, "webhooks"), delivery["subscription_id"].bytes
    moment, begun = datetime.now(UTC), time.monotonic()
    status: int | None = None
    failure: str | None = None
    try:
        keys = [unseal(sealing, bytes(each), place) for each in address["sealed"]]
        headers = {
            "Content-Type": "application/json",
            "webhook-id": str(delivery["id"]),
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": sign(keys, str(delivery["id"]), moment, body),
        }
        loopback = settings.webhook_loopback
        status = await post(address["url"], headers, body.encode(), allows_loopback=loopback)
        failure = _judge(status)
    except AddressRefusedError:
        failure = "address_refused"
    except (TimeoutError, httpcore.TimeoutException):
        failure = "timeout"
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError, InvalidTag, ValueError):
        failure = "unreachable"
    return Attempt(failure, status, int((time.monotonic() - begun) * 1000))


def _judge(status: int) -> str | None:
    """Tell whether a status means that an event has arrived; null if so. No redirect does."""
    if 200 <= status < 300:  # noqa: PLR2004 - what HTTP calls success
        return None
    return "redirect" if 300 <= status < 400 else "status"  # noqa: PLR2004


def outcome_of(attempts: int, attempt: Attempt, *, is_withheld: bool) -> tuple[str, float | None]:
    """Return what a delivery is now, and the seconds until it is tried again."""
    if is_withheld:
        return "withheld", None
    if attempt.failure is None:
        return "delivered", None
    if attempt.status == GONE or attempts > len(BACK_OFF_S):
        return "failed", None
    return "waiting", pause_after(attempts)


def pause_after(attempts: int) -> float:
    """Return the seconds from a number of attempts that failed to the next."""
    return BACK_OFF_S[attempts - 1] * (1 + JITTER * secrets.randbelow(1000) / 1000)
