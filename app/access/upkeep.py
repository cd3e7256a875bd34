"""What signing in needs of a process: places to hash at, and two things done in the background."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from starlette.datastructures import State

from app.access.caller import Caller
from app.access.passwords import Hashing
from app.access.sessions import FORGET, LastSeen
from app.access.sign_in import sign_in_service
from app.access.throttle import SWEEP
from app.failures import trace

log: structlog.stdlib.BoundLogger = structlog.get_logger()

WRITE_EVERY_S = 20
SWEEP_EVERY = 180
"""Writes between two sweeps: an hour."""
PATIENCE_S = 5
"""How long a server that stops waits for errands."""


class Errands:
    """Work that goes on after its answer has left, so that the answer does not tell of it."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin the work and return at once. A failure is logged."""
        task = asyncio.create_task(_logging("errand_failed", work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self) -> None:
        """Wait for what is still running."""
        if self._running:
            await asyncio.wait(self._running, timeout=PATIENCE_S)


@asynccontextmanager
async def upkeep(state: State) -> AsyncIterator[None]:
    """Put what signing in needs on the state of an application, and keep it up for the block."""
    service = sign_in_service(state.database, state.secret_key)
    state.hashing = Hashing()
    state.last_seen = LastSeen(service)
    state.errands = Errands()
    going_on = asyncio.create_task(_keep_up(service, state.last_seen))
    try:
        yield
    finally:
        going_on.cancel()
        with suppress(asyncio.CancelledError):
            await going_on
        await state.errands.finish()
        await _logging("last_seen_not_written", state.last_seen.write())


async def _keep_up(service: Caller, last_seen: LastSeen) -> None:
    round_number = 0
    while True:
        if round_number % SWEEP_EVERY == 0:
            await _logging("sweep_failed", _sweep(service))
        round_number += 1
        await asyncio.sleep(WRITE_EVERY_S)
        await _logging("last_seen_not_written", last_seen.write())


async def _sweep(service: Caller) -> None:
    """Delete what nothing depends on any more: spent limits and tokens long expired."""
    async with service.transaction() as db:
        for statement in (*SWEEP, FORGET):
            await db.fetchrow(statement)


async def _logging(event: str, work: Coroutine[Any, Any, None]) -> None:
    """Do the work; log where and why it failed."""
    try:
        await work
    except Exception as error:  # noqa: BLE001 - nobody waits who could be told
        log.warning(event, **trace(error))
