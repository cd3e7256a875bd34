"""Seats over HTTP: rights come with an active one and go with it (Framework section 13)."""

import asyncio
from datetime import timedelta

import asyncpg
import httpx
import pytest

from tests.casework import undertake
from tests.conftest import Json, SignedIn, SignIn
from tests.rounds import post
from tests.stage import TODAY
from tests.test_documents import body_id, move, nominate


@pytest.fixture(autouse=True)
async def nothing_to_read(owner: asyncpg.Connection) -> None:
    """No document of the induction is left over from elsewhere."""
    await owner.execute("UPDATE documents SET is_for_induction = false")


@pytest.fixture
async def newcomer(sign_in: SignIn, owner: asyncpg.Connection) -> SignedIn:
    """Somebody who has signed the undertaking and holds no role."""
    person = await sign_in("board_member")
    await owner.execute("DELETE FROM role_assignments WHERE user_id = $1", person.principal_id)
    await undertake(person)
    return person


async def roles_of(person: SignedIn) -> list[str]:
    """Return the codes of the roles that somebody is told to hold."""
    return [each["role"] for each in (await person.get("/me")).json()["roles"]]


@pytest.mark.duty("13.2")
async def test_rights_come_with_an_active_seat_and_end_with_it(
    business_office: SignedIn, newcomer: SignedIn
) -> None:
    before = await newcomer.get("/agencies")
    seat = await nominate(business_office, newcomer)
    inducting = await newcomer.get("/agencies")

    await move(business_office, seat, "active")
    active = await newcomer.get("/agencies")
    roles = await roles_of(newcomer)
    await move(business_office, seat, "ended")
    ended = await newcomer.get("/agencies")

    answers = (before, inducting, active, ended)
    assert [each.status_code for each in answers] == [403, 403, 200, 403]
    assert roles == ["board_member"]
    assert await roles_of(newcomer) == []


@pytest.mark.duty("13.2")
async def test_a_suspended_seat_carries_no_rights_and_takes_a_reason(
    business_office: SignedIn, newcomer: SignedIn
) -> None:
    seat = await nominate(business_office, newcomer, "quality_assurance")
    await move(business_office, seat, "active")
    body = {"to": "suspended"}

    silent = await business_office.post(f"{seat}/transitions", json=body, headers={"If-Match": "*"})
    reasoned = await business_office.post(
        f"{seat}/transitions", json=body | {"reason": "On leave."}, headers={"If-Match": "*"}
    )

    assert (silent.status_code, reasoned.status_code) == (422, 201)
    assert (await newcomer.get("/agencies")).status_code == 403
    await move(business_office, seat, "active")
    assert (await newcomer.get("/agencies")).status_code == 200


async def test_rights_go_when_the_last_day_of_the_seat_is_past(
    business_office: SignedIn, newcomer: SignedIn, owner: asyncpg.Connection
) -> None:
    seat = await nominate(business_office, newcomer)
    await move(business_office, seat, "active")
    yesterday = TODAY - timedelta(days=1)

    await owner.execute(
        "UPDATE memberships SET valid_from = $2, valid_to = $2 WHERE user_id = $1",
        newcomer.principal_id,
        yesterday,
    )

    assert (await newcomer.get("/agencies")).status_code == 403
    assert await roles_of(newcomer) == []


@pytest.mark.parametrize("position", ["adviser", "observer"])
async def test_advisers_and_observers_have_no_rights_of_members(
    business_office: SignedIn, newcomer: SignedIn, position: str
) -> None:
    body = {
        "body_id": await body_id(business_office, "board"),
        "user_id": str(newcomer.principal_id),
        "position": position,
        "valid_from": str(TODAY),
    }
    seat = f"/memberships/{(await post(business_office, '/memberships', body))['id']}"
    for state in ("inducting", "active"):
        await move(business_office, seat, state)

    assert (await newcomer.get("/agencies")).status_code == 403


async def test_nobody_without_the_right_to_give_roles_gives_a_seat(
    business_office: SignedIn,
    sign_in: SignIn,
    board_member: SignedIn,
    newcomer: SignedIn,
    anonymous: httpx.AsyncClient,
) -> None:
    officer = await sign_in("bo_officer")
    body: Json = {
        "body_id": await body_id(business_office, "board"),
        "user_id": str(newcomer.principal_id),
        "position": "member",
        "valid_from": str(TODAY),
    }
    own = body | {"user_id": str(business_office.principal_id)}

    answers = [
        await each.post("/memberships", json=body) for each in (officer, board_member, anonymous)
    ]
    herself = await business_office.post("/memberships", json=own)
    seat = await nominate(business_office, newcomer)
    moved = await move(officer, seat, "active", 403)

    assert [each.status_code for each in answers] == [403, 403, 401]
    assert herself.status_code == 403
    assert moved["code"] == "forbidden"


async def test_a_seat_is_activated_once(business_office: SignedIn, newcomer: SignedIn) -> None:
    seat = await nominate(business_office, newcomer)

    both = await asyncio.gather(
        *(
            business_office.post(
                f"{seat}/transitions", json={"to": "active"}, headers={"If-Match": "*"}
            )
            for _ in range(2)
        )
    )

    assert sorted(each.status_code for each in both) == [201, 409]


@pytest.mark.duty("13.1")
async def test_every_installation_has_the_bodies_of_the_framework(
    business_office: SignedIn, board_member: SignedIn
) -> None:
    found = (await board_member.get("/bodies", params={"limit": 200})).json()["items"]
    bodies = {each["code"]: each for each in found}

    board = bodies["board"]
    groups = ("executive_group", "quality_assurance", "serious_case_review", "cdop")
    assert {bodies[code]["parent_id"] for code in groups} == {board["id"]}
    changed = await business_office.patch(
        f"/bodies/{bodies['cdop']['id']}",
        json={"terms_of_reference": "To review deaths of children."},
        headers={"If-Match": "*"},
    )
    assert changed.json()["terms_of_reference"] == "To review deaths of children."
    role = await business_office.patch(
        f"/bodies/{board['id']}", json={"member_role": "bo_manager"}, headers={"If-Match": "*"}
    )
    assert role.status_code == 422
