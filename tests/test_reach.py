"""Who gets how far: every operation as every kind of caller. For a safeguarding lead to review."""

from typing import Any

import httpx
import pytest

from tests.conftest import Json, SignIn, make_agency
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
ENDS_SESSIONS = {"log_out", "delete_session", "change_password"}
"""After these nobody is who they were."""
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


async def signed_in(sign_in: SignIn, agency: Json) -> list[httpx.AsyncClient]:
    """Sign in an agency's system, and somebody in each role."""
    people = [
        await sign_in(role, agency_id=agency["id"] if role.startswith("agency") else None)
        for role in ACTORS
    ]
    return [await sign_in(agency_id=agency["id"]), *people]


async def test_everybody_gets_as_far_as_was_reviewed(
    anonymous: httpx.AsyncClient,
    sign_in: SignIn,
    business_office: Any,
    request: pytest.FixtureRequest,
) -> None:
    agency = await make_agency(business_office)
    document = (await business_office.get("/openapi.json")).json()
    head = ["operation", "anonymous", "system", *ACTORS]
    lines = [head]

    cast: list[httpx.AsyncClient] = []
    for name, operation in operations(document):
        if not operation["security"] or not name.partition(" ")[2].startswith("/v1"):
            continue
        if not cast or operation["operationId"] in ENDS_SESSIONS:
            cast = [anonymous, *await signed_in(sign_in, agency)]
        reached = [await reach(caller, name, operation) for caller in cast]
        lines.append([operation["operationId"], *reached])
        if operation["operationId"] in ENDS_SESSIONS:
            cast = []

    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        + "\n"
        for line in lines
    )
    compare(request, "reach.txt", text)
