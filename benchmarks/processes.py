"""Processes of the benchmark: each ends with the block it was started for, and with its parent."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context, parent_process

PATIENCE_S = 30
"""Longest wait for a process to end by itself."""


@contextmanager
def process(target: Callable[..., None], *args: object) -> Iterator[None]:
    """Run a function in a process of its own; tell it to stop (SIGTERM) when the block ends."""
    child = get_context("spawn").Process(target=_run, args=(target, *args), daemon=True)
    child.start()
    try:
        yield
    finally:
        child.terminate()
        child.join(PATIENCE_S)
        if child.is_alive():
            child.kill()
            child.join()


def _run(target: Callable[..., None], *args: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    target(*args)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
