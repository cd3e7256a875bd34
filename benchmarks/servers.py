"""The three versions as servers, one process each: ours, the floor and the ORM version.

Ours runs as `safeguarding serve` runs it; the others on the same server, uvicorn, with the same
event loop and parser, and without an access log either.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from app.serving import WAITING_CONNECTIONS, answer_requests, listening
from benchmarks import floor, orm
from benchmarks.processes import process
from benchmarks.stage import Stage


@dataclass(frozen=True, slots=True)
class Version:
    """A version that is being served, on a port of the loopback."""

    name: str
    port: int


@contextmanager
def ours(stage: Stage) -> Iterator[Version]:
    """Serve the product for the block."""
    with listening(stage.settings) as listener:
        listener.listen(WAITING_CONNECTIONS)
        with process(answer_requests, stage.settings, stage.installation, listener):
            yield Version("ours", listener.getsockname()[1])


@contextmanager
def floor_version(stage: Stage) -> Iterator[Version]:
    """Serve the hand-written floor for the block."""
    with _other(stage, "floor", floor.build) as version:
        yield version


@contextmanager
def orm_version(stage: Stage) -> Iterator[Version]:
    """Serve the idiomatic ORM version for the block."""
    with _other(stage, "orm", orm.build) as version:
        yield version


@contextmanager
def _other(stage: Stage, name: str, build: Callable[[str, int], ASGIApp]) -> Iterator[Version]:
    with listening(stage.settings) as listener:
        listener.listen(WAITING_CONNECTIONS)
        with process(_answer, build, stage.admin_url, stage.settings.pool_size, listener):
            yield Version(name, listener.getsockname()[1])


def _answer(
    build: Callable[[str, int], ASGIApp], url: str, pool_size: int, listener: socket.socket
) -> None:
    config = uvicorn.Config(
        build(url, pool_size),
        lifespan="on",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[listener])
