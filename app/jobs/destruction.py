"""Destruction of identities that two people approved, and of the keys that older copies need.

A hold, or a case that was opened again, keeps a destruction waiting: it stays approved and is
looked at again in the next round. Framework section 7.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import structlog

from app.access.caller import Caller
from app.access.scopes import Capability
from app.access.tokens import derived_key, hash_of, service_token
from app.database import Database
from app.installation import Installation
from app.privacy.keeper import Keeper, RotationRunning
from app.privacy.vault import Vault
from app.services.retention import work_out_stale

log: structlog.stdlib.BoundLogger = structlog.get_logger()

IN_THE_WAY = {"SG460", "SG461", "SG462"}
"""Refusals of PostgreSQL that are no failure: held, done, or not due."""
APPROVED = "SELECT id FROM destructions WHERE status = 'approved' ORDER BY id"
DUE = """
SELECT EXISTS (SELECT FROM destructions WHERE status = 'awaiting_key_rotation'
    AND keys_deleted_at <= now() - make_interval(days => $1)) AS is_due
"""


@asynccontextmanager
async def keeper_of(installation: Installation) -> AsyncIterator[Keeper]:
    """Be the keeper for the block."""
    keeper = await Keeper.connect(
        installation.vault_url, installation.secret_key, installation.keys()
    )
    try:
        yield keeper
    finally:
        await keeper.close()


async def destroy(keeper: Keeper, destruction_id: UUID) -> bool:
    """Carry out a destruction; tell whether it was this time, and log why not."""
    try:
        done = await keeper.destroy(destruction_id)
    except asyncpg.PostgresError as error:
        if error.sqlstate not in IN_THE_WAY:
            raise
        log.warning("destruction_waits", destruction=str(destruction_id), reason=error.sqlstate)
        return False
    if done:
        log.info("identities_destroyed", destruction=str(destruction_id))
    return done


async def look_after_retention(
    installation: Installation, database: Database, rotation_days: int
) -> None:
    """Do what has come due: days worked out anew, destructions, and the end of old keys."""
    key = installation.secret_key
    token = hash_of(service_token(key, "vault"))
    caller = Caller(database, token, Capability.open_vault, derived_key(key, "cursors"))
    vault = await Vault.connect(installation.vault_url, key, installation.keys())
    try:
        await work_out_stale(caller, vault)
    finally:
        await vault.close()
    async with keeper_of(installation) as keeper:
        async with caller.transaction() as db:
            approved = [row["id"] for row in await db.fetch(APPROVED)]
        for destruction_id in approved:
            await destroy(keeper, destruction_id)
        await rotate_if_due(caller, keeper, rotation_days)


async def rotate_if_due(caller: Caller, keeper: Keeper, rotation_days: int) -> bool:
    """Rotate once a destruction has waited so long; else end what a crash left. Tell which."""
    async with caller.transaction() as db:
        row = await db.fetchrow(DUE, rotation_days)
    try:
        finished = await keeper.finish()
        if finished.remark is not None:
            log.warning("retired_key_remains", remark=finished.remark)
        if row is None or not row["is_due"] or finished.completed:
            return False
        done = await keeper.rotate()
    except RotationRunning:
        return False
    log.info("keys_rotated", version=done.version, cases=done.rewrapped, hashes=done.hashes)
    return True
