"""Idempotency keys: the same request sent again makes nothing new.

What is kept is a keyed hash of the body and the identifier of the record, never the answer: a
replay is rendered anew, under the rights of today.
"""

import hmac
import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.access.caller import ENTERED, ActorSession, Caller
from app.errors import IdempotencyKeyReused, InvalidIdempotencyKey


@dataclass(frozen=True, slots=True)
class Once:
    """An `Idempotency-Key` of a caller for one operation, with a keyed hash of the body."""

    operation: str
    key: str
    mac: bytes

    @classmethod
    def of(cls, caller: Caller, values: object) -> "Once | None":
        """Read the key of the request; null where the caller sent none."""
        key = caller.header("idempotency-key")
        if key is None or caller.request is None:
            return None
        if not re.fullmatch(r"[!-~]{1,255}", key):
            raise InvalidIdempotencyKey
        body = json.dumps(values, default=str, sort_keys=True).encode()
        operation = f"{caller.request.method} {caller.request.url.path}"
        return cls(operation, key, hmac.digest(caller.key, body, sha256))

    async def seen(self, db: ActorSession) -> UUID | None:
        """Return the record made under this key before; null if the key is free."""
        row = await db.fetchrow(SEEN, self.operation, self.key)
        return None if row is None else self._same(row)

    async def keep(self, db: ActorSession, record_id: UUID) -> None:
        """Remember the record made under this key, in the same transaction."""
        await db.fetchrow(KEEP, self.operation, self.key, self.mac, record_id)

    def _same(self, row: Any) -> UUID:
        if not hmac.compare_digest(row["body_mac"], self.mac):
            raise IdempotencyKeyReused
        record_id: UUID = row["record_id"]
        return record_id


SEEN = (
    f"{ENTERED} SELECT k.record_id, k.body_mac FROM caller JOIN idempotency_keys k"
    " ON k.actor_id = caller.id AND k.operation = $1 AND k.key = $2"
)
KEEP = (
    f"{ENTERED} INSERT INTO idempotency_keys (actor_id, operation, key, body_mac, record_id)"
    " SELECT caller.id, $1, $2, $3, $4 FROM caller"
)
