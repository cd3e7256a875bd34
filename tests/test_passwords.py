"""Passwords and one-time links over HTTP."""

import asyncio
from time import time

import asyncpg
import httpx
import pytest

from app.access.tokens import hash_of, new_token
from tests.conftest import SignedIn
from tests.people import (
    OTHER_PASSWORD,
    PASSWORD,
    Person,
    accept,
    invite,
    log_in,
    new_address,
    second_factor,
    session_of,
)


async def test_a_new_password_ends_every_other_session(
    anonymous: httpx.AsyncClient, person: Person, session: dict[str, str]
) -> None:
    other = await session_of(anonymous, person)
    body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}

    response = await anonymous.post("/me/password", json=body, headers=session)

    assert response.status_code == 204
    assert (await anonymous.get("/me", headers=session)).status_code == 200
    assert (await anonymous.get("/me", headers=other)).status_code == 401
    assert (await log_in(anonymous, person)).status_code == 401
    assert (await log_in(anonymous, person, password=OTHER_PASSWORD)).status_code == 201


async def test_a_new_password_takes_the_present_one(
    anonymous: httpx.AsyncClient, person: Person, session: dict[str, str]
) -> None:
    body = {"current_password": OTHER_PASSWORD, "new_password": OTHER_PASSWORD}

    response = await anonymous.post("/me/password", json=body, headers=session)

    assert response.status_code == 403
    assert response.json()["code"] == "proof_refused"
    assert (await log_in(anonymous, person)).status_code == 201


@pytest.mark.parametrize(
    "password", ["password1234", "aaaaaaaaaaaaaaaaaaaaaaaa", "safeguardingboard", "{email}"]
)
async def test_a_password_that_is_easy_to_guess_is_refused(
    anonymous: httpx.AsyncClient, person: Person, session: dict[str, str], password: str
) -> None:
    new_password = password.format(email=person.email)
    body = {"current_password": PASSWORD, "new_password": new_password}

    response = await anonymous.post("/me/password", json=body, headers=session)

    assert response.status_code == 409
    assert response.json()["errors"][0]["code"] == "weak_password"
    assert new_password not in response.text


@pytest.mark.parametrize("length", [11, 129])
async def test_a_password_has_twelve_to_128_characters(
    anonymous: httpx.AsyncClient, session: dict[str, str], length: int
) -> None:
    body = {"current_password": PASSWORD, "new_password": (OTHER_PASSWORD * 5)[:length]}

    response = await anonymous.post("/me/password", json=body, headers=session)

    assert response.status_code == 422


async def reset_token(owner: asyncpg.Connection, person: Person) -> str:
    """Wait for the link of a reset, and give it a token we know: its own is in the mail only."""
    token = new_token("r")
    for _ in range(100):
        changed = await owner.fetchval(
            "UPDATE one_time_links SET link_hash = $1 WHERE user_id = $2"
            " AND purpose = 'password_reset' AND used_at IS NULL RETURNING id",
            hash_of(token),
            person.id,
        )
        if changed is not None:
            return token
        await asyncio.sleep(0.05)
    raise AssertionError("No link was made.")


async def test_a_forgotten_password_is_reset_by_a_link(
    anonymous: httpx.AsyncClient,
    owner: asyncpg.Connection,
    person: Person,
    session: dict[str, str],
) -> None:
    await anonymous.post("/password-resets", json={"email": person.email})
    body = {"token": await reset_token(owner, person), "new_password": OTHER_PASSWORD}

    response = await anonymous.post("/password-resets/confirm", json=body)
    again = await anonymous.post("/password-resets/confirm", json=body)

    assert response.status_code == 204
    assert again.status_code == 403
    assert again.json()["code"] == "invalid_link"
    assert (await anonymous.get("/me", headers=session)).status_code == 401
    assert (await log_in(anonymous, person)).status_code == 401
    assert (await log_in(anonymous, person, password=OTHER_PASSWORD)).status_code == 201
    mail = await owner.fetch("SELECT subject FROM mail WHERE recipient = $1", person.email)
    assert len(mail) == 2


async def test_a_reset_answers_alike_for_everybody(
    anonymous: httpx.AsyncClient, owner: asyncpg.Connection, person: Person
) -> None:
    unknown = new_address()

    answers = [
        await anonymous.post("/password-resets", json={"email": email})
        for email in (person.email, unknown)
    ]

    assert [each.status_code for each in answers] == [202, 202]
    assert [each.content for each in answers] == [b"", b""]
    assert answers[0].headers.keys() == answers[1].headers.keys()
    await reset_token(owner, person)
    assert await owner.fetchval("SELECT count(*) FROM mail WHERE recipient = $1", unknown) == 0


async def test_a_reset_leaves_the_second_factor(
    anonymous: httpx.AsyncClient,
    owner: asyncpg.Connection,
    person: Person,
    session: dict[str, str],
) -> None:
    totp, _ = await second_factor(anonymous, person, session)
    await anonymous.post("/password-resets", json={"email": person.email})
    body = {"token": await reset_token(owner, person), "new_password": OTHER_PASSWORD}
    await anonymous.post("/password-resets/confirm", json=body)

    without = await log_in(anonymous, person, password=OTHER_PASSWORD)
    with_code = await log_in(
        anonymous, person, password=OTHER_PASSWORD, totp_code=totp.at(int(time()) + 30)
    )

    assert without.json()["code"] == "second_factor_required"
    assert with_code.status_code == 201


async def test_an_expired_link_is_refused(
    anonymous: httpx.AsyncClient, business_office: SignedIn, owner: asyncpg.Connection
) -> None:
    invited = await invite(business_office)
    await owner.execute("UPDATE one_time_links SET expires_at = now() WHERE id = $1", invited["id"])

    response = await accept(anonymous, invited["invitation_token"])

    assert response.status_code == 403


async def test_a_link_is_for_its_purpose_only(
    anonymous: httpx.AsyncClient, business_office: SignedIn
) -> None:
    invited = await invite(business_office)
    body = {"token": invited["invitation_token"], "new_password": PASSWORD}

    response = await anonymous.post("/password-resets/confirm", json=body)

    assert response.status_code == 403


async def test_a_weak_password_does_not_use_up_an_invitation(
    anonymous: httpx.AsyncClient, business_office: SignedIn
) -> None:
    invited = await invite(business_office)
    weak = await accept(anonymous, invited["invitation_token"], "password1234")

    response = await accept(anonymous, invited["invitation_token"])

    assert weak.status_code == 409
    assert response.status_code == 204


async def test_a_link_is_used_once_however_many_try(
    anonymous: httpx.AsyncClient, business_office: SignedIn
) -> None:
    token = (await invite(business_office))["invitation_token"]

    answers = await asyncio.gather(*(accept(anonymous, token) for _ in range(3)))

    assert sorted(each.status_code for each in answers) == [204, 403, 403]
