"""The load generator: HTTP/1.1 over kept connections, in a process of its own.

Every connection sends its next request when the answer to the last one is there. The same
generator asks every version, so what it costs weighs on all of them alike.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from statistics import median
from typing import cast
from uuid import uuid4

import uvloop

from benchmarks.processes import process

KEY = b"0123456789abcdef0123456789abcdef"
"""Stands in a request for an `Idempotency-Key` that is new each time."""

GRACE_S = 20
"""Longest wait for the last answers."""


@dataclass(frozen=True, slots=True)
class Barrage:
    """Requests to send again and again, for a while, over so many connections."""

    port: int
    requests: list[bytes]
    seconds: float
    connections: int = 16


@dataclass(frozen=True, slots=True)
class Shots:
    """What came of a barrage: how many answers, and how long they took."""

    answers: int
    seconds: float
    """Until the last answer."""
    median_ms: float
    slowest_ms: float
    """Of a hundred answers, 99 were faster."""

    @property
    def per_second(self) -> float:
        """Answers in a second."""
        return self.answers / self.seconds


class Generator:
    """The generator, seen from the process that measures."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def send(self, barrage: Barrage) -> Shots:
        """Send a barrage and wait for what comes of it. Raises `RuntimeError` on a refusal."""
        self._pipe.send(barrage)
        if not self._pipe.poll(barrage.seconds + 2 * GRACE_S):
            raise RuntimeError("The load generator does not answer.")
        shots = self._pipe.recv()
        if not isinstance(shots, Shots):
            raise RuntimeError(f"A version refused what it was asked: {shots}")  # noqa: TRY004
        return shots


@contextmanager
def generator() -> Iterator[Generator]:
    """Run a load generator for the block."""
    ours, theirs = Pipe()
    with ours, process(_generate, theirs):
        theirs.close()
        yield Generator(ours)


def _generate(pipe: Connection) -> None:
    while True:
        pipe.send(uvloop.run(_send(pipe.recv())))


@dataclass(slots=True)
class _Run:
    """One barrage under way."""

    requests: Iterator[bytes]
    until: float
    latencies: list[float] = field(default_factory=list)
    refusal: str | None = None


class _Exchange(asyncio.Protocol):
    """What goes over one kept connection: one request at a time."""

    def __init__(self, run: _Run) -> None:
        self.run = run
        self.done = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.missing = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.ask()

    def ask(self) -> None:
        self.buffer, self.missing = b"", -1
        self.asked_at = time.perf_counter()
        self.transport.write(next(self.run.requests))

    def data_received(self, data: bytes) -> None:
        if self.missing < 0:
            self.buffer += data
            head, found, body = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            self.missing = _length(head) - len(body)
            if head[9:10] != b"2":
                self.run.refusal = head.partition(b"\r\n")[0].decode("latin-1")
        else:
            self.missing -= len(data)
        if self.missing == 0:
            self.answered()

    def answered(self) -> None:
        now = time.perf_counter()
        self.run.latencies.append(now - self.asked_at)
        if now < self.run.until and self.run.refusal is None:
            self.ask()
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None or self.missing != 0:
            self.run.refusal = self.run.refusal or "the connection was closed"
        if not self.done.done():
            self.done.set_result(None)


async def _send(barrage: Barrage) -> Shots | str:
    started = time.perf_counter()
    run = _Run(_endless(barrage.requests), started + barrage.seconds)
    loop = asyncio.get_running_loop()
    connections = [
        (await loop.create_connection(lambda: _Exchange(run), "127.0.0.1", barrage.port))[1]
        for _ in range(barrage.connections)
    ]
    try:
        async with asyncio.timeout(barrage.seconds + GRACE_S):
            await asyncio.gather(*(connection.done for connection in connections))
    except TimeoutError:
        return "no answer in time"
    finally:
        for connection in connections:
            connection.transport.abort()
    if run.refusal is not None:
        return run.refusal
    took = time.perf_counter() - started
    ordered = sorted(run.latencies)
    slowest = ordered[len(ordered) * 99 // 100]
    return Shots(len(ordered), took, median(ordered) * 1e3, slowest * 1e3)


def _endless(requests: list[bytes]) -> Iterator[bytes]:
    """Repeat the requests for ever, each with a key of its own where it has one."""
    parts = [request.partition(KEY) for request in requests]
    for before, key, after in cycle(parts):
        yield before + uuid4().hex.encode() + after if key else before


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    if not found:
        raise ValueError("An answer does not say how long it is.")
    return int(rest.partition(b"\r\n")[0])
