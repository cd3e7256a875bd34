"""A subscriber's own server, on the loopback: keeps what it gets and answers as it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from standardwebhooks import Webhook

from app.access.caller import Caller
from app.access.scopes import Capability
from app.access.tokens import service_token
from app.installation import Installation
from app.jobs.webhooks import send_webhooks
from app.settings import Settings
from tests.conftest import Json, SignedIn
from tests.people import serving_with
from tests.stage import Within

Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Message:
    """What arrived."""

    target: str
    headers: dict[str, str]
    body: str

    def verified(self, secret: str) -> Json:
        """Verify as a subscriber does, and return what it says."""
        event: Json = Webhook(secret).verify(self.body, self.headers)
        return event


@dataclass(slots=True)
class Receiver:
    """A server that answers with `status`, after a while; keeps every message."""

    port: int = 0
    status: int = 204
    location: str | None = None
    pause_s: float = 0.0
    messages: list[Message] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/hooks"

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.messages.append(Message(head[0].split()[1], headers, body.decode()))
            await asyncio.sleep(self.pause_s)
            moved = f"Location: {self.location}\r\n" if self.location else ""
            answer = f"HTTP/1.1 {self.status} Answer\r\n{moved}Content-Length: 0\r\n\r\n"
            writer.write(answer.encode())
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Receive for a while."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.take, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


@pytest.fixture
async def receiver(owner: asyncpg.Connection) -> AsyncIterator[Receiver]:
    """A subscriber's server, begun when all that was written before is final."""
    await settle(owner)
    async with receiving() as running:
        yield running


@pytest.fixture(scope="session")
async def loopback_url(server: Any) -> AsyncIterator[str]:
    """Where the same API listens that allows webhooks to this machine."""
    async with serving_with(server, webhook_loopback=True) as client:
        yield str(client.base_url)


@pytest.fixture
def postman(within: Within, installation: Installation) -> Caller:
    """The worker."""
    return within(service_token(installation.secret_key, "worker"), Capability.run_jobs)


@pytest.fixture(scope="session")
def allowing(settings: Settings) -> Settings:
    """Settings under which webhooks may go to this machine."""
    return settings.model_copy(update={"webhook_loopback": True})


@pytest.fixture
async def work(
    postman: Caller, installation: Installation, allowing: Settings, owner: asyncpg.Connection
) -> Work:
    """A round of the worker, for what is subscribed from here on."""
    await owner.execute("DELETE FROM subscriptions")

    async def round_of_the_worker() -> None:
        await settle(owner)
        await owner.execute(
            "UPDATE webhook_deliveries SET next_attempt_at = now() WHERE outcome = 'waiting'"
        )
        await send_webhooks(postman, allowing, installation.secret_key)

    return round_of_the_worker


async def settle(owner: asyncpg.Connection) -> None:
    """Wait until all that was written is final: other databases of the server count too."""
    for _ in range(400):
        if await owner.fetchval("SELECT max(xact) < actor.feed_horizon() FROM events"):
            return
        await asyncio.sleep(0.05)
    raise TimeoutError


async def subscribe(caller: SignedIn, url: str, *types: str, at: str, **members: object) -> Json:
    """Subscribe at the API that allows this machine as an address."""
    body = {"url": url, "event_types": list(types) or ["*"]} | members
    response = await caller.post(f"{at}subscriptions", json=body)
    assert response.status_code == 201, response.text
    made: Json = response.json()
    return made
