"""The keeper: destroys what two people approved, and wraps the keys of all cases anew.

A copy of the database from before a destruction holds the key of that case, wrapped. It can be
opened until the key-encryption key of that day is gone: so every other case is wrapped under a new
version, and the old one is destroyed. Killed anywhere, it goes on from there the next time.
Framework section 7.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from app.access.scopes import Capability
from app.access.tokens import hash_of, service_token
from app.privacy.crypto import Place, blind_index, new_key, open_sealed
from app.privacy.key_state import BLIND
from app.privacy.keys.provider import KeyProvider, KeyProviderError, KeysWrong, KeyVersion
from app.privacy.people import looked_up_by
from app.privacy.vault import IDENTITY
from app.schemas.identities import Identity

AT_ONCE = 16
"""Requests to the keeper of keys side by side."""
BATCH = 1000

ALONE = "SELECT pg_try_advisory_lock(hashtext('key_rotation'), 1)"
ALONE_NO_MORE = "SELECT pg_advisory_unlock(hashtext('key_rotation'), 1)"
HOLD_STILL = "SELECT pg_advisory_xact_lock(hashtext('key_rotation'), 0)"
"""Waits for every transaction that writes under keys; whoever comes later waits for us."""
CASE_KEYS = "SELECT case_id, key_version, wrapped FROM case_keys ORDER BY case_id"
WRAP_ANEW = """
UPDATE case_keys k SET key_version = $1, wrapped = n.wrapped, updated_at = now()
FROM unnest($2::uuid[], $3::bytea[]) AS n (case_id, wrapped) WHERE k.case_id = n.case_id
"""
LEFT_BEHIND = "SELECT count(*) FROM case_keys WHERE key_version <> $1"
KEEP_VERSION = "INSERT INTO key_versions (number, fingerprint) VALUES ($1, $2) RETURNING id"
KEEP_BLIND = "INSERT INTO blind_keys (key_version, wrapped) VALUES ($1, $2)"
FORGET_BLIND = "DELETE FROM blind_keys WHERE key_version <> $1"
FORGET_HASHES = "DELETE FROM blind_indexes"
IDENTITIES = "SELECT case_id, person_id, version, sealed FROM identities"
ADD_HASHES = """
INSERT INTO blind_indexes (case_id, person_id, kind, key_version, mac)
SELECT case_id, person_id, kind, $1, mac
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::bytea[]) AS n (case_id, person_id, kind, mac)
"""
RETIRE = """
UPDATE key_versions SET retired_at = now(), rewrapped_count = $2, updated_at = now()
WHERE number <> $1 AND retired_at IS NULL
"""
RETIRED = """
SELECT number FROM key_versions WHERE retired_at IS NOT NULL AND destroyed_at IS NULL
ORDER BY number
"""
STATES = """
SELECT number, fingerprint, CASE WHEN destroyed_at IS NOT NULL THEN 'destroyed'
    WHEN retired_at IS NOT NULL THEN 'retired' ELSE 'live' END AS state
FROM key_versions ORDER BY number
"""
Hash = tuple[UUID, UUID, str, bytes]


class RotationRunning(RuntimeError):  # noqa: N818 - an error is named after what went wrong
    """Another process rotates the keys just now."""


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """The key of a case: in clear, as it was wrapped before, and as it is wrapped from now on."""

    key: bytes = field(repr=False)
    before: bytes = field(repr=False)
    after: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did. `remark`: why a retired version is not destroyed yet; null if all are.

    `completed` counts the destructions that waited for it.
    """

    version: int
    fingerprint: str
    rewrapped: int
    hashes: int
    destroyed: list[int]
    completed: int
    remark: str | None


@dataclass(slots=True)
class Finished:
    """What became of retired versions."""

    destroyed: list[int] = field(default_factory=list)
    completed: int = 0
    remark: str | None = None


@dataclass(slots=True)
class Keeper:
    """Acts as the service `keeper`, as the role of the vault."""

    pool: asyncpg.Pool
    provider: KeyProvider
    token_hash: bytes

    @classmethod
    async def connect(cls, url: str, secret_key: bytes, provider: KeyProvider) -> Self:
        """Open connections. Raises what asyncpg raises where there is no server."""
        pool = await asyncpg.create_pool(url, min_size=0, max_size=2, command_timeout=60)
        return cls(pool, provider, hash_of(service_token(secret_key, "keeper")))

    async def close(self) -> None:
        """Close every connection."""
        self.pool.terminate()
        await self.provider.close()

    async def destroy(self, destruction_id: UUID) -> bool:
        """Carry out a destruction; tell whether it was this time.

        Raises what PostgreSQL refuses: SG461 while the case is held, SG462 if its period is not
        over (any more).
        """
        async with (
            self.pool.acquire() as connection,
            self._entered(connection, Capability.destroy_identities),
        ):
            done: bool = await connection.fetchval(
                "SELECT actor.destroy_identities($1)", destruction_id
            )
        return done

    async def states(self) -> list[tuple[int, str, str]]:
        """Return every version: number, fingerprint, and `live`, `retired` or `destroyed`."""
        async with self.pool.acquire() as connection, self._entered(connection):
            rows = await connection.fetch(STATES)
        return [(row["number"], row["fingerprint"], row["state"]) for row in rows]

    async def rotate(self) -> Rotation:
        """Wrap the keys of all cases under a new version, then destroy those before it.

        Every look-up gets a new key and every hash is made anew. Raises RotationRunning,
        KeyProviderError, and what asyncpg raises; then everything is as before, but for a new
        version that the next rotation takes.
        """
        async with self._alone() as connection:
            await self._finish(connection)
            version = await self._newest(connection)
            async with self._entered(connection):
                rows = await connection.fetch(CASE_KEYS)
            prepared = await self._rewrapped(rows, version)
            rewrapped, hashes = await self._write(connection, version, prepared)
            finished = await self._finish(connection)
        return Rotation(
            version.number,
            version.fingerprint,
            rewrapped,
            hashes,
            finished.destroyed,
            finished.completed,
            finished.remark,
        )

    async def finish(self) -> Finished:
        """Destroy versions that were retired and are not destroyed yet, as after a crash."""
        async with self._alone() as connection:
            return await self._finish(connection)

    async def _finish(self, connection: PoolConnectionProxy) -> Finished:
        finished = Finished()
        async with self._entered(connection):
            retired = [row["number"] for row in await connection.fetch(RETIRED)]
        for number in retired:
            try:
                await self.provider.destroy(number)
                if number in {each.number for each in await self.provider.versions()}:
                    finished.remark = f"Version {number} is still there."
            except KeyProviderError as error:
                finished.remark = str(error)
            if finished.remark:
                break
            async with self._entered(connection):
                finished.completed += await connection.fetchval(
                    "SELECT actor.key_destroyed($1)", number
                )
            finished.destroyed.append(number)
        return finished

    async def _newest(self, connection: PoolConnectionProxy) -> KeyVersion:
        """Return a version that nothing was retired for yet; a new one unless one was left."""
        async with self._entered(connection):
            known = {row["number"] for row in await connection.fetch(STATES)}
        current = await self.provider.current()
        return await self.provider.rotate() if current.number in known else current

    async def _write(
        self,
        connection: PoolConnectionProxy,
        version: KeyVersion,
        prepared: dict[UUID, Rewrapped],
    ) -> tuple[int, int]:
        """Change what is under keys, all or nothing, while nobody else writes it."""
        blind = new_key()
        wrapped_blind = await self._wrapped(blind, BLIND, version)
        async with self._entered(connection):
            await connection.execute(HOLD_STILL)
            now = await connection.fetch(CASE_KEYS)
            keys = prepared | await self._rewrapped(_written_since(now, prepared), version)
            wrapped = [keys[row["case_id"]].after for row in now]
            ids = [row["case_id"] for row in now]
            await connection.execute(WRAP_ANEW, version.number, ids, wrapped)
            version_id = await connection.fetchval(
                KEEP_VERSION, version.number, version.fingerprint
            )
            await connection.execute(KEEP_BLIND, version.number, wrapped_blind)
            await connection.execute(FORGET_BLIND, version.number)
            hashes = await _hash_anew(connection, version.number, blind, keys)
            await connection.execute(RETIRE, version.number, len(now))
            if await connection.fetchval(LEFT_BEHIND, version.number):
                raise RuntimeError("A case would lose its key.")
            await connection.fetchval("SELECT actor.keys_rotated($1)", version_id)
        return len(now), hashes

    async def _rewrapped(
        self, rows: Iterable[asyncpg.Record], version: KeyVersion
    ) -> dict[UUID, Rewrapped]:
        """Unwrap keys of cases, and wrap them by a version."""
        room = asyncio.Semaphore(AT_ONCE)

        async def one(row: asyncpg.Record) -> tuple[UUID, Rewrapped]:
            async with room:
                place = row["case_id"].bytes
                key = await self.provider.unwrap(row["key_version"], row["wrapped"], place)
                after = await self._wrapped(key, place, version)
                return row["case_id"], Rewrapped(key, row["wrapped"], after)

        return dict(await asyncio.gather(*map(one, rows)))

    async def _wrapped(self, key: bytes, place: bytes, version: KeyVersion) -> bytes:
        wrapping, wrapped = await self.provider.wrap(key, place)
        if wrapping != version:
            raise KeysWrong("Another version wraps than a moment ago: rotate again.")
        return wrapped

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[PoolConnectionProxy]:
        """Be the only process that rotates. Raises RotationRunning."""
        async with self.pool.acquire() as connection:
            if not await connection.fetchval(ALONE):
                raise RotationRunning("Another process rotates the keys just now.")
            try:
                yield connection
            finally:
                if not connection.is_closed():
                    await connection.execute(ALONE_NO_MORE)

    @asynccontextmanager
    async def _entered(
        self, connection: PoolConnectionProxy, capability: Capability = Capability.rotate_keys
    ) -> AsyncIterator[None]:
        async with connection.transaction():
            await connection.fetchrow("SELECT actor.enter($1, $2)", self.token_hash, capability)
            yield


def _written_since(
    now: list[asyncpg.Record], prepared: dict[UUID, Rewrapped]
) -> list[asyncpg.Record]:
    """Return the keys that were written since the others were prepared."""
    return [
        row
        for row in now
        if row["case_id"] not in prepared or prepared[row["case_id"]].before != row["wrapped"]
    ]


async def _hash_anew(
    connection: PoolConnectionProxy, version: int, blind: bytes, keys: dict[UUID, Rewrapped]
) -> int:
    """Make every hash for look-ups anew, from the identities themselves; return how many."""
    await connection.execute(FORGET_HASHES)
    count = 0
    cursor = await connection.cursor(IDENTITIES)
    while rows := await cursor.fetch(BATCH):
        hashes = [each for row in rows for each in _hashes(row, keys[row["case_id"]].key, blind)]
        columns = [list(column) for column in zip(*hashes, strict=True)] or [[], [], [], []]
        await connection.execute(ADD_HASHES, version, *columns)
        count += len(hashes)
        await asyncio.sleep(0)
    return count


def _hashes(row: asyncpg.Record, key: bytes, blind: bytes) -> list[Hash]:
    place = Place(row["case_id"], row["person_id"], IDENTITY, row["version"])
    identity = Identity.model_validate(open_sealed(key, place, row["sealed"]))
    return [
        (row["case_id"], row["person_id"], kind.value, blind_index(blind, kind, value))
        for kind, value in looked_up_by(identity)
    ]
