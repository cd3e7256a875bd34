"""Housekeeping, once a day: what nothing depends on any more goes, what got lost is found."""

import asyncio
import time
from pathlib import Path

import structlog

from app.access.caller import Caller
from app.services.evidence import sweep_orphans
from app.services.file_store import FileStore
from app.services.imports import BROKEN_OFF
from app.services.queue import enqueue_import
from app.settings import Settings

log: structlog.stdlib.BoundLogger = structlog.get_logger()

SPOOLED_FOR_S = 7 * 86_400
FORGET_KEYS = "DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'"
FORGET_DELIVERIES = "DELETE FROM webhook_deliveries WHERE created_at < now() - interval '30 days'"
FORGET_MAIL = "DELETE FROM mail WHERE created_at < now() - interval '30 days'"
"""Sent or not: a reminder or a link of a month ago is of no use to anybody."""
FORGET_ROWS = """
DELETE FROM import_rows r USING imports i
WHERE i.id = r.import_id AND i.finished_at < now() - interval '30 days'
"""
END_BROKEN_OFF = """
UPDATE imports SET status = 'failed', problem = $1::text::jsonb, finished_at = now(),
    updated_at = now()
WHERE status = 'running' AND storage_key IS NULL AND updated_at < now() - interval '24 hours'
"""
"""Their idempotency keys are spent: nobody can send the rest any more."""
LEFT_LYING = """
SELECT id FROM imports WHERE status IN ('queued', 'running') AND storage_key IS NOT NULL
    AND updated_at < now() - interval '10 minutes'
"""


async def tidy(caller: Caller, settings: Settings, key: bytes) -> None:
    """Delete spent idempotency keys, old reports and mail, and files that no record names.

    An import that broke off and was not sent again has failed; one whose job got lost is queued.
    """
    async with caller.transaction() as db:
        for statement in (FORGET_KEYS, FORGET_MAIL, FORGET_DELIVERIES, FORGET_ROWS):
            await db.fetchrow(statement)
        await db.fetchrow(END_BROKEN_OFF, BROKEN_OFF.model_dump_json())
        for row in await db.fetch(LEFT_LYING):
            await enqueue_import(db, row["id"])
        orphans = await sweep_orphans(db, FileStore(settings.data_dir / "evidence", key))
    spooled = await asyncio.to_thread(_sweep_spool, settings.data_dir / "imports")
    log.info("tidied", orphaned_files=orphans, spooled_files=spooled)


def _sweep_spool(directory: Path) -> int:
    """Delete bodies of imports that nobody will carry out any more."""
    oldest = time.time() - SPOOLED_FOR_S
    old = [path for path in directory.glob("*") if path.stat().st_mtime < oldest]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
