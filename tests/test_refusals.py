"""Refusals of the database and the system, over the wire: each has its status, none its words.

They are the database's own: PostgreSQL raises them here.
"""

import errno
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI, Request
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm.exc import StaleDataError

from app import errors, refusals
from app.database import sqlalchemy_url
from app.edge import Edge
from app.installation import Installation
from tests.wire import CANARY, assert_problem, discreet, on_the_wire

Act = Callable[[], Awaitable[Any]]


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """An application whose one operation does what the test says."""
    app = FastAPI(openapi_url=None)
    refusals.install(app)

    @app.get("/v1/act", status_code=204)
    async def act(request: Request) -> None:
        await request.app.state.act()

    return app


@pytest.fixture(scope="module")
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of it."""
    served = Edge(app, is_upload=lambda _, __: False)
    async with on_the_wire(served) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


@pytest.fixture(scope="module")
async def driver(installation: Installation) -> AsyncIterator[asyncpg.Connection]:
    """A connection to PostgreSQL, without SQLAlchemy."""
    connection = await asyncpg.connect(installation.app_url)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def engine(installation: Installation) -> AsyncIterator[AsyncEngine]:
    """One connection to PostgreSQL, and no more, through SQLAlchemy."""
    engine = create_async_engine(
        sqlalchemy_url(installation.app_url), pool_size=1, max_overflow=0, pool_timeout=0.05
    )
    yield engine
    await engine.dispose()


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[list[Any]]:
    """What we log. Nothing of it, or of what others print, may hold the canary."""
    with discreet(caplog, capfd) as entries:
        yield entries


def raising(error: Exception) -> Act:
    async def act() -> None:
        raise error

    return act


def refusal(sqlstate: str, constraint: str = "") -> str:
    """Write a statement that PostgreSQL answers with an error of our choice."""
    return (
        f"DO $$ BEGIN RAISE EXCEPTION '{CANARY}' USING ERRCODE = '{sqlstate}',"
        f" DETAIL = 'Key (name)=({CANARY})', CONSTRAINT = '{constraint}'; END $$"
    )


async def execute(engine: AsyncEngine, sql: str) -> None:
    async with engine.connect() as connection:
        await connection.execute(text(sql))


STATES = [
    ("SG401", 401, "unauthenticated"),
    ("28000", 401, "unauthenticated"),
    ("SG403", 403, "insufficient_scope"),
    ("42501", 403, "forbidden"),
    ("23503", 409, "unknown_reference"),
    ("23505", 409, "conflict"),
    ("23514", 409, "conflict"),
    ("23P01", 409, "conflict"),
    ("40001", 409, "concurrent_change"),
    ("40P01", 409, "concurrent_change"),
    ("55P03", 409, "concurrent_change"),
    ("22003", 422, "invalid"),
    ("22021", 422, "invalid"),
    ("22P02", 422, "invalid"),
    ("22P05", 422, "invalid"),
    ("53100", 507, "storage_full"),
    ("53300", 503, "unavailable"),
    ("57014", 503, "unavailable"),
    ("57P01", 503, "unavailable"),
    ("57P03", 503, "unavailable"),
    ("08006", 503, "unavailable"),
    ("42703", 500, "unexpected"),
]


@pytest.mark.parametrize(("sqlstate", "status", "code"), STATES)
async def test_a_refusal_on_the_driver_is_translated(
    client: httpx.AsyncClient,
    app: FastAPI,
    driver: asyncpg.Connection,
    sqlstate: str,
    status: int,
    code: str,
) -> None:
    app.state.act = lambda: driver.execute(refusal(sqlstate))

    response = await client.get("/v1/act")

    assert_problem(response, status, code)


@pytest.mark.parametrize(("sqlstate", "status", "code"), STATES)
async def test_a_refusal_through_sqlalchemy_is_translated(
    client: httpx.AsyncClient,
    app: FastAPI,
    engine: AsyncEngine,
    sqlstate: str,
    status: int,
    code: str,
) -> None:
    app.state.act = lambda: execute(engine, refusal(sqlstate))

    response = await client.get("/v1/act")

    assert_problem(response, status, code)


async def test_a_constraint_may_have_a_sentence_of_its_own(
    client: httpx.AsyncClient,
    app: FastAPI,
    driver: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(refusals.CONSTRAINTS, "ends_after_start", "The end lies before the start.")
    app.state.act = lambda: driver.execute(refusal("23514", "ends_after_start"))

    response = await client.get("/v1/act")

    assert response.json()["errors"] == [
        {
            "location": "body",
            "pointer": "",
            "code": "ends_after_start",
            "detail": "The end lies before the start.",
        }
    ]


@pytest.mark.parametrize("argument", [CANARY, "1\0" + CANARY])
async def test_an_argument_the_driver_refuses_is_invalid(
    client: httpx.AsyncClient, app: FastAPI, driver: asyncpg.Connection, argument: str
) -> None:
    kind = "text" if "\0" in argument else "int"
    app.state.act = lambda: driver.fetch(f"SELECT $1::{kind}", argument)

    response = await client.get("/v1/act")

    assert_problem(response, 422, "invalid")


async def test_a_busy_record_may_be_tried_again(
    client: httpx.AsyncClient, app: FastAPI, driver: asyncpg.Connection
) -> None:
    app.state.act = lambda: driver.execute(refusal("55P03"))

    response = await client.get("/v1/act")

    assert response.headers["retry-after"] == "1"


async def test_a_full_pool_is_unavailable(
    client: httpx.AsyncClient, app: FastAPI, engine: AsyncEngine, log: list[Any]
) -> None:
    app.state.act = lambda: execute(engine, "SELECT 1")

    async with engine.connect():
        response = await client.get("/v1/act")

    assert_problem(response, 503, "unavailable")
    assert response.headers["retry-after"] == "5"
    assert [entry["types"][0] for entry in log] == [NoConnectionFree.__qualname__]


async def test_a_connection_that_is_cut_is_unavailable(
    client: httpx.AsyncClient, app: FastAPI, engine: AsyncEngine
) -> None:
    app.state.act = lambda: execute(engine, "SELECT pg_terminate_backend(pg_backend_pid())")

    response = await client.get("/v1/act")

    assert_problem(response, 503, "unavailable")


async def test_a_connection_that_is_closed_is_unavailable(
    client: httpx.AsyncClient, app: FastAPI, installation: Installation
) -> None:
    closed = await asyncpg.connect(installation.app_url)
    await closed.close()
    app.state.act = lambda: closed.execute("SELECT 1")

    response = await client.get("/v1/act")

    assert_problem(response, 503, "unavailable")


@pytest.mark.parametrize("host", ["127.0.0.1", "/nowhere"])
async def test_a_database_that_is_not_there_is_unavailable(
    client: httpx.AsyncClient, app: FastAPI, host: str
) -> None:
    app.state.act = lambda: asyncpg.connect(host=host, port=1, user=CANARY, password=CANARY)

    response = await client.get("/v1/act")

    assert_problem(response, 503, "unavailable")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        pytest.param(StaleDataError(CANARY), 403, "forbidden", id="seen but not changeable"),
        pytest.param(TimeoutError(CANARY), 503, "unavailable", id="no answer in time"),
        pytest.param(
            asyncpg.InternalClientError(CANARY), 503, "unavailable", id="cut in mid-answer"
        ),
        pytest.param(OSError(errno.ENOSPC, CANARY), 507, "storage_full", id="disk full"),
        pytest.param(OSError(errno.EDQUOT, CANARY), 507, "storage_full", id="quota used up"),
        pytest.param(KeyError(CANARY), 500, "unexpected", id="a defect"),
        pytest.param(errors.Unavailable(), 503, "unavailable", id="our own word"),
    ],
)
async def test_what_goes_wrong_on_our_side_is_translated(
    client: httpx.AsyncClient, app: FastAPI, error: Exception, status: int, code: str
) -> None:
    app.state.act = raising(error)

    response = await client.get("/v1/act")

    assert_problem(response, status, code)


async def test_a_file_that_is_missing_is_a_defect_and_its_name_is_not_logged(
    client: httpx.AsyncClient, app: FastAPI, log: list[Any]
) -> None:
    async def act() -> None:
        Path(f"/{CANARY}").read_bytes()  # noqa: ASYNC240 - there is nothing to read

    app.state.act = act

    response = await client.get("/v1/act")

    assert_problem(response, 500, "unexpected")
    assert [entry["types"] for entry in log] == [["FileNotFoundError"]]


async def test_a_defect_in_a_statement_is_logged_by_its_code(
    client: httpx.AsyncClient, app: FastAPI, engine: AsyncEngine, log: list[Any]
) -> None:
    app.state.act = lambda: execute(engine, refusal("42703"))

    await client.get("/v1/act")

    assert [(entry["log_level"], entry["sqlstate"]) for entry in log] == [("error", "42703")]


async def test_who_may_not_know_is_challenged(client: httpx.AsyncClient, app: FastAPI) -> None:
    app.state.act = raising(errors.Unauthenticated())

    response = await client.get("/v1/act")

    assert_problem(response, 401, "unauthenticated")
    assert response.headers["www-authenticate"] == "Bearer"
