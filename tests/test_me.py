"""Who I am, what I may do, and my second factor, over HTTP."""

from time import time

import asyncpg
import httpx
import pyotp

from app.access.roles import CLIENT_SCOPES, ROLES
from app.access.scopes import Scope
from tests.conftest import Json, SignedIn
from tests.people import (
    OTHER_PASSWORD,
    PASSWORD,
    Person,
    log_in,
    new_address,
    register,
    second_factor,
    session_of,
)

STEP_S = 30
SCOPES = set(map(str, Scope))


def next_code(totp: pyotp.TOTP) -> str:
    """Return the code of the next step: the present one has been used."""
    return totp.at(int(time()) + STEP_S)


async def test_a_person_learns_who_they_are_and_what_they_may_do(
    business_office: SignedIn, anonymous: httpx.AsyncClient, agency: Json
) -> None:
    email = new_address()
    lead = await register(
        business_office,
        anonymous,
        email=email,
        agency_id=agency["id"],
        roles=["agency_lead", "agency_senior"],
        valid_to="2099-12-31",
    )

    response = await anonymous.get("/me", headers=await session_of(anonymous, lead))

    held = ROLES["agency_lead"].capabilities | ROLES["agency_senior"].capabilities
    me = response.json()
    assert me == {
        "id": lead.id,
        "kind": "person",
        "name": "A. Officer",
        "email": email,
        "agency_id": agency["id"],
        "agency_name": agency["name"],
        "roles": [
            {"role": "agency_lead", "title": "Agency lead", "valid_to": "2099-12-31"},
            {"role": "agency_senior", "title": "Agency senior", "valid_to": "2099-12-31"},
        ],
        "scopes": sorted((held & SCOPES) | {"me"}),
        "capabilities": sorted(held - SCOPES),
        "clearance": "partnership",
        "expires_at": me["expires_at"],
        "stepped_up_at": None,
        "has_second_factor": False,
    }


async def test_a_system_learns_who_it_is_and_what_it_may_do(
    agency_system: SignedIn, agency: Json
) -> None:
    me = (await agency_system.get("/me")).json()

    assert (me["kind"], me["agency_name"], me["email"]) == ("client", agency["name"], None)
    assert (me["roles"], me["capabilities"]) == ([], [])
    assert me["scopes"] == sorted({*map(str, CLIENT_SCOPES), "me"})


async def test_nobody_is_nobody(anonymous: httpx.AsyncClient) -> None:
    response = await anonymous.get("/me")

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_system_has_no_password(agency_system: SignedIn) -> None:
    body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}

    response = await agency_system.post("/me/password", json=body)

    assert response.status_code == 403


async def test_a_second_factor_is_asked_for_once_it_is_confirmed(
    anonymous: httpx.AsyncClient, person: Person, session: dict[str, str]
) -> None:
    await anonymous.post("/me/totp", json={"current_password": PASSWORD}, headers=session)
    before = await log_in(anonymous, person)

    totp, recovery_codes = await second_factor(anonymous, person, session)

    without = await log_in(anonymous, person)
    with_code = await log_in(anonymous, person, totp_code=next_code(totp))
    assert before.status_code == 201
    assert without.status_code == 401
    assert without.json()["code"] == "second_factor_required"
    assert with_code.status_code == 201
    assert len(set(recovery_codes)) == 10
    me = await anonymous.get(
        "/me", headers={"Authorization": f"Bearer {with_code.json()['token']}"}
    )
    assert me.json()["has_second_factor"] is True
    assert me.json()["stepped_up_at"] is not None


async def test_a_second_factor_takes_the_password(
    anonymous: httpx.AsyncClient, session: dict[str, str]
) -> None:
    response = await anonymous.post(
        "/me/totp", json={"current_password": OTHER_PASSWORD}, headers=session
    )

    assert response.status_code == 403


async def test_a_code_is_good_once(
    anonymous: httpx.AsyncClient, person: Person, session: dict[str, str]
) -> None:
    totp, _ = await second_factor(anonymous, person, session)
    used, code = totp.now(), next_code(totp)

    answers = [
        await log_in(anonymous, person, totp_code=each) for each in (used, code, code, "000000")
    ]

    assert [each.status_code for each in answers] == [401, 201, 401, 401]
    assert {answers[index].json()["code"] for index in (0, 2, 3)} == {"invalid_credentials"}


async def test_a_code_of_long_ago_is_refused(
    anonymous: httpx.AsyncClient, owner: asyncpg.Connection, person: Person, session: dict[str, str]
) -> None:
    totp, _ = await second_factor(anonymous, person, session)
    await owner.execute("UPDATE credentials SET totp_last_step = NULL WHERE id = $1", person.id)

    response = await log_in(anonymous, person, totp_code=totp.at(int(time()) - 3 * STEP_S))

    assert response.status_code == 401


async def test_codes_can_be_guessed_no_faster_than_passwords(
    anonymous: httpx.AsyncClient, owner: asyncpg.Connection, person: Person, session: dict[str, str]
) -> None:
    await second_factor(anonymous, person, session)

    statuses = [(await log_in(anonymous, person, totp_code="000000")).status_code for _ in range(6)]

    assert statuses == [401] * 5 + [429]
    await owner.execute("UPDATE sign_in_failures SET locked_until = now()")


async def test_a_recovery_code_takes_the_place_of_a_code_once(
    anonymous: httpx.AsyncClient, person: Person, session: dict[str, str]
) -> None:
    _, recovery_codes = await second_factor(anonymous, person, session)
    written = recovery_codes[0].replace("-", "").lower()

    answers = [await log_in(anonymous, person, recovery_code=written) for _ in range(2)]

    assert [each.status_code for each in answers] == [201, 401]


async def test_stepping_up_notes_when_the_second_factor_was_shown(
    anonymous: httpx.AsyncClient, person: Person, session: dict[str, str]
) -> None:
    totp, _ = await second_factor(anonymous, person, session)
    before = (await anonymous.get("/me", headers=session)).json()["stepped_up_at"]
    code = {"totp_code": next_code(totp)}

    response = await anonymous.post("/sessions/step-up", json=code, headers=session)
    again = await anonymous.post("/sessions/step-up", json=code, headers=session)

    assert before is None
    assert response.status_code == 200
    assert response.json()["stepped_up_at"] is not None
    assert again.status_code == 403
    assert (await anonymous.get("/me", headers=session)).json()["stepped_up_at"] is not None


async def test_nobody_steps_up_without_a_second_factor(
    anonymous: httpx.AsyncClient, session: dict[str, str]
) -> None:
    response = await anonymous.post(
        "/sessions/step-up", json={"totp_code": "123456"}, headers=session
    )

    assert response.status_code == 409
    assert response.json()["code"] == "no_second_factor"


async def test_a_second_factor_is_removed_with_password_and_code(
    anonymous: httpx.AsyncClient, person: Person, session: dict[str, str]
) -> None:
    totp, _ = await second_factor(anonymous, person, session)
    body = {"current_password": PASSWORD}

    without = await anonymous.post("/me/totp/removal", json=body, headers=session)
    again = await anonymous.post("/me/totp", json=body, headers=session)
    removed = await anonymous.post(
        "/me/totp/removal", json=body | {"totp_code": next_code(totp)}, headers=session
    )

    assert without.status_code == 403
    assert again.status_code == 409
    assert removed.status_code == 204
    assert (await log_in(anonymous, person)).status_code == 201
