"""The signed context: nobody becomes an actor but by a token, and nobody stays one."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.access.tokens import hash_of, new_token
from app.installation import Installation
from tests.conftest import SignedIn, SignIn

VISIBLE = "SELECT count(*) FROM agencies"


@pytest.fixture
async def app(installation: Installation) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the run-time role."""
    connection = await asyncpg.connect(installation.app_url)
    yield connection
    await connection.close()


def hash_in(caller: SignedIn) -> bytes:
    return hash_of(caller.headers["authorization"].removeprefix("Bearer "))


async def test_nobody_sees_nothing(app: asyncpg.Connection, agency: dict[str, str]) -> None:
    tables = await app.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")

    seen = [
        table for (table,) in tables if await app.fetchval(f'SELECT EXISTS (SELECT FROM "{table}")')
    ]

    assert agency
    assert seen == []


async def test_a_token_opens_one_transaction_and_no_more(
    app: asyncpg.Connection, business_office: SignedIn, agency: dict[str, str]
) -> None:
    async with app.transaction():
        await app.fetch("SELECT actor.enter($1, 'agencies:read')", hash_in(business_office))
        inside = await app.fetchval(VISIBLE)
    outside = await app.fetchval(VISIBLE)

    assert agency
    assert inside > 0
    assert outside == 0


async def test_a_context_cannot_be_forged(app: asyncpg.Connection) -> None:
    forged = "0" * 64 + f"|{uuid4()}|person||5|agencies:read|{uuid4()}|"

    async with app.transaction():
        await app.execute("SELECT set_config('actor.context', $1, true)", forged)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.fetchval(VISIBLE)


async def test_a_context_is_worth_nothing_in_another_transaction(
    app: asyncpg.Connection, business_office: SignedIn
) -> None:
    async with app.transaction():
        await app.fetch("SELECT actor.enter($1, 'agencies:read')", hash_in(business_office))
        stolen = await app.fetchval("SELECT current_setting('actor.context')")

    await app.execute("SELECT set_config('actor.context', $1, false)", stolen)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.fetchval(VISIBLE)


async def test_an_unknown_token_is_refused(app: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.PostgresError) as refused:
        await app.fetch("SELECT actor.enter($1, 'agencies:read')", hash_of(new_token("p")))

    assert refused.value.sqlstate == "SG401"


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE tokens SET revoked_at = now() WHERE principal_id = $1",
        "UPDATE tokens SET expires_at = now() WHERE principal_id = $1",
        "UPDATE tokens SET idle = '1 minute', last_seen_at = now() - interval '2 minutes'"
        " WHERE principal_id = $1",
        "UPDATE tokens SET kind = 'pending' WHERE principal_id = $1",
        "UPDATE principals SET is_active = false WHERE id = $1",
    ],
)
async def test_a_token_that_ended_is_refused_at_the_next_request(
    sign_in: SignIn, owner: asyncpg.Connection, spoil: str
) -> None:
    caller = await sign_in("board_member")
    assert (await caller.get("/agencies")).status_code == 200

    await owner.execute(spoil, caller.principal_id)

    assert (await caller.get("/agencies")).status_code == 401


async def test_a_role_that_ended_gives_nothing(sign_in: SignIn, owner: asyncpg.Connection) -> None:
    caller = await sign_in("board_member")

    await owner.execute(
        "UPDATE role_assignments SET valid_from = current_date - 2, valid_to = current_date - 1"
        " WHERE user_id = $1",
        caller.principal_id,
    )

    assert (await caller.get("/agencies")).status_code == 403


@pytest.mark.parametrize(
    "act",
    [
        "SELECT * FROM actor.signing_keys",
        "SELECT actor.sign('me')",
        "SET ROLE safeguarding_policy",
        "SET ROLE safeguarding_owner",
        "SET row_security = off; SELECT * FROM agencies",
        "ALTER TABLE agencies DISABLE ROW LEVEL SECURITY",
        "TRUNCATE agencies",
        "DELETE FROM events",
        "INSERT INTO events (action, subject, record_id) VALUES ('created', 'x', uuidv7())",
        "CREATE TEMP TABLE mine (id int)",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
async def test_the_run_time_role_may_not(app: asyncpg.Connection, act: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute(act)


async def test_every_change_leaves_a_line_without_values(
    business_office: SignedIn, owner: asyncpg.Connection, agency: dict[str, str]
) -> None:
    tag = (await business_office.get(f"/agencies/{agency['id']}")).headers["etag"]

    await business_office.patch(
        f"/agencies/{agency['id']}", json={"town": "Corby"}, headers={"If-Match": tag}
    )

    lines = await owner.fetch(
        "SELECT action, actor_id, members FROM events WHERE record_id = $1 ORDER BY id",
        UUID(agency["id"]),
    )
    assert [tuple(line) for line in lines] == [
        ("created", business_office.principal_id, []),
        ("changed", business_office.principal_id, ["town"]),
    ]
