"""Sessions over HTTP, and what lies behind them: who may read and make what."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import httpx
import pytest

from app.access.sessions import LastSeen
from app.access.sign_in import sign_in_service
from app.access.tokens import hash_of, new_token
from app.database import Database
from app.installation import Installation
from tests.conftest import Json, Server, SignedIn
from tests.people import (
    OTHER_PASSWORD,
    PASSWORD,
    Person,
    accept,
    everything,
    invite,
    log_in,
    new_address,
    register,
    second_factor,
    serving_with,
    session_of,
)

WRONG_PASSWORD = "not the password at all"


def bare(response: httpx.Response) -> Json:
    """Return an answer without what differs from one request to the next."""
    body = {k: v for k, v in response.json().items() if k not in ("request_id", "instance")}
    headers = {k: v for k, v in response.headers.items() if k not in ("x-request-id", "date")}
    return {"status": response.status_code, "body": body, "headers": headers}


async def test_logging_in_begins_a_session(anonymous: httpx.AsyncClient, person: Person) -> None:
    response = await log_in(anonymous, person)

    assert response.status_code == 201
    begun = response.json()
    assert response.headers["location"] == f"/v1/sessions/{begun['id']}"
    assert response.headers["cache-control"] == "no-store"
    assert begun["token"].startswith("sga_p_")
    assert begun | {"token": "", "expires_at": ""} == {
        "id": begun["id"],
        "token": "",
        "token_type": "Bearer",
        "expires_at": "",
        "idle_minutes": 30,
    }
    me = await anonymous.get("/me", headers={"Authorization": f"Bearer {begun['token']}"})
    assert me.json()["id"] == person.id


async def test_an_address_is_the_same_in_any_case(
    anonymous: httpx.AsyncClient, person: Person
) -> None:
    response = await log_in(anonymous, person, email=person.email.upper())

    assert response.status_code == 201


async def test_a_password_is_the_same_in_any_unicode_form(
    business_office: SignedIn, anonymous: httpx.AsyncClient
) -> None:
    invited = await invite(business_office, email=(email := new_address()))
    await accept(anonymous, invited["invitation_token"], "cafe\u0301 walrus umbrella beneath")

    response = await anonymous.post(
        "/sessions", json={"email": email, "password": "caf\u00e9 walrus umbrella beneath"}
    )

    assert response.status_code == 201


async def test_whoever_cannot_log_in_learns_nothing(
    anonymous: httpx.AsyncClient, business_office: SignedIn, person: Person
) -> None:
    invited_email, disabled_email = new_address(), new_address()
    await invite(business_office, email=invited_email)
    disabled = await register(business_office, anonymous, email=disabled_email)
    tag = (await business_office.get(f"/users/{disabled.id}")).headers["etag"]
    await business_office.patch(
        f"/users/{disabled.id}", json={"is_active": False}, headers={"If-Match": tag}
    )

    answers = [
        bare(await anonymous.post("/sessions", json={"email": email, "password": password}))
        for email, password in (
            (person.email, WRONG_PASSWORD),
            (new_address(), PASSWORD),
            (invited_email, PASSWORD),
            (disabled_email, PASSWORD),
        )
    ]

    assert answers[0]["status"] == 401
    assert answers[0]["body"]["code"] == "invalid_credentials"
    assert answers == [answers[0]] * 4


async def test_a_person_sees_and_ends_their_own_sessions(
    anonymous: httpx.AsyncClient, person: Person, session: dict[str, str]
) -> None:
    other = await session_of(anonymous, person)
    listed = (await anonymous.get("/sessions", headers=session)).json()["items"]
    other_id = next(each["id"] for each in listed if not each["is_current"])

    ended = await anonymous.delete(f"/sessions/{other_id}", headers=session)

    assert [each["is_current"] for each in listed] == [False, True]
    assert {each["address"] for each in listed} == {"127.0.0.1"}
    assert ended.status_code == 204
    assert (await anonymous.get("/me", headers=other)).status_code == 401
    assert (await anonymous.get("/me", headers=session)).status_code == 200
    left = (await anonymous.get("/sessions", headers=session)).json()["items"]
    assert [each["is_current"] for each in left] == [True]


async def test_the_session_of_another_is_as_unknown_as_none(
    anonymous: httpx.AsyncClient, business_office: SignedIn, session: dict[str, str]
) -> None:
    listed = (await anonymous.get("/sessions", headers=session)).json()["items"]

    response = await business_office.delete(f"/sessions/{listed[0]['id']}")

    assert response.status_code == 404
    assert (await anonymous.get("/me", headers=session)).status_code == 200


async def test_logging_out_ends_the_session_at_once(
    anonymous: httpx.AsyncClient, session: dict[str, str]
) -> None:
    response = await anonymous.delete("/sessions/current", headers=session)

    assert response.status_code == 204
    assert (await anonymous.get("/me", headers=session)).status_code == 401


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE tokens SET last_seen_at = now() - interval '31 minutes' WHERE principal_id = $1",
        "UPDATE tokens SET expires_at = now() WHERE principal_id = $1",
    ],
)
async def test_a_session_ends_by_itself(
    anonymous: httpx.AsyncClient,
    owner: asyncpg.Connection,
    person: Person,
    session: dict[str, str],
    spoil: str,
) -> None:
    await owner.execute(spoil, person.id)

    response = await anonymous.get("/me", headers=session)

    assert response.status_code == 401


async def test_a_session_lasts_half_a_day_at_most(
    owner: asyncpg.Connection, session: dict[str, str]
) -> None:
    row = await owner.fetchrow(
        "SELECT idle, expires_at - created_at AS lasts FROM tokens WHERE token_hash = $1",
        hash_of(session["Authorization"].removeprefix("Bearer ")),
    )

    assert row is not None
    assert (row["idle"], row["lasts"]) == (timedelta(minutes=30), timedelta(hours=12))


async def test_use_keeps_a_session_alive_but_revives_none(
    installation: Installation,
    owner: asyncpg.Connection,
    anonymous: httpx.AsyncClient,
    person: Person,
) -> None:
    used, ended = [
        hash_of((await session_of(anonymous, person))["Authorization"].removeprefix("Bearer "))
        for _ in range(2)
    ]
    await owner.execute(
        "UPDATE tokens SET last_seen_at = now() - CASE WHEN token_hash = $1"
        " THEN interval '20 minutes' ELSE interval '31 minutes' END WHERE principal_id = $2",
        used,
        person.id,
    )
    database = await Database.connect(installation.app_url, 2)
    last_seen = LastSeen(sign_in_service(database, installation.secret_key))
    for token_hash in (used, ended, hash_of(new_token("p"))):
        last_seen.note(token_hash)

    await last_seen.write()

    await database.close()
    rows = await owner.fetch(
        "SELECT token_hash, now() - last_seen_at < interval '1 minute' AS is_fresh FROM tokens"
        " WHERE principal_id = $1",
        person.id,
    )
    assert {row["token_hash"]: row["is_fresh"] for row in rows} == {used: True, ended: False}


# Behind the API


@asynccontextmanager
async def entered(
    installation: Installation, session: dict[str, str], scope: str
) -> AsyncIterator[asyncpg.Connection]:
    """Enter a transaction as an injected statement would find it."""
    connection = await asyncpg.connect(installation.app_url)
    token_hash = hash_of(session["Authorization"].removeprefix("Bearer "))
    try:
        async with connection.transaction():
            await connection.fetch("SELECT actor.enter($1, $2)", token_hash, scope)
            yield connection
    finally:
        await connection.close()


async def test_what_proves_an_identity_is_for_the_sign_in_service_only(
    installation: Installation, business_office: SignedIn, person: Person
) -> None:
    headers = {"Authorization": business_office.headers["Authorization"]}

    async with entered(installation, headers, "users:write") as manager:
        seen = await manager.fetchval("SELECT count(*) FROM users WHERE id = $1", person.id)
        read = await manager.fetchval("SELECT count(*) FROM credentials")
        changed = await manager.execute("UPDATE credentials SET hashed_password = ''")
        resets = await manager.fetchval(
            "SELECT count(*) FROM one_time_links WHERE purpose = 'password_reset'"
        )

    assert (seen, read, changed, resets) == (1, 0, "UPDATE 0", 0)


@pytest.mark.parametrize(
    "act",
    [
        "UPDATE tokens SET last_seen_at = now() + interval '1 day'",
        "UPDATE tokens SET stepped_up_at = now()",
        "UPDATE tokens SET expires_at = now() + interval '1 day'",
        "INSERT INTO tokens (principal_id, kind, token_hash, expires_at)"
        " SELECT actor.id(), 'session', sha256('x'), now() + interval '1 day'",
    ],
)
async def test_nobody_makes_or_prolongs_a_session_of_their_own(
    installation: Installation, session: dict[str, str], act: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with entered(installation, session, "me") as person:
            await person.execute(act)


@pytest.mark.usefixtures("session")
async def test_a_server_forgets_what_limits_and_opens_nothing_any_more(
    server: Server, owner: asyncpg.Connection, person: Person
) -> None:
    bucket = b"long ago"
    await owner.execute(
        "INSERT INTO sign_in_attempts VALUES ($1, 0, now() - interval '2 hours')", bucket
    )
    await owner.execute(
        "INSERT INTO sign_in_failures (bucket, failures, failed_at, trusted_until)"
        " VALUES ($1, 9, now() - interval '2 days', now())",
        bucket,
    )
    await owner.execute(
        "UPDATE tokens SET expires_at = now() - interval '8 days' WHERE principal_id = $1",
        person.id,
    )
    left = (
        "SELECT (SELECT count(*) FROM sign_in_attempts WHERE bucket = $1)"
        " + (SELECT count(*) FROM sign_in_failures WHERE bucket = $1)"
        " + (SELECT count(*) FROM tokens WHERE principal_id = $2)"
    )
    assert await owner.fetchval(left, bucket, person.id) == 3

    async with serving_with(server):
        for _ in range(100):
            if await owner.fetchval(left, bucket, person.id) == 0:
                break
            await asyncio.sleep(0.05)

    assert await owner.fetchval(left, bucket, person.id) == 0


async def test_no_secret_is_kept_or_logged(
    anonymous: httpx.AsyncClient,
    business_office: SignedIn,
    owner: asyncpg.Connection,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level("DEBUG")
    email = new_address()
    invited = await invite(business_office, email=email)
    await accept(anonymous, invited["invitation_token"])
    person = Person(invited["user_id"], email)
    begun = (await log_in(anonymous, person)).json()
    session = {"Authorization": f"Bearer {begun['token']}"}
    totp, recovery_codes = await second_factor(anonymous, person, session)
    refused = await log_in(anonymous, person, password=OTHER_PASSWORD)
    misspelt = await anonymous.post("/sessions", json=person.login | {"passwort": OTHER_PASSWORD})

    kept = await everything(owner)

    secrets = [
        PASSWORD,
        OTHER_PASSWORD,
        invited["invitation_token"],
        begun["token"],
        totp.secret,
        *recovery_codes,
        *(code.replace("-", "") for code in recovery_codes),
    ]
    assert email in kept
    streams = capfd.readouterr()
    heard = f"{caplog.text}{streams.out}{streams.err}{refused.text}{misspelt.text}"
    assert misspelt.status_code == 422
    assert [each for each in secrets if each in kept or each.encode().hex() in kept] == []
    assert [each for each in secrets if each in heard] == []
