"""Who gets how far: every operation as every kind of caller. For a safeguarding lead to review."""

from typing import Any

import httpx
import pytest

from tests.conftest import Json, Server, SignIn, make_agency
from tests.test_guards import compare, operations

NOBODY = "0199f7c2-5d3e-7a41-9c06-2b8f41d7e650"
"""An identifier that no record has."""
ACTORS = (
    "bo_manager",
    "qa_member",
    "board_member",
    "agency_lead",
    "agency_senior",
    "sysadmin",
    "dpo",
)
UNTOUCHED = {401: "401", 403: "403", 404: "404", 422: "422"}


def request_of(name: str, operation: Json) -> tuple[str, str, dict[str, Any]]:
    """Write one request of an operation from its own examples."""
    method, path = name.split(" ")
    for parameter in operation.get("parameters", []):
        path = path.replace(f"{{{parameter.get('name')}}}", NOBODY)
    sent: dict[str, Any] = {"headers": {"If-Match": "*"}}
    content = operation.get("requestBody", {}).get("content", {})
    for media_type, media in content.items():
        sent["headers"]["Content-Type"] = media_type
        if "json" in media_type and "example" in media:
            sent["json"] = media["example"]
            break
    return method, path, sent


async def reach(client: httpx.AsyncClient, name: str, operation: Json) -> str:
    """Tell how far a caller gets: refused (401, 403), not found (404), malformed (422), or in."""
    method, path, sent = request_of(name, operation)
    response = await client.request(method, path.removeprefix("/v1"), **sent)
    assert response.status_code < 500, name
    return UNTOUCHED.get(response.status_code, "in")


async def test_everybody_gets_as_far_as_was_reviewed(
    server: Server,
    sign_in: SignIn,
    business_office: Any,
    request: pytest.FixtureRequest,
) -> None:
    agency = await make_agency(business_office)
    document = (await business_office.get("/openapi.json")).json()
    head = ["operation", "anonymous", "system", *ACTORS]
    lines = [head]

    for name, operation in operations(document):
        if not operation["security"] or not name.partition(" ")[2].startswith("/v1"):
            continue
        async with httpx.AsyncClient(base_url=server.url + "/v1", timeout=30) as anonymous:
            line = [operation["operationId"], await reach(anonymous, name, operation)]
        line.append(await reach(await sign_in(agency_id=agency["id"]), name, operation))
        for role in ACTORS:
            of_agency = agency["id"] if role.startswith("agency") else None
            caller = await sign_in(role, agency_id=of_agency)
            line.append(await reach(caller, name, operation))
        lines.append(line)

    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        + "\n"
        for line in lines
    )
    compare(request, "reach.txt", text)
