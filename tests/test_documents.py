"""Documents over HTTP: versions, acknowledgements, induction (Framework section 1)."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import httpx
import pytest

from app.reference.working_days import add_months
from tests.casework import undertake
from tests.conftest import Json, SignedIn, SignIn
from tests.rounds import post
from tests.stage import TODAY, tag_of


async def body_id(office: SignedIn, code: str) -> str:
    """Return the identifier of a body that every installation has."""
    found = await office.get("/bodies", params={"limit": 200})
    return next(str(each["id"]) for each in found.json()["items"] if each["code"] == code)


async def register(office: SignedIn, **members: object) -> Json:
    """Register a document of the Board."""
    body = {
        "kind": "procedure",
        "title": f"Escalation {uuid4().hex[:8]}",
        "body_id": await body_id(office, "board"),
    }
    return await post(office, "/documents", body | members)


async def draft(office: SignedIn, document: Json, **members: object) -> Json:
    """Draft the next version of a document; in force from today."""
    body = {"effective_on": str(TODAY), "text": "Ask. Tell.", "change_note": "All of it."}
    return await post(office, f"/documents/{document['id']}/versions", body | members)


def path_of(version: Json) -> str:
    """Return the path of a version."""
    return f"/documents/{version['document_id']}/versions/{version['id']}"


async def publish(office: SignedIn, document: Json, **members: object) -> Json:
    """Draft a version and publish it; return it as it is then."""
    version = await draft(office, document, **members)
    path = path_of(version)
    await move(office, path, "published")
    published: Json = (await office.get(path)).json()
    return published


async def move(caller: SignedIn, path: str, to: str, status: int = 201) -> Json:
    """Move a record as it stands; return the answer."""
    response = await caller.post(f"{path}/transitions", json={"to": to}, headers={"If-Match": "*"})
    assert response.status_code == status, response.text
    moved: Json = response.json()
    return moved


async def nominate(office: SignedIn, person: SignedIn, code: str = "board") -> str:
    """Nominate a person to a seat and begin the induction; return the path of the seat."""
    body = {
        "body_id": await body_id(office, code),
        "user_id": str(person.principal_id),
        "position": "member",
        "valid_from": str(TODAY),
    }
    path = f"/memberships/{(await post(office, '/memberships', body))['id']}"
    await move(office, path, "inducting")
    return path


@pytest.fixture
async def newcomer(sign_in: SignIn, owner: asyncpg.Connection) -> SignedIn:
    """Somebody who may sign in and holds no role."""
    person = await sign_in("board_member")
    await owner.execute("DELETE FROM role_assignments WHERE user_id = $1", person.principal_id)
    return person


@pytest.fixture
async def handbook(business_office: SignedIn, owner: asyncpg.Connection) -> Json:
    """The one document of the induction, which nobody has a version of yet."""
    await owner.execute("UPDATE documents SET is_for_induction = false")
    return await register(business_office, is_for_induction=True)


async def test_what_is_published_is_read_by_partners_and_a_draft_is_not(
    business_office: SignedIn, board_member: SignedIn, agency_system: SignedIn
) -> None:
    document = await register(business_office)
    published = await publish(business_office, document)
    drafted = await draft(business_office, document, text=None, url="https://example.org/2")

    for partner in (board_member, agency_system):
        seen = (await partner.get(path_of(published))).json()
        assert seen == published | {"allowed_transitions": []}
        assert (await partner.get(path_of(drafted))).status_code == 404
    assert (published["number"], drafted["number"]) == (1, 2)
    read = (await board_member.get(f"/documents/{document['id']}")).json()
    assert read["version_in_force_id"] == published["id"]


async def test_only_the_business_office_writes_documents(
    board_member: SignedIn,
    agency_system: SignedIn,
    business_office: SignedIn,
    anonymous: httpx.AsyncClient,
) -> None:
    body = {"kind": "policy", "title": "A", "body_id": await body_id(business_office, "board")}

    answers = [
        await each.post("/documents", json=body)
        for each in (board_member, agency_system, anonymous)
    ]

    assert [each.status_code for each in answers] == [403, 403, 401]


async def test_who_has_neither_role_nor_seat_reads_no_document(
    business_office: SignedIn, newcomer: SignedIn
) -> None:
    version = await publish(business_office, await register(business_office))

    assert (await newcomer.get("/documents")).json()["items"] == []
    assert (await newcomer.get(path_of(version))).status_code == 404


async def test_what_is_published_does_not_change(
    business_office: SignedIn, owner: asyncpg.Connection
) -> None:
    version = await publish(business_office, await register(business_office))
    path = path_of(version)

    changed = await business_office.patch(
        path, json={"change_note": "Less."}, headers=await tag_of(business_office, path)
    )
    again = await business_office.post(
        f"{path}/transitions", json={"to": "draft"}, headers={"If-Match": "*"}
    )

    assert (changed.status_code, changed.json()["code"]) == (409, "version_published")
    assert (again.status_code, again.json()["code"]) == (409, "transition_not_allowed")
    kept = await owner.fetchval(
        "SELECT change_note FROM document_versions WHERE id = $1", version["id"]
    )
    assert kept == "All of it."


async def test_a_draft_is_corrected_and_has_a_text_or_an_address(
    business_office: SignedIn,
) -> None:
    version = await draft(business_office, await register(business_office))
    path = path_of(version)

    both = await business_office.patch(
        path, json={"url": "https://example.org/1"}, headers={"If-Match": "*"}
    )
    other = await business_office.patch(
        path, json={"url": "https://example.org/1", "text": None}, headers={"If-Match": "*"}
    )
    named = await business_office.patch(
        path, json={"change_note": "Desmond Hartigan asked."}, headers={"If-Match": "*"}
    )

    assert both.status_code == 422
    assert other.json()["url"] == "https://example.org/1"
    assert (named.status_code, named.json()["code"]) == (422, "unresolved_identifiers")


async def test_a_review_is_owed_by_the_owner_when_the_interval_is_over(
    business_office: SignedIn, owner: asyncpg.Connection
) -> None:
    document = await register(
        business_office,
        review_months=24,
        body_id=await body_id(business_office, "quality_assurance"),
    )

    version = await publish(business_office, document)

    due_on = add_months(TODAY, 24)
    assert version["review_due_on"] == str(due_on)
    owed = await owner.fetchrow(
        "SELECT o.due_on, b.code FROM obligations o JOIN bodies b ON b.id = o.body_id"
        " WHERE o.record_id = $1 AND o.kind = 'document_review'",
        version["id"],
    )
    assert owed is not None
    assert tuple(owed) == (due_on, "quality_assurance")


@pytest.mark.duty("1.1")
async def test_nobody_takes_a_seat_without_the_induction_and_a_new_version_reopens_it(
    business_office: SignedIn, newcomer: SignedIn, handbook: Json
) -> None:
    version = await publish(business_office, handbook)
    seat = await nominate(business_office, newcomer)
    await undertake(newcomer)

    early = await move(business_office, seat, "active", 409)
    await post(newcomer, f"{path_of(version)}/acknowledgements", {})
    await move(business_office, seat, "active")
    inducted = (await business_office.get(seat)).json()["is_inducted"]
    await publish(business_office, handbook, text="Ask. Tell. Write down.")
    read = (await business_office.get(seat)).json()
    left = (
        await business_office.get(
            "/memberships", params={"is_inducted": "false", "user_id": str(newcomer.principal_id)}
        )
    ).json()["items"]
    items = (await newcomer.get(f"{seat}/induction")).json()["items"]

    assert early["code"] == "transition_not_allowed"
    assert inducted is True
    assert (read["is_inducted"], read["status"]) == (False, "active")
    assert [each["id"] for each in left] == [read["id"]]
    assert [
        (each["document_id"], each["acknowledged_version"], each["is_current"]) for each in items
    ] == [(handbook["id"], 1, False)]


@pytest.mark.duty("1.1")
async def test_a_version_that_is_not_yet_in_force_asks_nobody(
    business_office: SignedIn, newcomer: SignedIn, handbook: Json
) -> None:
    await publish(business_office, handbook, effective_on=str(TODAY + timedelta(days=1)))
    seat = await nominate(business_office, newcomer)
    await undertake(newcomer)

    assert (await business_office.get(seat)).json()["is_inducted"] is True


async def test_an_acknowledgement_is_ones_own_and_is_made_once(
    business_office: SignedIn, board_member: SignedIn, sign_in: SignIn, handbook: Json
) -> None:
    version = await publish(business_office, handbook)
    path = f"{path_of(version)}/acknowledgements"
    other = await sign_in("board_member")

    both = await asyncio.gather(*(other.post(path, json={}) for _ in range(2)))
    await post(board_member, path, {})

    assert sorted(each.status_code for each in both) == [201, 409]
    mine = (await other.get(path)).json()["items"]
    assert [each["user_id"] for each in mine] == [str(other.principal_id)]
    office = (await business_office.get(path)).json()["items"]
    assert {each["user_id"] for each in office} == {
        str(other.principal_id),
        str(board_member.principal_id),
    }
    assert (await board_member.get(f"{path}/{mine[0]['id']}")).status_code == 404
    assert (await business_office.get(f"{path}/{mine[0]['id']}")).json() == mine[0]


async def test_a_draft_is_not_acknowledged(business_office: SignedIn) -> None:
    version = await draft(business_office, await register(business_office))

    response = await business_office.post(f"{path_of(version)}/acknowledgements", json={})

    assert response.status_code == 403


async def test_the_induction_of_others_is_for_the_business_office(
    business_office: SignedIn, board_member: SignedIn, newcomer: SignedIn, handbook: Json
) -> None:
    await publish(business_office, handbook)
    seat = await nominate(business_office, newcomer)

    office = (await business_office.get(f"{seat}/induction")).json()["items"]
    other = (await board_member.get(f"{seat}/induction")).json()["items"]

    assert [each["document_id"] for each in office] == [handbook["id"]]
    assert other == []


async def test_two_versions_at_once_get_two_numbers(business_office: SignedIn) -> None:
    document = await register(business_office)

    both = await asyncio.gather(*(draft(business_office, document) for _ in range(2)))

    assert sorted(each["number"] for each in both) == [1, 2]
