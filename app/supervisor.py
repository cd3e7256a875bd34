"""Processes that are watched: started, started again when they end, drained when told to stop.

Each is a fresh interpreter. It ends when its supervisor does, even by `kill -9`: the two share a
pipe, and its end is noticed by a thread of the process.
"""

import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any, Self

import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger()

STEADY_S, LONGEST_PAUSE_S = 5.0, 10.0
"""A shorter life than the first doubles the pause before the next one, up to the second."""

LAST_WORDS_S = 5.0
"""How much longer than its drain time a process may take before it is killed."""


@dataclass(slots=True)
class Post:
    """A place that one process fills at a time: its name, and what the process runs."""

    name: str
    run: Callable[..., None]
    arguments: tuple[Any, ...]
    process: SpawnProcess | None = None
    born: float = 0.0
    due: float = 0.0
    brief_lives: int = 0

    def fill(self) -> None:
        """Start a process, once the pause after the last one is over."""
        if self.process is not None or time.monotonic() < self.due:
            return
        context = multiprocessing.get_context("spawn")
        self.process = context.Process(
            target=_work, name=self.name, args=(self.run, self.arguments)
        )
        self.process.start()
        self.born = time.monotonic()

    def vacate(self) -> None:
        """Let go of a process that has ended, and log that it did."""
        if self.process is None or self.process.is_alive():
            return
        log.error("process_ended", process=self.name, exit_code=self.process.exitcode)
        self.process.close()
        self.process = None
        is_brief = time.monotonic() - self.born < STEADY_S
        self.brief_lives = self.brief_lives + 1 if is_brief else 0
        pause_s = min(0.1 * 2**self.brief_lives, LONGEST_PAUSE_S) if is_brief else 0.0
        self.due = time.monotonic() + pause_s


def supervise(posts: Sequence[Post], drain_s: float) -> None:
    """Keep every post filled until SIGTERM or SIGINT; then let the processes finish, and end."""
    with _Stop() as stop:
        try:
            _keep_filled(posts, stop)
        finally:
            _drain([post.process for post in posts if post.process is not None], drain_s, stop)


def _keep_filled(posts: Sequence[Post], stop: "_Stop") -> None:
    while not stop.requested:
        for post in posts:
            post.fill()
        sentinels = [post.process.sentinel for post in posts if post.process is not None]
        idle_s = 1.0 if len(sentinels) == len(posts) else 0.05
        wait([*sentinels, stop.signalled], timeout=idle_s)
        for post in posts:
            post.vacate()


def _drain(processes: Sequence[SpawnProcess], drain_s: float, stop: "_Stop") -> None:
    """End processes: in order, and by force if they take too long or a second signal comes."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + drain_s + LAST_WORDS_S
    stop.requested = False
    while any(process.is_alive() for process in processes):
        if stop.requested or time.monotonic() > deadline:
            for process in processes:
                process.kill()
        stop.clear()
        alive = [process.sentinel for process in processes if process.is_alive()]
        wait([*alive, stop.signalled], timeout=0.5)
    for process in processes:
        process.join()


class _Stop:
    """The wish of whoever runs us that we end, as a signal; and a socket that wakes a wait."""

    def __init__(self) -> None:
        self.requested = False
        self.signalled, self._waker = socket.socketpair()
        self.signalled.setblocking(False)
        self._waker.setblocking(False)

    def __enter__(self) -> Self:
        self._before = {
            number: signal.signal(number, self._ask) for number in (signal.SIGTERM, signal.SIGINT)
        }
        self._fd_before = signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._fd_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self.signalled.close()
        self._waker.close()

    def clear(self) -> None:
        """Forget what woke the last wait."""
        try:
            self.signalled.recv(64)
        except BlockingIOError:
            return

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True


def _work(run: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """Run in the process of a post: end with the supervisor, and without a word."""
    threading.Thread(target=_end_with_supervisor, name="supervisor", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        # A server replaces this while it runs, and repeats the signal after it has drained.
        signal.signal(number, _leave)
    run(*arguments)


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _end_with_supervisor() -> None:
    """Wait until the supervisor is gone; then drain this process, or end it by force."""
    supervisor = multiprocessing.parent_process()
    if supervisor is None:
        return
    supervisor.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(LAST_WORDS_S)
    os._exit(1)
