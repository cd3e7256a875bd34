"""Limits to guessing: how often from one address, and how soon again for one name.

Failures for a name count whether or not anybody goes by it, so a delay says nothing of that. A
delay never exceeds a quarter of an hour, and failures from elsewhere do not keep a person out at
an address from which they have signed in before: nobody can be locked out for good.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv6Address, ip_network
from math import ceil

from app.access.addresses import Address
from app.access.caller import ActorSession
from app.errors import TooManyRequests

FREE_FAILURES = 4
"""Failures without a delay; after the next one second, and twice as long after each."""
LONGEST_DELAY_S = 900
TRUST_DAYS = 30
"""How long an address is known after a person signed in from it."""
OF_ALL = 20
"""How many times the limit of one address all may use together."""

SPEND = """
INSERT INTO sign_in_attempts AS a (bucket, tokens, refilled_at)
VALUES ($1, $2::float8 - 1, clock_timestamp())
ON CONFLICT (bucket) DO UPDATE SET refilled_at = clock_timestamp(), tokens = greatest(-1, least(
    $2, a.tokens + $2 / 60 * greatest(0, extract(epoch FROM clock_timestamp() - a.refilled_at))
) - 1)
RETURNING CASE WHEN tokens < 0 THEN (1 - tokens) * 60 / $2 ELSE 0 END AS wait
"""
IS_EMPTY = """
SELECT (1 - tokens) * 60 / $2::float8 AS wait FROM sign_in_attempts
WHERE bucket = $1 AND tokens + $2 / 60 * extract(epoch FROM clock_timestamp() - refilled_at) < 1
"""
DELAY = """
SELECT extract(epoch FROM max(locked_until) - now())::float8 AS wait FROM sign_in_failures
WHERE bucket = $1 OR bucket = $2 AND NOT EXISTS (
    SELECT FROM sign_in_failures WHERE bucket = $1 AND trusted_until > now()
)
"""
FAILED = f"""
INSERT INTO sign_in_failures AS f (bucket, failures) SELECT unnest($1::bytea[]), 1
ON CONFLICT (bucket) DO UPDATE SET failures = f.failures + 1, failed_at = now(),
    locked_until = now() + CASE WHEN f.failures + 1 > {FREE_FAILURES} THEN make_interval(
        secs => least({LONGEST_DELAY_S}, 2.0 ^ least(20, f.failures - {FREE_FAILURES}))
    ) ELSE interval '0' END
"""
SUCCEEDED = f"""
INSERT INTO sign_in_failures (bucket, failures, trusted_until)
VALUES ($1, 0, now() + interval '{TRUST_DAYS} days')
ON CONFLICT (bucket) DO UPDATE SET failures = 0, locked_until = now(),
    trusted_until = excluded.trusted_until
"""
SWEEP = (
    "DELETE FROM sign_in_attempts WHERE refilled_at < now() - interval '1 hour'",
    "DELETE FROM sign_in_failures WHERE failed_at < now() - interval '1 day'"
    " AND trusted_until < now()",
)
"""Forgets what limits nothing any more."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """The limits of one request. Addresses and names are known by keyed hash only."""

    key: bytes
    address: Address | None
    per_minute: int
    """Attempts from one address."""

    async def spend(self, db: ActorSession) -> int:
        """Count one attempt; return the seconds to wait if it was one too many, else 0."""
        wait = await self._wait(db, SPEND, self._place(), self.per_minute)
        return wait or await self._wait(db, SPEND, self._bucket("all"), self.per_minute * OF_ALL)

    async def spend_of(self, db: ActorSession, client_id: object) -> int:
        """Count one token of a system; return the seconds to wait if it was one too many."""
        return await self._wait(db, SPEND, self._bucket("client", client_id), self.per_minute)

    async def check_address(self, db: ActorSession) -> None:
        """Raise `TooManyRequests` where too many attempts were counted, and count none."""
        refuse(await self._wait(db, IS_EMPTY, self._place(), self.per_minute))

    async def check_name(self, db: ActorSession, name: str) -> None:
        """Raise `TooManyRequests` during a delay for this name."""
        row = await db.fetchrow(DELAY, *self._names(name))
        refuse(ceil(row["wait"] or 0) if row else 0)

    async def failed(self, db: ActorSession, name: str) -> None:
        """Count a failure for a name, here and everywhere."""
        await db.fetch(FAILED, sorted(self._names(name)))

    async def succeeded(self, db: ActorSession, name: str) -> None:
        """Forget the failures for a name here, and know this address from now on."""
        await db.fetch(SUCCEEDED, self._names(name)[0])

    async def _wait(self, db: ActorSession, sql: str, bucket: bytes, capacity: int) -> int:
        row = await db.fetchrow(sql, bucket, float(capacity))
        return ceil(row["wait"]) if row else 0

    def _names(self, name: str) -> tuple[bytes, bytes]:
        """Return the buckets of a name: from this address, and from any."""
        lower = name.lower()
        return self._bucket("name", lower, self._network()), self._bucket("name", lower)

    def _place(self) -> bytes:
        return self._bucket("address", self._network())

    def _network(self) -> str:
        """Return the address; of IPv6 the network, all of which one caller has at hand."""
        if isinstance(self.address, IPv6Address):
            return str(ip_network((self.address, 64), strict=False))
        return str(self.address)

    def _bucket(self, *parts: object) -> bytes:
        text = "\0".join(map(str, parts))
        return hmac.digest(self.key, text.encode(), sha256)


def refuse(wait: int) -> None:
    """Raise `TooManyRequests` if there are seconds to wait."""
    if wait > 0:
        raise TooManyRequests(headers={"Retry-After": str(wait)})
