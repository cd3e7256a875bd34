"""Errors, over the wire: one shape for all of them, whoever refused, and nothing of what was sent.

The refusals of the database are its own: PostgreSQL raises them here.
"""

import errno
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm.exc import StaleDataError
from wire import CANARY, assert_problem, discreet, on_the_wire

from app import edge, errors, refusals, strict_json
from app.database import sqlalchemy_url
from app.errors import ApiError, Conflict, NotFound, Problem, responses
from app.installation import Installation

Act = Callable[[], Awaitable[Any]]

operations = APIRouter(prefix="/v1")


@operations.get("/act", status_code=204)
async def act(request: Request) -> None:
    """Do what the test says."""
    await request.app.state.act()


@operations.get("/reviews/{review_id}")
async def read_review(review_id: str) -> str:
    return review_id


@operations.delete("/reviews/{review_id}")
async def delete_review(review_id: str) -> str:
    return review_id


async def refuse_before() -> AsyncIterator[None]:
    """Refuse before the operation runs."""
    raise Conflict
    yield


async def refuse_after() -> AsyncIterator[None]:
    """Refuse when the operation has run, as a commit may."""
    yield
    raise Conflict


@operations.get("/before", dependencies=[Depends(refuse_before)])
async def refused_before_it_runs() -> None:
    return None


@operations.get("/after", dependencies=[Depends(refuse_after, scope="function")])
async def refused_after_it_ran() -> None:
    return None


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """An application with an operation for each kind of refusal."""
    app = FastAPI(openapi_url=None)
    app.include_router(operations)
    refusals.install(app)
    return app


@pytest.fixture(scope="module")
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of it."""
    served = edge.Edge(app, is_upload=lambda _, __: False)
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


def below(base: type[ApiError]) -> list[type[ApiError]]:
    return [each for child in base.__subclasses__() for each in (child, *below(child))]


async def test_a_problem_looks_like_this(client: httpx.AsyncClient, app: FastAPI) -> None:
    app.state.act = raising(Conflict.at("/agency_id"))

    response = await client.get("/v1/act")

    request_id = response.headers["x-request-id"]
    assert response.json() == {
        "type": "/problems/conflict",
        "title": "Conflict",
        "status": 409,
        "code": "conflict",
        "detail": "The request contradicts what is on record.",
        "instance": f"urn:uuid:{request_id}",
        "request_id": request_id,
        "errors": [
            {
                "location": "body",
                "pointer": "/agency_id",
                "code": "conflict",
                "detail": "The request contradicts what is on record.",
            }
        ],
    }


@pytest.mark.parametrize("path", ["/v1/before", "/v1/after"])
async def test_a_dependency_may_refuse_before_and_after(
    client: httpx.AsyncClient, path: str
) -> None:
    response = await client.get(path)

    assert_problem(response, 409, "conflict")


async def test_an_unknown_address_is_not_found(client: httpx.AsyncClient) -> None:
    response = await client.get(f"/v1/{CANARY}")

    assert_problem(response, 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", f"/v1/reviews/{CANARY}", "DELETE, GET"),
        ("HEAD", f"/v1/reviews/{CANARY}", "DELETE, GET"),
        ("POST", "/v1/act", "GET"),
    ],
)
async def test_a_wrong_method_is_told_all_the_right_ones(
    client: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    response = await client.request(method, path)

    assert (response.status_code, response.headers["allow"]) == (405, allowed)


async def test_who_may_not_know_is_challenged(client: httpx.AsyncClient, app: FastAPI) -> None:
    app.state.act = raising(errors.Unauthenticated())

    response = await client.get("/v1/act")

    assert_problem(response, 401, "unauthenticated")
    assert response.headers["www-authenticate"] == "Bearer"


# The database


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


# The catalogue


@pytest.mark.parametrize("error", below(ApiError))
def test_every_error_can_be_documented(error: type[ApiError]) -> None:
    documented = responses(error)[error.status]

    example = documented["content"]["application/problem+json"]["examples"][error.code]
    assert Problem.model_validate(example["value"]).detail == documented["description"]


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [error.code for error in below(ApiError)]

    assert sorted(set(codes)) == sorted(codes)
    assert {edge.UnknownHost.code, strict_json.JsonNul.code} < set(codes)


def test_errors_of_one_status_share_its_documentation() -> None:
    documented = responses(Conflict, errors.ConcurrentChange, NotFound)

    examples = documented[409]["content"]["application/problem+json"]["examples"]
    assert (list(documented), list(examples)) == ([409, 404], ["conflict", "concurrent_change"])


def test_the_schema_of_problems_is_complete_and_bounded() -> None:
    schemas = errors.problem_schemas()

    assert list(schemas) == ["Problem", "ProblemError"]
    assert [member for schema in schemas.values() for member in unbounded(schema)] == []


def unbounded(schema: dict[str, Any]) -> list[str]:
    """Name the texts, lists and members that have no limit or no description."""
    return [
        name
        for name, member in schema["properties"].items()
        if not {"maxLength", "enum", "maximum", "maxItems"} & member.keys()
        or "description" not in member
    ]
