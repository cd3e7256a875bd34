"""The trail over HTTP: who changed what, and never what it held."""

import httpx
import pytest

from tests.conftest import Json, SignedIn, SignIn
from tests.people import register


async def test_a_change_is_found_by_record_with_who_did_it(
    business_office: SignedIn, agency: Json
) -> None:
    tag = (await business_office.get(f"/agencies/{agency['id']}")).headers["etag"]
    await business_office.patch(
        f"/agencies/{agency['id']}", json={"town": "Corby"}, headers={"If-Match": tag}
    )

    response = await business_office.get("/trail", params={"record_id": agency["id"]})

    changed, created = response.json()["items"]
    assert changed == {
        "id": changed["id"],
        "occurred_at": changed["occurred_at"],
        "action": "changed",
        "subject": "agencies",
        "record_id": agency["id"],
        "agency_id": None,
        "actor_id": str(business_office.principal_id),
        "actor_agency_id": None,
        "members": ["town"],
    }
    assert (created["action"], created["members"]) == ("created", [])
    assert "Corby" not in response.text


async def test_filters_narrow_the_trail(business_office: SignedIn, agency: Json) -> None:
    async def found(**query: object) -> list[str]:
        params: Json = {"record_id": agency["id"], **query}
        response = await business_office.get("/trail", params=params)
        return [each["action"] for each in response.json()["items"]]

    assert await found(action="created", subject=["agencies", "audits"]) == ["created"]
    assert await found(action="deleted") == []
    assert await found(actor_id=str(business_office.principal_id)) == ["created"]
    assert await found(occurred_at_from="2017-01-01T00:00:00Z") == ["created"]
    assert await found(occurred_at_before="2017-01-01T00:00:00Z") == []


async def test_a_new_password_leaves_a_line_without_it(
    business_office: SignedIn, anonymous: httpx.AsyncClient
) -> None:
    person = await register(business_office, anonymous)

    response = await business_office.get("/trail", params={"record_id": person.id})

    lines = {
        (each["subject"], each["action"], *each["members"]) for each in response.json()["items"]
    }
    assert lines == {
        ("principals", "created"),
        ("users", "created"),
        ("credentials", "created"),
        ("users", "changed", "is_verified"),
        ("credentials", "changed", "hashed_password"),
    }


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("chair", 200),
        ("dpo", 200),
        ("bo_manager", 200),
        ("bo_officer", 403),
        ("board_member", 403),
        ("sysadmin", 403),
        ("agency_lead", 403),
    ],
)
async def test_the_trail_is_for_those_who_account_for_it(
    sign_in: SignIn, role: str, status: int
) -> None:
    caller = await sign_in(role)

    response = await caller.get("/trail")

    assert response.status_code == status
