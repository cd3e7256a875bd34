"""Requests for information in tests: drafted, approved by another, issued, acknowledged."""

import pytest

from tests.casework import Case
from tests.conftest import Json, SignedIn, SignIn
from tests.rounds import post
from tests.stage import tag_of

ASKED: Json = {
    "gateway": "ca2004_s16H",
    "purpose": "To decide whether the case is reviewed.",
    "necessity": "No other agency saw the family.",
    "proportionality": "Two years of contacts, no medical detail.",
    "items": ["Contacts since January 2015.", "The last risk assessment."],
}


def path_of(request: Json) -> str:
    """Return the path of a request."""
    return f"/information-requests/{request['id']}"


async def draft(caller: SignedIn, to: Json | None, **members: object) -> Json:
    """Draft a request to an agency, or to the Board."""
    body = ASKED | {"to_agency_id": to["id"] if to else None}
    return await post(caller, "/information-requests", body | members)


async def move(caller: SignedIn, request: Json, to: str, status: int = 201, **more: object) -> Json:
    """Move a request as it stands; return the answer."""
    response = await caller.post(
        f"{path_of(request)}/transitions", json={"to": to} | more, headers={"If-Match": "*"}
    )
    assert response.status_code == status, response.text
    answer: Json = response.json()
    return answer


async def issue(office: SignedIn, approver: SignedIn, request: Json) -> None:
    """Approve a request and issue it."""
    await move(approver, request, "approved")
    await move(office, request, "issued")


async def items_of(caller: SignedIn, request: Json) -> list[Json]:
    """Return the items of a request, as a caller sees them."""
    response = await caller.get(f"{path_of(request)}/items")
    assert response.status_code == 200, response.text
    items: list[Json] = response.json()["items"]
    return items


async def reply(caller: SignedIn, item: Json, status: int = 200, **members: object) -> Json:
    """Answer an item as it stands."""
    path = f"/information-requests/{item['information_request_id']}/items/{item['id']}"
    headers = await tag_of(caller, path)
    response = await caller.put(f"{path}/answer", json=members, headers=headers)
    assert response.status_code == status, response.text
    answer: Json = response.json()
    return answer


@pytest.fixture(scope="session")
async def officer(sign_in: SignIn) -> SignedIn:
    """An officer of the Business Office, who approves nothing."""
    return await sign_in("bo_officer")


@pytest.fixture
async def asked_of_agency(
    officer: SignedIn, business_office: SignedIn, agency: Json, case: Case
) -> Json:
    """A request about `case`, issued to `agency`, which takes no part in the case."""
    said = {"purpose": "To learn who saw [Child A]."}
    request = await draft(officer, agency, case_id=case.id, **said)
    await issue(officer, business_office, request)
    return request


@pytest.fixture
async def acknowledged(asked_of_agency: Json, agency_system: SignedIn) -> Json:
    """The same request, acknowledged by the agency's system."""
    await move(agency_system, asked_of_agency, "acknowledged")
    return asked_of_agency
