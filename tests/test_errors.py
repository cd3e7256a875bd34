"""Errors: one shape for all of them, over the wire and in the contract."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI

from app import edge, errors, refusals, strict_json
from app.errors import ApiError, Conflict, NotFound, Problem, ProblemError, responses
from tests.wire import CANARY, assert_problem, discreet, on_the_wire

operations = APIRouter(prefix="/v1")


@operations.get("/reviews/{review_id}")
async def read_review(review_id: str) -> str:
    return review_id


@operations.delete("/reviews/{review_id}")
async def delete_review(review_id: str) -> str:
    return review_id


async def refuse_before() -> AsyncIterator[None]:
    """Refuse before the operation runs."""
    raise Conflict.at("/agency_id")
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
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A caller of the operations above."""
    app = FastAPI(openapi_url=None)
    app.include_router(operations)
    refusals.install(app)
    served = edge.Edge(app, is_upload=lambda _, __: False)
    async with on_the_wire(served) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


@pytest.fixture(autouse=True)
def silence(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Nothing is logged or printed of what was sent."""
    with discreet(caplog, capfd):
        yield


def below(base: type[ApiError]) -> list[type[ApiError]]:
    return [each for child in base.__subclasses__() for each in (child, *below(child))]


async def test_a_problem_looks_like_this(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/before")

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
        ("POST", "/v1/before", "GET"),
    ],
)
async def test_a_wrong_method_is_told_all_the_right_ones(
    client: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    response = await client.request(method, path)

    assert (response.status_code, response.headers["allow"]) == (405, allowed)


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


def test_an_error_names_fifty_places_at_most() -> None:
    place = ProblemError(location="body", pointer="", code="conflict", detail="No.")

    assert len(Conflict(*[place] * 51).errors) == 50


def test_the_schema_of_problems_is_complete_and_bounded() -> None:
    schemas = errors.problem_schemas()

    assert list(schemas) == ["Problem", "ProblemError", "UnresolvedIdentifier"]
    assert [member for schema in schemas.values() for member in unbounded(schema)] == []


def unbounded(schema: dict[str, Any]) -> list[str]:
    """Name the texts, lists and members that have no limit or no description."""
    return [
        name
        for name, member in schema["properties"].items()
        if not {"maxLength", "enum", "maximum", "maxItems"} & member.keys()
        or "description" not in member
    ]
