"""People who may sign in, their invitations and roles, over HTTP. Framework sections 8 and 9."""

from uuid import uuid4

import asyncpg
import httpx
import pytest

from app.access.roles import AGENCY_ROLES, ROLES
from tests.conftest import Json, SignedIn, SignIn
from tests.people import (
    OTHER_PASSWORD,
    Person,
    accept,
    invite,
    log_in,
    new_address,
    register,
    second_factor,
    session_of,
)


@pytest.fixture(scope="session")
async def operator(sign_in: SignIn) -> SignedIn:
    """Who runs the installation."""
    return await sign_in("sysadmin")


async def change_user(caller: SignedIn, user_id: str, **members: object) -> httpx.Response:
    """Change a person as they are now."""
    tag = (await caller.get(f"/users/{user_id}")).headers["etag"]
    return await caller.patch(f"/users/{user_id}", json=members, headers={"If-Match": tag})


async def test_somebody_is_invited_and_accepts(
    business_office: SignedIn, anonymous: httpx.AsyncClient, agency: Json
) -> None:
    email = new_address()
    body = {
        "email": email,
        "name": "Z. Lead",
        "agency_id": agency["id"],
        "roles": ["agency_lead"],
    }

    response = await business_office.post("/invitations", json=body)

    assert response.status_code == 201
    invited = response.json()
    assert invited["invitation_token"].startswith("sga_i_")
    read = await business_office.get(response.headers["location"].removeprefix("/v1"))
    assert read.json() == {k: v for k, v in invited.items() if k != "invitation_token"}
    assert read.headers["etag"] == response.headers["etag"]
    before = (await business_office.get(f"/users/{invited['user_id']}")).json()
    assert before == {
        "id": invited["user_id"],
        "created_at": before["created_at"],
        "updated_at": before["updated_at"],
        "email": email,
        "name": "Z. Lead",
        "agency_id": agency["id"],
        "is_active": True,
        "is_verified": False,
        "has_second_factor": False,
        "roles": ["agency_lead"],
    }
    accepted = await accept(anonymous, invited["invitation_token"])
    assert accepted.status_code == 204
    after = (await business_office.get(f"/users/{invited['user_id']}")).json()
    assert after["is_verified"] is True
    assert (await accept(anonymous, invited["invitation_token"])).status_code == 403


async def test_a_repeated_invitation_shows_no_token_again(business_office: SignedIn) -> None:
    body = {"email": new_address(), "name": "A. Officer", "roles": ["lay_member"]}
    key = {"Idempotency-Key": uuid4().hex}

    first = await business_office.post("/invitations", json=body, headers=key)
    again = await business_office.post("/invitations", json=body, headers=key)

    assert again.status_code == 201
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json() | {"invitation_token": None}


async def test_an_address_belongs_to_one_person(business_office: SignedIn, person: Person) -> None:
    body = {"email": person.email.upper(), "name": "Another", "roles": ["lay_member"]}

    response = await business_office.post("/invitations", json=body)

    assert response.status_code == 409
    assert response.json()["errors"][0]["code"] == "users_email_key"
    assert person.email not in response.text


async def test_an_unknown_role_is_refused(business_office: SignedIn) -> None:
    body = {"email": new_address(), "name": "A. Officer", "roles": ["emperor"]}

    response = await business_office.post("/invitations", json=body)

    assert response.status_code == 409
    assert response.json()["code"] == "unknown_reference"


async def test_whoever_lost_everything_starts_again_by_mail_only(
    business_office: SignedIn,
    anonymous: httpx.AsyncClient,
    owner: asyncpg.Connection,
    person: Person,
) -> None:
    session = await session_of(anonymous, person)
    await second_factor(anonymous, person, session)

    response = await business_office.post(f"/users/{person.id}/invitations")

    assert response.status_code == 201
    assert response.json()["invitation_token"] is None
    token = "sga_i_" + "A" * 43
    await owner.execute(
        "UPDATE one_time_links SET link_hash = sha256($1::bytea) WHERE id = $2",
        token.encode(),
        response.json()["id"],
    )
    assert (await accept(anonymous, token, OTHER_PASSWORD)).status_code == 204
    assert (await anonymous.get("/me", headers=session)).status_code == 401
    assert (await log_in(anonymous, person, password=OTHER_PASSWORD)).status_code == 201


async def test_an_invitation_that_expired_is_sent_again(
    business_office: SignedIn, anonymous: httpx.AsyncClient
) -> None:
    invited = await invite(business_office)

    response = await business_office.post(f"/users/{invited['user_id']}/invitations")

    assert response.status_code == 201
    assert (await accept(anonymous, response.json()["invitation_token"])).status_code == 204
    assert (await accept(anonymous, invited["invitation_token"])).status_code == 403


async def test_access_that_is_switched_off_ends_at_the_next_request(
    business_office: SignedIn, anonymous: httpx.AsyncClient, person: Person
) -> None:
    session = await session_of(anonymous, person)

    off = await change_user(business_office, person.id, is_active=False)

    assert off.status_code == 200
    assert off.json()["is_active"] is False
    assert (await anonymous.get("/me", headers=session)).status_code == 401
    await change_user(business_office, person.id, is_active=True)
    assert (await anonymous.get("/me", headers=session)).status_code == 401
    assert (await log_in(anonymous, person)).status_code == 201


async def test_a_change_leaves_other_members_alone(
    business_office: SignedIn, person: Person
) -> None:
    before = (await business_office.get(f"/users/{person.id}")).json()

    response = await change_user(business_office, person.id, name="B. Officer")

    assert response.json() == before | {
        "name": "B. Officer",
        "updated_at": response.json()["updated_at"],
    }


async def test_nobody_switches_their_own_access_off(
    business_office: SignedIn, anonymous: httpx.AsyncClient
) -> None:
    manager = await register(business_office, anonymous, roles=["bo_manager"])
    session = await session_of(anonymous, manager)
    tag = (await anonymous.get(f"/users/{manager.id}", headers=session)).headers["etag"]

    response = await anonymous.patch(
        f"/users/{manager.id}", json={"is_active": False}, headers=session | {"If-Match": tag}
    )

    assert response.status_code == 403


async def test_people_are_found_by_agency_role_and_access(
    business_office: SignedIn, agency: Json
) -> None:
    lead = await invite(business_office, agency_id=agency["id"], roles=["agency_lead"])
    senior = await invite(business_office, agency_id=agency["id"], roles=["agency_senior"])
    await change_user(business_office, senior["user_id"], is_active=False)

    async def found(**query: object) -> list[str]:
        params: Json = {"agency_id": agency["id"], **query}
        response = await business_office.get("/users", params=params)
        return [each["id"] for each in response.json()["items"]]

    assert await found() == [senior["user_id"], lead["user_id"]]
    assert await found(role="agency_lead") == [lead["user_id"]]
    assert await found(is_active=False) == [senior["user_id"]]


async def test_others_do_not_read_who_may_sign_in(
    board_member: SignedIn, agency_system: SignedIn, person: Person
) -> None:
    answers = [
        await caller.get(path)
        for caller in (board_member, agency_system)
        for path in ("/users", f"/users/{person.id}", "/role-assignments", "/invitations")
    ]

    assert {each.status_code for each in answers} == {403}


async def test_a_role_is_given_and_ended(
    business_office: SignedIn, anonymous: httpx.AsyncClient, person: Person
) -> None:
    session = await session_of(anonymous, person)
    body = {"user_id": person.id, "role": "dpo", "valid_from": "2017-04-01", "valid_to": None}

    given = await business_office.post("/role-assignments", json=body)

    assert given.status_code == 201
    assert (await anonymous.get("/trail", headers=session)).status_code == 200
    path = f"/role-assignments/{given.json()['id']}"
    ended = await business_office.patch(
        path, json={"valid_to": "2017-04-02"}, headers={"If-Match": given.headers["etag"]}
    )
    assert ended.json() == given.json() | {
        "valid_to": "2017-04-02",
        "updated_at": ended.json()["updated_at"],
    }
    assert (await anonymous.get("/trail", headers=session)).status_code == 403
    held = await business_office.get("/role-assignments", params={"user_id": person.id})
    assert [each["role"] for each in held.json()["items"]] == ["dpo", "board_member"]


async def test_a_role_does_not_end_before_it_begins(
    business_office: SignedIn, person: Person
) -> None:
    body = {"user_id": person.id, "role": "dpo", "valid_from": "2017-04-01"}

    response = await business_office.post(
        "/role-assignments", json=body | {"valid_to": "2017-03-31"}
    )

    assert response.status_code == 409


async def test_nobody_gives_themself_a_role(business_office: SignedIn) -> None:
    body = {
        "user_id": str(business_office.principal_id),
        "role": "qa_chair",
        "valid_from": "2017-04-01",
    }

    response = await business_office.post("/role-assignments", json=body)

    assert response.status_code == 403


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_an_operator_gives_roles_within_agencies_only(
    operator: SignedIn, person: Person, role: str
) -> None:
    body = {"user_id": person.id, "role": role, "valid_from": "2017-04-01"}
    invitation = {"email": new_address(), "name": "A. Officer", "roles": [role]}

    given = await operator.post("/role-assignments", json=body)
    invited = await operator.post("/invitations", json=invitation)

    expected = 201 if role in AGENCY_ROLES else 403
    assert (given.status_code, invited.status_code) == (expected, expected)


async def test_an_operator_does_not_end_a_role_of_the_board(
    operator: SignedIn, person: Person
) -> None:
    held = (await operator.get("/role-assignments", params={"user_id": person.id})).json()["items"]
    path = f"/role-assignments/{held[0]['id']}"
    tag = (await operator.get(path)).headers["etag"]

    response = await operator.patch(
        path, json={"valid_to": "2099-01-01"}, headers={"If-Match": tag}
    )

    assert response.status_code == 403


async def test_everybody_reads_what_the_roles_are(board_member: SignedIn) -> None:
    response = await board_member.get("/roles", params={"limit": 200})

    roles = {each["code"]: each for each in response.json()["items"]}
    assert list(roles) == sorted(ROLES)
    assert roles["agency_lead"]["capabilities"] == sorted(ROLES["agency_lead"].capabilities)
    assert {code for code, each in roles.items() if each["is_of_agency"]} == AGENCY_ROLES
