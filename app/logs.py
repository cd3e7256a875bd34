"""The log: one line of JSON for each event, on the standard error output.

A line never holds what was sent or stored. Lines of libraries are therefore cut to their first
line and lose the text of an exception, which may quote a value; its type and place remain.
"""

import logging
import queue
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener
from time import perf_counter
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.stdlib import ProcessorFormatter
from structlog.types import EventDict, Processor

from app.failures import trace

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@contextmanager
def logging_to_stderr() -> Iterator[None]:
    """Log for the block, through a queue: whoever logs never waits for the output."""
    waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
    handler = QueueHandler(waiting)
    handler.setFormatter(_formatter())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("app").setLevel(logging.INFO)
    structlog.configure(
        processors=[*_stamps(), ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    listener = QueueListener(waiting, logging.StreamHandler(sys.stderr))
    listener.start()
    try:
        yield
    finally:
        listener.stop()
        root.removeHandler(handler)
        structlog.reset_defaults()


def _stamps() -> list[Processor]:
    return [structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)]


def _formatter() -> ProcessorFormatter:
    return ProcessorFormatter(
        foreign_pre_chain=[*_stamps(), structlog.stdlib.add_logger_name, _without_values],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )


def _without_values(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Cut the line of a library to what cannot quote anybody."""
    text = str(event["event"])
    if text.startswith("Traceback"):
        # The server prints the failure of a start as text; its last line names the type first.
        text = "failed: " + text.strip().rpartition("\n")[2].partition(":")[0]
    event["event"] = text.partition("\n")[0]
    error = event.pop("exc_info", None)
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event.update(trace(error))
    return event


class RequestLog:
    """Writes a line for each request: its operation, status and time; no address and no query."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and log how it ended. Status 0: it was never answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = 0, perf_counter()

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            log.info(
                "request",
                request_id=scope.get("state", {}).get("request_id"),
                method=scope["method"] if scope["method"].isalpha() else None,
                operation=getattr(scope.get("endpoint"), "__name__", None),
                status=status,
                milliseconds=round(1000 * (perf_counter() - began), 1),
            )
