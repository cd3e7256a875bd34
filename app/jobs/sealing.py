"""Sealing the access log, every few seconds, so that what was written stays as it was."""

import structlog

from app.access.caller import Caller
from app.services.log_sealing import MOST, seal_batch

log: structlog.stdlib.BoundLogger = structlog.get_logger()


async def seal(caller: Caller) -> None:
    """Seal what waits. Each head leaves a line: a log kept elsewhere is a witness."""
    while head := await seal_batch(caller):
        log.info(
            "access_log_sealed",
            number=head.number,
            size=head.size,
            total=head.total,
            head=head.head.hex(),
        )
        if head.size < MOST:
            return
