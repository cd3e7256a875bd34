"""Broken rules of a schema, over the wire: where and which, in the contract's own words only."""

from collections.abc import AsyncIterator, Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI, Header, Query
from pydantic import (
    MISSING,
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    PastDate,
)
from pydantic_core import PydanticCustomError

from app import refusals
from app.broken_rules import broken_rules
from app.edge import Edge
from tests.wire import CANARY, assert_problem, discreet, on_the_wire


def quarrel(value: str) -> str:
    """Refuse, with the value in the message."""
    message = f"{value} is not good"
    raise ValueError(message)


def refuse_politely(value: str) -> str:
    """Refuse, by a rule of our own."""
    raise PydanticCustomError("date_format", "The value is {value}.", {"value": value})


class Strict(BaseModel):
    """Takes no other members."""

    model_config = ConfigDict(extra="forbid")


class Answer(Strict):
    """A part of a body."""

    grade: Annotated[int, Field(ge=1, le=4)]


class Circle(Strict):
    """One branch of a union."""

    kind: Literal["circle"]
    radius: int


class Square(Strict):
    """The other branch."""

    kind: Literal["square"]
    side: int


class Return(Strict):
    """A body with a place for every kind of mistake."""

    reference: Annotated[str, Field(min_length=2, max_length=30, pattern="^[A-Z]+$")] = "AB"
    answers: Annotated[list[Answer], Field(max_length=99)] = []
    by_name: dict[str, Answer] = {}
    by_year: dict[int, Answer] = {}
    shape: Annotated[Circle | Square, Field(discriminator="kind")] | None = None
    number_or_answer: int | Answer | None = None
    status: Literal["open", "closed"] | MISSING = MISSING
    due_on: date | None = None
    born_on: PastDate | None = None
    sent_at: AwareDatetime | None = None
    agency_id: UUID | None = None
    rate: Annotated[Decimal, Field(max_digits=3)] | None = None
    is_late: bool | None = None
    site: HttpUrl | None = None
    loud: Annotated[str, AfterValidator(quarrel)] | None = None
    polite: Annotated[str, AfterValidator(refuse_politely)] | None = None
    escaped: Annotated[int | None, Field(alias="a/b~c")] = None


class Filters(Strict):
    """Parameters, and no others."""

    limit: Annotated[int, Field(ge=1, le=200)] = 1
    status: list[Literal["open", "closed"]] = []


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A caller of operations that take what the classes above describe."""
    app = FastAPI(openapi_url=None)
    refusals.install(app)

    @app.post("/v1/returns", status_code=201)
    async def create_return(body: Return) -> str:
        return body.reference

    @app.get("/v1/returns")
    async def list_returns(
        filters: Annotated[Filters, Query()], if_match: Annotated[int, Header()] = 0
    ) -> int:
        return filters.limit + if_match

    @app.get("/v1/returns/{return_id}")
    async def read_return(return_id: UUID) -> UUID:
        return return_id

    served = Edge(app, is_upload=lambda _, __: False)
    async with on_the_wire(served) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


@pytest.fixture(autouse=True)
def silence(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Nothing is logged or printed of what was sent."""
    with discreet(caplog, capfd):
        yield


def rules(response: httpx.Response) -> list[tuple[str, str, str]]:
    """Return where and what a response says was broken."""
    return [(e["location"], e["pointer"], e["code"]) for e in response.json()["errors"]]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({CANARY: CANARY}, "", "unknown_member"),
        ([CANARY], "", "wrong_type"),
        ({"reference": None}, "/reference", "wrong_type"),
        ({"reference": "A"}, "/reference", "too_short"),
        ({"reference": CANARY * 2}, "/reference", "too_long"),
        ({"reference": CANARY}, "/reference", "pattern"),
        ({"answers": CANARY}, "/answers", "wrong_type"),
        ({"answers": [{"grade": 1}, {}]}, "/answers/1/grade", "missing"),
        ({"answers": [{"grade": 0}]}, "/answers/0/grade", "too_small"),
        ({"answers": [{"grade": 9_434_765_919}]}, "/answers/0/grade", "too_large"),
        ({"answers": [{"grade": 1.5}]}, "/answers/0/grade", "wrong_type"),
        ({"answers": [{"grade": CANARY}]}, "/answers/0/grade", "wrong_format"),
        ({"answers": [{"grade": 1, CANARY: 1}]}, "/answers/0", "unknown_member"),
        ({"answers": [CANARY]}, "/answers/0", "wrong_type"),
        ({"by_name": {CANARY: {"grade": 0}}}, "/by_name", "too_small"),
        ({"by_name": {"status": {}}}, "/by_name/status/grade", "missing"),
        ({"by_year": {CANARY: {"grade": 1}}}, "/by_year", "wrong_format"),
        ({"shape": {"kind": CANARY}}, "/shape", "not_a_choice"),
        ({"shape": {}}, "/shape", "missing"),
        ({"shape": {"kind": "circle"}}, "/shape/radius", "missing"),
        ({"shape": {"kind": "square", "side": CANARY}}, "/shape/side", "wrong_format"),
        ({"status": CANARY}, "/status", "not_a_choice"),
        ({"due_on": CANARY}, "/due_on", "wrong_format"),
        ({"born_on": "9999-12-31"}, "/born_on", "too_late"),
        ({"sent_at": "2026-11-23T10:00:00"}, "/sent_at", "wrong_format"),
        ({"agency_id": CANARY}, "/agency_id", "wrong_format"),
        ({"rate": "9434765919"}, "/rate", "too_long"),
        ({"is_late": CANARY}, "/is_late", "wrong_format"),
        ({"site": f"ftp://{CANARY}"}, "/site", "wrong_format"),
        ({"loud": CANARY}, "/loud", "invalid"),
        ({"polite": CANARY}, "/polite", "date_format"),
        ({"a/b~c": CANARY}, "/a~1b~0c", "wrong_format"),
    ],
)
async def test_a_body_that_breaks_a_rule_is_told_where_and_which(
    client: httpx.AsyncClient, body: Any, pointer: str, code: str
) -> None:
    response = await client.post("/v1/returns", json=body)

    assert_problem(response, 422, "invalid")
    assert rules(response) == [("body", pointer, code)]


async def test_both_branches_of_a_union_are_told(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/returns", json={"number_or_answer": {"grade": CANARY}})

    assert rules(response) == [
        ("body", "/number_or_answer", "wrong_type"),
        ("body", "/number_or_answer/grade", "wrong_format"),
    ]


@pytest.mark.parametrize(
    ("target", "headers", "place"),
    [
        (f"?{CANARY}={CANARY}", {}, ("query", "", "unknown_member")),
        ("?limit=0", {}, ("query", "limit", "too_small")),
        (f"?limit={CANARY}", {}, ("query", "limit", "wrong_format")),
        (f"?limit={'9' * 20}", {}, ("query", "limit", "too_large")),
        (f"?status=open&status={CANARY}", {}, ("query", "status", "not_a_choice")),
        ("", {"If-Match": CANARY}, ("header", "if-match", "wrong_format")),
        (f"/{CANARY}", {}, ("path", "return_id", "wrong_format")),
    ],
)
async def test_a_parameter_that_breaks_a_rule_is_named(
    client: httpx.AsyncClient, target: str, headers: dict[str, str], place: tuple[str, str, str]
) -> None:
    response = await client.get(f"/v1/returns{target}", headers=headers)

    assert_problem(response, 422, "invalid")
    assert rules(response) == [place]


async def test_a_missing_body_is_told_as_such(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/returns")

    assert_problem(response, 422, "invalid")
    assert rules(response) == [("body", "", "missing")]


def test_no_more_than_fifty_failures_are_described() -> None:
    failures = [{"type": "missing", "loc": ("body", number)} for number in range(99)]

    assert len(broken_rules(failures, [None] * 99, frozenset())) == 50


async def test_the_first_fifty_are_told(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/returns", json={"answers": [{}] * 99})

    assert_problem(response, 422, "invalid")
    assert [pointer for _, pointer, _ in rules(response)] == [
        f"/answers/{number}/grade" for number in range(50)
    ]
