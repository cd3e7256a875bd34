"""What the contract adds to an operation: seen on a service of three operations."""

from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import pytest
from fastapi import APIRouter, FastAPI, Path, Query, Security
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from app.errors import StorageFull, responses
from app.openapi import derive, lines_of
from app.sensitivity import Classified, Level

Json = dict[str, Any]
T = TypeVar("T")
SIGNED_IN = Security(HTTPBearer(auto_error=False), scopes=["toys:write"])
ToyId = Annotated[UUID, Path(description="The toy.")]


class Part(BaseModel):
    """A part."""

    size: Annotated[int, Field(ge=0, le=9, description="Size in metres.")]


class ToyCreate(BaseModel):
    """A toy to record."""

    model_config = ConfigDict(extra="forbid")

    parts: Annotated[list[Part], Field(max_length=9, description="Its parts.")]


class ToyRead(BaseModel):
    """A toy."""

    id: Annotated[UUID, Field(description="The toy.")]
    owner: Annotated[str, Field(max_length=9, description="Whose it is."), Classified(Level.agency)]


class Box(BaseModel, Generic[T]):
    """Several."""

    items: Annotated[list[T], Field(max_length=9, description="Them.")]


def service() -> FastAPI:
    """Build the service."""
    router = APIRouter(prefix="/v1/toys", tags=["toys"])

    @router.get("")
    async def list_toys(
        colour: Annotated[str | None, Query(max_length=9, description="Colour.")] = None,
    ) -> Box[ToyRead]:
        """List toys. Everybody may."""
        raise NotImplementedError

    @router.post("", status_code=201, dependencies=[SIGNED_IN], responses=responses(StorageFull))
    async def create_toy(body: ToyCreate) -> ToyRead:
        """Record a toy."""
        raise NotImplementedError

    @router.patch("/{toy_id}", dependencies=[SIGNED_IN])
    async def update_toy(toy_id: ToyId, body: ToyCreate) -> ToyRead:
        """Change a toy."""
        raise NotImplementedError

    @router.post("/imports", dependencies=[SIGNED_IN], openapi_extra=lines_of(ToyCreate))
    async def import_toys() -> None:
        """Record many toys."""

    app = FastAPI(generate_unique_id_function=lambda route: route.name)
    app.include_router(router)
    return app


@pytest.fixture(scope="module")
def contract() -> Json:
    """The contract of the service."""
    return derive(service(), {"toys:write": "Record toys."})


def test_a_member_that_is_withheld_from_some_may_be_null(contract: Json) -> None:
    owner = contract["components"]["schemas"]["ToyRead"]["properties"]["owner"]

    assert owner == {
        "anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}],
        "description": "Whose it is.",
        "x-sensitivity": {"class": "agency", "redaction": "null"},
    }


def test_the_first_sentence_is_the_summary(contract: Json) -> None:
    listing = contract["paths"]["/v1/toys"]["get"]

    assert listing["summary"] == "List toys"
    assert listing["description"] == "List toys. Everybody may."
    assert contract["tags"] == [{"name": "toys", "description": __doc__}]


def test_an_operation_without_security_says_so(contract: Json) -> None:
    listing = contract["paths"]["/v1/toys"]["get"]

    assert listing["security"] == []
    assert "401" not in listing["responses"]


def test_a_scope_is_asked_of_systems_and_named_for_people(contract: Json) -> None:
    creation = contract["paths"]["/v1/toys"]["post"]

    assert creation["security"] == [{"bearer": []}, {"client_credentials": ["toys:write"]}]
    assert creation["description"] == "Record a toy.\n\nScope: `toys:write`."


def test_what_is_sent_as_text_has_no_null(contract: Json) -> None:
    listing = contract["paths"]["/v1/toys"]["get"]

    assert listing["parameters"] == [
        {
            "name": "colour",
            "in": "query",
            "required": False,
            "schema": {"type": "string", "maxLength": 9},
            "description": "Colour.",
        }
    ]


def test_an_error_that_an_endpoint_names_joins_those_that_follow(contract: Json) -> None:
    answers = contract["paths"]["/v1/toys"]["post"]["responses"]

    assert [*answers] == sorted(answers)
    assert answers["507"] == {"$ref": "#/components/responses/StorageFull"}
    assert answers["422"] == {"$ref": "#/components/responses/Invalid"}


def test_a_creation_leads_to_what_can_be_done_with_the_record(contract: Json) -> None:
    made = contract["paths"]["/v1/toys"]["post"]["responses"]["201"]

    assert made["links"] == {
        "update_toy": {
            "operationId": "update_toy",
            "parameters": {"toy_id": "$response.body#/id", "If-Match": "$response.header.ETag"},
        }
    }
    assert made["headers"].keys() == {"X-Request-Id", "ETag", "Location", "Idempotency-Replayed"}


def test_lines_are_described_by_the_schema_of_one(contract: Json) -> None:
    upload = contract["paths"]["/v1/toys/imports"]["post"]["requestBody"]["content"]

    assert upload == {
        "application/x-ndjson": {
            "x-item-schema": {"$ref": "#/components/schemas/ToyCreate"},
            "schema": {"type": "string", "format": "ndjson", "maxLength": 67_108_864},
            "example": '{"parts": [{"size": 0}]}\n',
        }
    }


def test_schemas_have_plain_names_and_are_used(contract: Json) -> None:
    assert [*contract["components"]["schemas"]] == [
        "Part",
        "Problem",
        "ProblemError",
        "ToyBox",
        "ToyCreate",
        "ToyRead",
        "UnresolvedIdentifier",
    ]


def test_the_bounds_a_type_implies_are_written_out(contract: Json) -> None:
    schemas = contract["components"]["schemas"]

    assert schemas["Part"]["properties"]["size"]["format"] == "int32"
    assert schemas["ToyRead"]["properties"]["id"]["maxLength"] == 36
    assert "title" not in schemas["ToyRead"]
