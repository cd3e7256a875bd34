"""Housekeeping: what nothing depends on any more is deleted, once a day."""

import asyncio
import time
from pathlib import Path

import structlog

from app.access.caller import Caller
from app.services.evidence import sweep_orphans
from app.services.file_store import FileStore
from app.settings import Settings

log: structlog.stdlib.BoundLogger = structlog.get_logger()

SPOOLED_FOR_S = 7 * 86_400
FORGET_KEYS = "DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'"
FORGET_MAIL = "DELETE FROM mail WHERE sent_at < now() - interval '30 days'"
FORGET_ROWS = """
DELETE FROM import_rows r USING imports i
WHERE i.id = r.import_id AND i.finished_at < now() - interval '30 days'
"""


async def tidy(caller: Caller, settings: Settings, key: bytes) -> None:
    """Delete spent idempotency keys, old reports and mail, and files that no record names."""
    async with caller.transaction() as db:
        for statement in (FORGET_KEYS, FORGET_MAIL, FORGET_ROWS):
            await db.fetchrow(statement)
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
