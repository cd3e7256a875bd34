"""A failure as the log may know it: where and what kind, never its message."""

from collections.abc import Iterator
from traceback import walk_tb
from typing import Any

MAX_FRAMES = 60


def trace(error: BaseException) -> dict[str, Any]:
    """Describe a failure for one line of the log; its message may hold what was sent.

    `types` and `frames` (file:line) run from what was raised last to its first cause.
    """
    chain = list(causes(error))
    states = (getattr(cause, "sqlstate", None) for cause in chain)
    frames = [
        f"{frame.f_code.co_filename}:{line}"
        for cause in chain
        for frame, line in walk_tb(cause.__traceback__)
    ]
    return {
        "types": [type(cause).__qualname__ for cause in chain],
        "sqlstate": next(filter(None, states), None),
        "frames": frames[-MAX_FRAMES:],
    }


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Follow a failure to its first cause."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
