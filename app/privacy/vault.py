"""The vault at work in one process: the keys of cases, who their people are, and matchers of names.

It has connections of its own, as the one role that may read what is sealed. It acts as the service
`vault` to recognise names, and with the token of whoever reads to disclose what that reader was
logged for: PostgreSQL itself gives no other row (`actor.opened`). Framework section 7.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from time import monotonic
from typing import Any
from uuid import UUID

import asyncpg

from app.access.caller import ENTER, Caller
from app.access.scopes import Capability, Scope
from app.access.tokens import hash_of, service_token
from app.errors import Unavailable
from app.models.cases import PersonKind
from app.privacy.crypto import Place, open_sealed
from app.privacy.errors import IdentitiesDestroyed
from app.privacy.key_state import BLIND
from app.privacy.keys.provider import KeyProvider, KeyProviderError
from app.privacy.people import registered
from app.privacy.recognition import Matcher, RegisteredPerson
from app.schemas.identities import Identity

POOL_SIZE = 4
KEYS_KEPT_S = 60.0
"""How long a process remembers the key of a case: as long as a destroyed one could still open."""
MATCHERS_KEPT = 200

KEY = f"""{ENTER} SELECT k.key_version, k.wrapped FROM caller LEFT JOIN LATERAL (
    SELECT key_version, wrapped FROM case_keys WHERE case_id = $3 AND caller.id IS NOT NULL
) k ON true"""
PEOPLE_VERSION = f"""{ENTER} SELECT c.people_version FROM caller LEFT JOIN LATERAL (
    SELECT people_version FROM cases WHERE id = $3 AND caller.id IS NOT NULL) c ON true"""
OF_CASE = f"""{ENTER} SELECT i.* FROM caller CROSS JOIN LATERAL (
    SELECT p.id AS person_id, p.case_id, p.number, p.kind, s.version, s.sealed
    FROM identities s JOIN persons p ON p.id = s.person_id
    WHERE s.case_id = $3 AND caller.id IS NOT NULL ORDER BY p.number) i"""
DISCLOSED = f"""{ENTER} SELECT i.* FROM caller CROSS JOIN LATERAL (
    SELECT s.person_id, s.case_id, s.version, s.sealed FROM identities s
    WHERE s.person_id = ANY ($3) AND caller.id IS NOT NULL) i"""
BLIND_KEYS = f"""{ENTER} SELECT b.key_version, b.wrapped FROM caller CROSS JOIN LATERAL (
    SELECT key_version, wrapped FROM blind_keys WHERE caller.id IS NOT NULL
    ORDER BY key_version) b"""

IDENTITY = "identity"
"""The field of a sealed identity, in its `Place`."""


@dataclass(slots=True)
class Vault:
    """Keys and identities, read as the role of the vault."""

    pool: asyncpg.Pool
    provider: KeyProvider
    token_hash: bytes
    known_words: Callable[[], Iterable[str]] = field(default=lambda: ())
    _keys: dict[UUID, tuple[float, bytes]] = field(default_factory=dict, repr=False)
    _matchers: OrderedDict[UUID, tuple[int, Matcher]] = field(
        default_factory=OrderedDict, repr=False
    )

    @classmethod
    async def connect(
        cls, url: str, secret_key: bytes, provider: KeyProvider, size: int = POOL_SIZE
    ) -> "Vault":
        """Open the pool. Raises what asyncpg raises where there is no server."""
        pool = await asyncpg.create_pool(
            url, min_size=0, max_size=size, reset=_keep, command_timeout=30
        )
        return cls(pool, provider, hash_of(service_token(secret_key, "vault")))

    async def close(self) -> None:
        """Close every connection, without waiting for what hangs."""
        self.pool.terminate()
        await self.provider.close()

    async def case_key(self, case_id: UUID) -> bytes:
        """Return the data key of a case. Raises `IdentitiesDestroyed` where it was destroyed.

        Raises `Unavailable` where whoever keeps the key-encryption keys does not answer.
        """
        kept = self._keys.get(case_id)
        if kept and kept[0] > monotonic():
            return kept[1]
        row = await self._fetchrow(KEY, case_id)
        if row is None or row["wrapped"] is None:
            self.forget(case_id)
            raise IdentitiesDestroyed
        key = await self.unwrap(row["key_version"], row["wrapped"], case_id.bytes)
        self._keys[case_id] = (monotonic() + KEYS_KEPT_S, key)
        return key

    async def wrap(self, key: bytes, place: bytes) -> tuple[int, bytes]:
        """Wrap a key under the current key-encryption key. Raises `Unavailable`."""
        try:
            version, wrapped = await self.provider.wrap(key, place)
        except KeyProviderError as error:
            raise Unavailable from error
        return version.number, wrapped

    async def unwrap(self, number: int, wrapped: bytes, place: bytes) -> bytes:
        """Unwrap a key. Raises `Unavailable`."""
        try:
            return await self.provider.unwrap(number, wrapped, place)
        except KeyProviderError as error:
            raise Unavailable from error

    def forget(self, case_id: UUID) -> None:
        """Forget all about a case."""
        self._keys.pop(case_id, None)
        self._matchers.pop(case_id, None)

    async def matcher(self, case_id: UUID) -> Matcher:
        """Return what finds the people of a case in texts, as they are registered now."""
        row = await self._fetchrow(PEOPLE_VERSION, case_id)
        version = row["people_version"] if row else None
        kept = self._matchers.get(case_id)
        if version is not None and kept and kept[0] == version:
            self._matchers.move_to_end(case_id)
            return kept[1]
        matcher = Matcher(await self.people(case_id), tuple(self.known_words()))
        if version is not None:
            self._matchers[case_id] = (version, matcher)
            while len(self._matchers) > MATCHERS_KEPT:
                self._matchers.popitem(last=False)
        return matcher

    async def people(self, case_id: UUID) -> list[RegisteredPerson]:
        """Return the people of a case for what looks for them in texts; they go no further."""
        rows = await self.pool.fetch(OF_CASE, self.token_hash, Capability.open_vault, case_id)
        key = await self.case_key(case_id) if rows else b""
        return [registered(row["number"], row["kind"], _identity(key, row)) for row in rows]

    async def days_of_children(self, case_id: UUID) -> list[tuple[date | None, date | None]]:
        """Return the days of birth and death of a case's children, for periods that run from them.

        Whoever asks stores no day that tells them.
        """
        rows = await self.pool.fetch(OF_CASE, self.token_hash, Capability.open_vault, case_id)
        key = await self.case_key(case_id) if rows else b""
        children = [_identity(key, row) for row in rows if row["kind"] == PersonKind.child]
        return [(each.date_of_birth, each.date_of_death) for each in children]

    async def disclosed(self, caller: Caller, person_ids: list[UUID]) -> dict[UUID, Identity]:
        """Open the identities that this caller was just logged for; nobody else's come back."""
        rows = await self.pool.fetch(DISCLOSED, caller.token_hash, Scope.me, person_ids)
        found = {}
        for row in rows:
            key = await self.case_key(row["case_id"])
            found[row["person_id"]] = _identity(key, row)
        return found

    async def blind_keys(self) -> dict[int, bytes]:
        """Return the keys of look-ups by generation; the newest comes last."""
        rows = await self.pool.fetch(BLIND_KEYS, self.token_hash, Capability.open_vault)
        return {
            row["key_version"]: await self.unwrap(row["key_version"], row["wrapped"], BLIND)
            for row in rows
        }

    async def _fetchrow(self, sql: str, *args: object) -> asyncpg.Record | None:
        row: asyncpg.Record | None = await self.pool.fetchrow(
            sql, self.token_hash, Capability.open_vault, *args
        )
        return row


def _identity(key: bytes, row: Any) -> Identity:
    place = Place(row["case_id"], row["person_id"], IDENTITY, row["version"])
    return Identity.model_validate(open_sealed(key, place, row["sealed"]))


async def _keep(_: object) -> None:
    """Leave a returned connection as it is: a context ends with its statement."""
