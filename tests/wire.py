"""An application on a real port, raw bytes to it, and an ear for what must not come back."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from json import loads
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp
from structlog.testing import capture_logs

CANARY = "Jane-Doe-9434765919"
"""What is sent in places from where nothing may come back."""


@asynccontextmanager
async def on_the_wire(
    app: ASGIApp, http: Any = "httptools", lifespan: Any = "off"
) -> AsyncIterator[str]:
    """Serve an application on a free port of the loopback; give its address."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        http=http,
        lifespan=lifespan,
        log_config=None,
        access_log=False,
        server_header=False,
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back over a raw connection."""

    status: int
    headers: Message
    body: bytes

    @property
    def problem(self) -> Any:
        """The body of a problem."""
        assert self.headers["content-type"] == "application/problem+json"
        return loads(self.body)


async def say(url: str, *parts: bytes, pause_s: float = 0) -> Heard:
    """Send parts of a request, with pauses before all but the first, until the answer is here."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        answer = asyncio.create_task(_hear(reader))
        with suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
                if (await asyncio.wait({answer}, timeout=pause_s))[0]:
                    break
        return await answer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def _hear(reader: asyncio.StreamReader) -> Heard:
    status_line, _, fields = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
    headers = message_from_bytes(fields)
    body = await reader.readexactly(int(headers["content-length"]))
    return Heard(int(status_line.split()[1]), headers, body)


def request(line: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """Write a request, with `Host` and the length of its body unless other headers are given."""
    if headers is None:
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{line} HTTP/1.1\r\nHost: board.example\r\n{fields}\r\n".encode("latin-1") + body


def assert_problem(response: httpx.Response, status: int, code: str) -> None:
    """Hold an answer to the contract, and to saying nothing of what was sent."""
    assert (response.status_code, response.json().get("code")) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["instance"] == f"urn:uuid:{response.json()['request_id']}"
    assert CANARY not in f"{response.headers}{response.text}"


@contextmanager
def discreet(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Iterator[list[Any]]:
    """Collect the entries of our log; at the end, no log and no stream may hold the canary."""
    with capture_logs() as entries:
        yield entries
    printed = capfd.readouterr()
    assert CANARY not in f"{entries}{caplog.text}{printed.out}{printed.err}"
