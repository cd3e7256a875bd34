"""The contract keeps its own conventions, whatever operations are added."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from app.main import create_app
from app.openapi import derive, render
from app.settings import Settings

Json = dict[str, Any]

PERSONAL = {"name", "surname", "given_name", "date_of_birth", "nhs_number", "postcode", "email"}
DERIVE = (
    "from app.main import create_app; from app.openapi import render; from app.settings import"
    " Settings; print(render(create_app(Settings()).openapi()), end='')"
)


@pytest.fixture(scope="module")
def document() -> Json:
    """The contract of the application."""
    derived: Json = create_app(Settings()).openapi()
    return derived


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    """Yield method and path, and the operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def answer(document: Json, operation: Json, status: str) -> Json:
    """Return an answer of an operation, followed to where it is described."""
    response: Json = operation["responses"].get(status, {})
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return response


def parameters(operation: Json) -> dict[str, Json]:
    """Return the parameters of an operation by name."""
    return {one["name"]: one for one in operation.get("parameters", [])}


def codes(response: Json) -> set[str]:
    """Return the codes of the problems an answer documents."""
    return set(response["content"]["application/problem+json"]["examples"])


def test_the_contract_is_the_same_in_every_process(document: Json) -> None:
    derived = [
        subprocess.run(  # noqa: S603 - our own code
            [sys.executable, "-c", DERIVE],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout.decode()
        for seed in ("1", "2")
    ]

    assert derived == [render(document)] * 2


def test_deriving_twice_gives_the_same(document: Json) -> None:
    app = create_app(Settings())
    scopes = document["components"]["securitySchemes"]["client_credentials"]["flows"]

    app.openapi()

    assert derive(app, scopes["clientCredentials"]["scopes"]) == document


def test_every_operation_is_described(document: Json) -> None:
    described = {tag["name"] for tag in document["tags"] if tag["description"]}

    silent = [
        name
        for name, operation in operations(document)
        if not operation.get("summary")
        or not operation.get("description")
        or operation["summary"] == operation["operationId"].replace("_", " ").title()
        or len(operation["tags"]) != 1
        or not described.issuperset(operation["tags"])
    ]

    assert silent == []


def test_every_error_is_a_problem_and_nothing_else(document: Json) -> None:
    others = [
        (name, status)
        for name, operation in operations(document)
        for status in operation["responses"]
        if status >= "4"
        and answer(document, operation, status)["content"].keys() != {"application/problem+json"}
    ]

    assert others == []
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_every_operation_documents_the_errors_it_may_always_meet(document: Json) -> None:
    missing = [
        name
        for name, operation in operations(document)
        if not {"400", "429", "500", "503"} <= operation["responses"].keys()
        or (
            "requestBody" in operation
            and not {"413", "415", "422"} <= operation["responses"].keys()
        )
        or (operation["security"] and not {"401", "403"} <= operation["responses"].keys())
        or ("{" in name and "404" not in operation["responses"])
    ]

    assert missing == []


def test_what_callers_send_is_closed(document: Json) -> None:
    schemas = document["components"]["schemas"]
    sent = {
        media["schema"]["$ref"].rpartition("/")[2]
        for _, operation in operations(document)
        for media in operation.get("requestBody", {}).get("content", {}).values()
        if "$ref" in media["schema"]
    }

    assert [name for name in sorted(sent) if schemas[name].get("additionalProperties", True)] == []


def test_every_list_pages_alike(document: Json) -> None:
    lists = [
        operation for _, operation in operations(document) if "cursor" in parameters(operation)
    ]
    schemas = document["components"]["schemas"]
    pages = [
        one["responses"]["200"]["content"]["application/json"]["schema"]["$ref"] for one in lists
    ]

    assert lists
    assert {parameters(one)["limit"]["schema"]["maximum"] for one in lists} == {200}
    assert {parameters(one)["limit"]["schema"]["default"] for one in lists} == {50}
    assert [page for page in pages if not page.endswith("Page")] == []
    assert [
        page for page in pages if {"items", "next_cursor"} - schemas[page[21:]]["properties"].keys()
    ] == []
    assert [
        one["operationId"] for one in lists if "Link" not in one["responses"]["200"]["headers"]
    ] == []


def test_every_change_asks_for_the_tag_of_what_was_read(document: Json) -> None:
    blind = [
        name
        for name, operation in operations(document)
        if re.match(r"patch|delete|post .*}/transitions", name)
        if "x-unconditional" not in operation
        if not parameters(operation).get("If-Match", {}).get("required")
        or not {"412", "428"} <= operation["responses"].keys()
    ]

    assert blind == []


def test_every_patch_is_a_merge_patch(document: Json) -> None:
    others = [
        name
        for name, operation in operations(document)
        if name.startswith("patch")
        and operation["requestBody"]["content"].keys() != {"application/merge-patch+json"}
    ]

    assert others == []


def test_every_creation_can_be_sent_again(document: Json) -> None:
    unsafe = [
        name
        for name, operation in operations(document)
        if name.startswith("post") and operation["security"] and "201" in operation["responses"]
        if "If-Match" not in parameters(operation)
        and (
            "Idempotency-Key" not in parameters(operation)
            or "idempotency_key_reused" not in codes(answer(document, operation, "409"))
            or "Location" not in operation["responses"]["201"]["headers"]
        )
    ]

    assert unsafe == []


def test_what_may_be_withheld_may_be_null(document: Json) -> None:
    firm = [
        f"{name}.{member}"
        for name, schema in document["components"]["schemas"].items()
        for member, spec in schema.get("properties", {}).items()
        if spec.get("x-sensitivity", {}).get("redaction") == "null"
        and {"type": "null"} not in spec.get("anyOf", [])
    ]

    assert firm == []


def test_no_address_asks_who_a_person_is(document: Json) -> None:
    asked = [
        (name, parameter)
        for name, operation in operations(document)
        for parameter, one in parameters(operation).items()
        if one["in"] in ("query", "path") and PERSONAL.intersection([parameter])
    ]

    assert asked == []


def test_no_text_parameter_may_be_null(document: Json) -> None:
    nullable = [
        (name, parameter)
        for name, operation in operations(document)
        for parameter, one in parameters(operation).items()
        if {"type": "null"} in one["schema"].get("anyOf", [])
    ]

    assert nullable == []


def test_every_example_matches_its_schema(document: Json) -> None:
    bodies = [
        (name, media)
        for name, operation in operations(document)
        for response in (operation.get("requestBody", {}), *operation["responses"].values())
        for kind, media in response.get("content", {}).items()
        if kind.endswith("json")
    ]
    wrong = [
        (name, error.instance_path)
        for name, media in bodies
        for error in jsonschema_rs.Draft202012Validator(
            {**media["schema"], "components": document["components"]}, validate_formats=True
        ).iter_errors(media["example"])
    ]

    assert bodies
    assert wrong == []


def test_names_follow_one_case(document: Json) -> None:
    schemas = document["components"]["schemas"]
    members = [member for schema in schemas.values() for member in schema.get("properties", {})]
    ids = [operation["operationId"] for _, operation in operations(document)]
    queries = [
        parameter
        for _, operation in operations(document)
        for parameter, one in parameters(operation).items()
        if one["in"] == "query"
    ]

    snake = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
    assert [name for name in (*members, *ids, *queries) if not snake.fullmatch(name)] == []
    assert [name for name in schemas if not re.fullmatch(r"([A-Z][a-z0-9]*)+", name)] == []
    assert [
        path for path in document["paths"] if not re.fullmatch(r"(/[a-z0-9.{}_-]+)+", path)
    ] == []
