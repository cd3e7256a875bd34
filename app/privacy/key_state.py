"""The keys a database counts on: made with it, held against it before anybody is served.

The key-encryption key lies outside the database. Under each version of it lies one key of look-ups.
"""

import asyncpg

from app.database import fetch
from app.privacy.crypto import new_key
from app.privacy.keys.provider import (
    KeyProvider,
    KeysMissing,
    KeysWrong,
    KeyVersion,
    check_keys,
    returned,
)

BLIND = b"blind key"
"""The place of a key of look-ups."""

LIVE = "SELECT number, fingerprint FROM key_versions WHERE retired_at IS NULL"
DESTROYED = "SELECT number, fingerprint FROM key_versions WHERE destroyed_at IS NOT NULL"
KEEP_VERSION = """
INSERT INTO key_versions (number, fingerprint) VALUES ($1, $2) ON CONFLICT (number) DO NOTHING
"""
KEEP_BLIND = """
INSERT INTO blind_keys (key_version, wrapped) VALUES ($1, $2) ON CONFLICT (key_version) DO NOTHING
"""


async def prepare_keys(owner_url: str, provider: KeyProvider) -> None:
    """Make the first key of a new database; of any other, hold its keys against it.

    Makes no key where data were written under one. Raises KeyProviderError.
    """
    known = await fetch(owner_url, LIVE)
    await check_keys(provider, [(row["number"], row["fingerprint"]) for row in known])
    await _refuse_returned(provider, await fetch(owner_url, DESTROYED))
    if known:
        return
    version = await (provider.current() if await provider.versions() else provider.create())
    await keep_version(owner_url, provider, version)


async def keep_version(owner_url: str, provider: KeyProvider, version: KeyVersion) -> None:
    """Record a version, with a key of look-ups under it."""
    wrapping, wrapped = await provider.wrap(new_key(), BLIND)
    connection = await asyncpg.connect(owner_url)
    try:
        async with connection.transaction():
            await connection.execute(KEEP_VERSION, version.number, version.fingerprint)
            await connection.execute(KEEP_BLIND, wrapping.number, wrapped)
    finally:
        await connection.close()


async def check_installed(url: str, token_hash: bytes, provider: KeyProvider) -> None:
    """Hold the keys against the database as the role that answers requests. Raises as above."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT actor.enter($1, 'vault:open')", token_hash)
            known = await connection.fetch(LIVE)
            destroyed = await connection.fetch(DESTROYED)
    finally:
        await connection.close()
    if not known:
        raise KeysMissing("The database knows of no key of identities: run `safeguarding migrate`.")
    await check_keys(provider, [(row["number"], row["fingerprint"]) for row in known])
    await _refuse_returned(provider, destroyed)


async def _refuse_returned(provider: KeyProvider, rows: list[asyncpg.Record]) -> None:
    """Refuse a key that was destroyed and is back: it would open what is certified as gone."""
    back = await returned(provider, [(row["number"], row["fingerprint"]) for row in rows])
    if back:
        raise KeysWrong(
            f"Version {back[0].number} of the key of identities was destroyed, and is back: remove"
            " it from where keys are kept."
        )
