"""Guessing passwords over HTTP: it is slowed down, and locks nobody out for good."""

import asyncio
from ipaddress import ip_network

import asyncpg
import httpx
import pytest

from tests.conftest import Server, SignedIn
from tests.people import PASSWORD, Person, log_in, new_address, serving_with

FREE_FAILURES = 5
WRONG = {"password": "not the password at all"}


async def failures(client: httpx.AsyncClient, email: str, number: int) -> list[int]:
    """Fail to log in so many times; return the statuses."""
    login = {"email": email} | WRONG
    return [(await client.post("/sessions", json=login)).status_code for _ in range(number)]


async def unlock(owner: asyncpg.Connection) -> None:
    """Let every delay pass."""
    await owner.execute("UPDATE sign_in_failures SET locked_until = now()")


@pytest.mark.parametrize("known", ["known", "unknown"])
async def test_guessing_is_delayed_whether_or_not_the_name_is_known(
    anonymous: httpx.AsyncClient, owner: asyncpg.Connection, person: Person, known: str
) -> None:
    email = person.email if known == "known" else new_address()

    statuses = await failures(anonymous, email, FREE_FAILURES + 1)

    assert statuses == [401] * FREE_FAILURES + [429]
    await owner.execute("UPDATE sign_in_failures SET locked_until = now() + interval '9 s'")
    right = await anonymous.post("/sessions", json={"email": email, "password": PASSWORD})
    assert right.status_code == 429
    assert right.headers["retry-after"] == "9"
    await unlock(owner)


async def test_a_delay_passes_and_success_forgets_the_failures(
    anonymous: httpx.AsyncClient, owner: asyncpg.Connection, person: Person
) -> None:
    await failures(anonymous, person.email, FREE_FAILURES)
    await unlock(owner)

    response = await log_in(anonymous, person)

    assert response.status_code == 201
    assert await failures(anonymous, person.email, FREE_FAILURES) == [401] * FREE_FAILURES
    await unlock(owner)


@pytest.mark.parametrize(
    ("failed_before", "seconds"), [(3, 0), (4, 1), (5, 2), (8, 16), (14, 900), (2_000_000, 900)]
)
async def test_a_delay_doubles_up_to_a_quarter_of_an_hour(
    anonymous: httpx.AsyncClient, owner: asyncpg.Connection, failed_before: int, seconds: int
) -> None:
    email = new_address()
    await owner.execute("DELETE FROM sign_in_failures")
    await failures(anonymous, email, 1)
    await owner.execute("UPDATE sign_in_failures SET failures = $1", failed_before)

    await failures(anonymous, email, 1)

    waits = await owner.fetch(
        "SELECT extract(epoch FROM locked_until - failed_at)::int AS wait FROM sign_in_failures"
    )
    assert [row["wait"] for row in waits] == [seconds] * 2
    await owner.execute("DELETE FROM sign_in_failures")


async def test_failures_from_elsewhere_do_not_lock_a_person_out(
    server: Server, owner: asyncpg.Connection, person: Person
) -> None:
    known = {"X-Forwarded-For": "203.0.113.5"}
    elsewhere = {"X-Forwarded-For": "198.51.100.7"}
    async with serving_with(server, trusted_proxies=[ip_network("127.0.0.0/8")]) as client:
        await client.post("/sessions", json=person.login, headers=known)
        client.headers.update(elsewhere)
        statuses = await failures(client, person.email, FREE_FAILURES + 1)

        there = await client.post("/sessions", json=person.login)
        here = await client.post("/sessions", json=person.login, headers=known)

    assert statuses[-1] == 429
    assert there.status_code == 429
    assert here.status_code == 201
    await unlock(owner)


async def test_one_address_has_so_many_attempts_and_is_not_kept(
    server: Server, owner: asyncpg.Connection
) -> None:
    await owner.execute("DELETE FROM sign_in_attempts")
    async with serving_with(server, sign_in_attempts_per_minute=3) as client:
        answers = [
            await client.post("/sessions", json={"email": new_address()} | WRONG) for _ in range(4)
        ]
        reset = await client.post("/password-resets", json={"email": new_address()})

    assert [each.status_code for each in answers] == [401, 401, 401, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 40
    assert reset.status_code == 429
    rows = await owner.fetch("SELECT bucket FROM sign_in_attempts")
    assert [len(row["bucket"]) for row in rows] == [32, 32]
    await owner.execute("DELETE FROM sign_in_attempts")


async def test_hashing_does_not_hold_up_other_requests(
    business_office: SignedIn, anonymous: httpx.AsyncClient
) -> None:
    logins = asyncio.gather(
        *(anonymous.post("/sessions", json={"email": new_address()} | WRONG) for _ in range(20))
    )
    answered = 0

    while not logins.done():
        assert (await business_office.get("/me")).status_code == 200
        answered += 1

    assert [each.status_code for each in await logins] == [401] * 20
    assert answered >= 200
