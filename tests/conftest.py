"""The stage: one PostgreSQL for the run, one database and one server for each worker; the cast."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
import uvicorn

from app.access.roles import CLIENT_SCOPES
from app.access.tokens import hash_of, new_token
from app.installation import Installation, installed
from app.main import serve_app
from app.postgres import EmbeddedServer
from app.settings import Settings

pytest_plugins = (
    "tests.stage",
    "tests.people",
    "tests.systems",
    "tests.logs",
    "tests.casework",
    "tests.reviews",
    "tests.information_requests",
    "tests.agency_reports",
    "tests.publications",
    "tests.retaining",
    "tests.acting",
    "tests.governance",
    "tests.learning",
    "tests.briefings",
    "tests.receiving",
)
Json = dict[str, Any]


SHARED = "SAFEGUARDING_TEST_DIRECTORY"


def pytest_configure(config: pytest.Config) -> None:
    """Start the server that all workers share, in the process that outlives them."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    directory = tempfile.mkdtemp(prefix="safeguarding-")
    os.environ[SHARED] = directory
    server = EmbeddedServer(Path(directory) / "postgres")
    server.start()
    config.add_cleanup(lambda: shutil.rmtree(directory, ignore_errors=True))
    config.add_cleanup(lambda: shutil.rmtree(f"{directory}.keys", ignore_errors=True))
    config.add_cleanup(server.stop)


LONGEST_FIRST = (
    "test_reach",
    "test_leaks",
    "test_mixed_actors",
    "test_benchmarks",
    "test_schools_2017",
    "test_kill",
)
"""Files that take a minute or more: begun last, one of them would keep a processor to itself."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin the longest files first; the others keep their order."""
    rank = {name: n for n, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))


@pytest.fixture(scope="session")
def settings(worker_id: str) -> Settings:
    """The settings of this worker: a database of its own on the server all share."""
    return Settings(
        port=0,
        data_dir=Path(os.environ[SHARED]),
        database=f"test_{worker_id}",
        key_file=Path(f"{os.environ[SHARED]}.keys") / f"{worker_id}.json",
        body_deadline_s=2.0,
        sign_in_attempts_per_minute=10_000,
    )


@pytest.fixture(scope="session")
def installation(settings: Settings) -> Iterator[Installation]:
    """The database of this worker, as a fresh installation."""
    with installed(settings) as found:
        asyncio.run(found.upgrade())
        yield found


@dataclass(frozen=True, slots=True)
class Server:
    """A running API."""

    url: str
    installation: Installation
    settings: Settings


@asynccontextmanager
async def serving(settings: Settings, installation: Installation) -> AsyncIterator[Server]:
    """Serve for a while, on a free port of the loopback."""
    config = uvicorn.Config(
        serve_app(settings, installation),
        host="127.0.0.1",
        port=0,
        log_config=None,
        access_log=False,
        timeout_keep_alive=120,
        proxy_headers=False,
        server_header=False,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server.serve())
    while not server.started:
        if running.done():
            await running
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Server(f"http://127.0.0.1:{port}", installation, settings)
    finally:
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await running


@pytest.fixture(scope="session")
async def server(settings: Settings, installation: Installation) -> AsyncIterator[Server]:
    """The API of this worker."""
    async with serving(settings, installation) as running:
        yield running


@pytest.fixture(scope="session")
async def owner(installation: Installation) -> AsyncIterator[asyncpg.Connection]:
    """A look behind every policy: for arranging who signs in, and for looking afterwards."""
    assert installation.owner_url is not None
    connection = await asyncpg.connect(installation.owner_url)
    yield connection
    await connection.close()


class SignedIn(httpx.AsyncClient):
    """A caller who has signed in."""

    principal_id: UUID
    agency_id: UUID | None


SignIn = Callable[..., Awaitable[SignedIn]]


@pytest.fixture(scope="session")
async def sign_in(server: Server, owner: asyncpg.Connection) -> AsyncIterator[SignIn]:
    """Sign in a person by roles, or an agency's system by `agency_id`."""
    clients: list[SignedIn] = []

    async def person_or_system(*roles: str, agency_id: UUID | str | None = None) -> SignedIn:
        token = new_token("p" if roles else "a")
        agency = UUID(str(agency_id)) if agency_id else None
        principal_id = await owner.fetchval(
            "INSERT INTO principals (kind, agency_id) VALUES ($1, $2) RETURNING id",
            "person" if roles else "client",
            agency,
        )
        for role in roles:
            await owner.execute(
                "INSERT INTO role_assignments (user_id, role) VALUES ($1, $2)", principal_id, role
            )
        await owner.execute(
            "INSERT INTO tokens (principal_id, kind, token_hash, scopes, expires_at)"
            " VALUES ($1, $2, $3, $4, $5)",
            principal_id,
            "session" if roles else "access",
            hash_of(token),
            None if roles else sorted(map(str, CLIENT_SCOPES)),
            datetime.now(UTC) + timedelta(hours=1),
        )
        client = SignedIn(
            base_url=server.url + "/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30
        )
        client.principal_id, client.agency_id = principal_id, agency
        clients.append(client)
        return client

    yield person_or_system
    for client in clients:
        await client.aclose()


@pytest.fixture(scope="session")
async def business_office(sign_in: SignIn) -> SignedIn:
    """Manager of the Business Office."""
    return await sign_in("bo_manager")


@pytest.fixture(scope="session")
async def board_member(sign_in: SignIn) -> SignedIn:
    """A member of the Board."""
    return await sign_in("board_member")


@pytest.fixture(scope="session")
async def anonymous(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who has not signed in."""
    async with httpx.AsyncClient(base_url=server.url + "/v1", timeout=30) as client:
        yield client


async def make_agency(business_office: SignedIn, **members: object) -> Json:
    """Record an agency."""
    body = {"name": f"Agency {uuid4().hex[:8]}", "sector": "police", "duty_bases": ["section_11"]}
    response = await business_office.post("/agencies", json=body | members)
    assert response.status_code == 201, response.text
    made: Json = response.json()
    return made


@pytest.fixture
async def agency(business_office: SignedIn) -> Json:
    """An agency that nobody else uses."""
    return await make_agency(business_office)


@pytest.fixture
async def other_agency(business_office: SignedIn) -> Json:
    """Another agency."""
    return await make_agency(business_office, sector="voluntary", duty_bases=["voluntary"])


@pytest.fixture
async def agency_system(sign_in: SignIn, agency: Json) -> SignedIn:
    """The system of `agency`, signed in."""
    return await sign_in(agency_id=agency["id"])


@pytest.fixture
async def other_system(sign_in: SignIn, other_agency: Json) -> SignedIn:
    """The system of `other_agency`, signed in."""
    return await sign_in(agency_id=other_agency["id"])


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag that rewrites the reviewed snapshots."""
    parser.addoption("--update-snapshots", action="store_true", help="rewrite tests/snapshots")
