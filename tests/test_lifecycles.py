"""No lifecycle is entered sideways: every state of every one, as every role, against its table."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.access.roles import ROLES
from app.access.tokens import hash_of
from app.installation import Installation
from app.models.lifecycles import LIFECYCLES
from tests.conftest import Json, SignedIn, SignIn

States = dict[str, list[str]]

SCRATCH = """
CREATE SCHEMA scratch;
GRANT USAGE ON SCHEMA scratch TO safeguarding_app;
CREATE FUNCTION scratch.walk(subject text, states text[]) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
    source text;
    target text;
BEGIN
    FOREACH source IN ARRAY states LOOP
        FOREACH target IN ARRAY states LOOP
            BEGIN
                EXECUTE format('UPDATE scratch.%I SET status = $1 WHERE status = $2 AND id = $2',
                    subject) USING target, source;
                RAISE EXCEPTION 'moved' USING ERRCODE = 'SG000';
            EXCEPTION
                WHEN SQLSTATE 'SG000' THEN
                    IF source <> target THEN
                        RETURN NEXT source || ' ' || target;
                    END IF;
                WHEN insufficient_privilege THEN NULL;
            END;
        END LOOP;
    END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION scratch.walk TO safeguarding_app;
"""
"""Tables of the same names with a record in each state, open to everybody but for the lock."""
LOCK = """
SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t
WHERE t.tgname = 'guard_move' AND t.tgrelid = ('public.' || $1)::regclass
"""


def states_of(subject: str) -> list[str]:
    """Return every state of a lifecycle."""
    moves = LIFECYCLES[subject].moves
    return sorted({state for move in moves for state in (move.source, move.target)})


@pytest.fixture
async def scratch(owner: asyncpg.Connection) -> AsyncIterator[States]:
    """Records in every state, behind the very lock of the real tables and nothing else."""
    await owner.execute(SCRATCH)
    states = {subject: states_of(subject) for subject in LIFECYCLES}
    for subject, each in states.items():
        lock = await owner.fetchval(LOCK, subject)
        assert lock is not None, f"{subject} is not locked"
        await owner.execute(f"CREATE TABLE scratch.{subject} (id text, status text)")
        await owner.executemany(
            f"INSERT INTO scratch.{subject} VALUES ($1, $1)", [(state,) for state in each]
        )
        await owner.execute(f"GRANT SELECT, UPDATE ON scratch.{subject} TO safeguarding_app")
        await owner.execute(lock.replace(f"ON public.{subject}", f"ON scratch.{subject}"))
    yield states
    await owner.execute("DROP SCHEMA scratch CASCADE")


@pytest.mark.parametrize("role", sorted(ROLES))
async def test_a_state_is_left_by_the_moves_of_its_table_only(
    role: str, scratch: States, sign_in: SignIn, installation: Installation
) -> None:
    token = (await sign_in(role)).headers["authorization"].removeprefix("Bearer ")
    app = await asyncpg.connect(installation.app_url)
    held = ROLES[role].capabilities

    moved: dict[str, set[str]] = {}
    async with app.transaction():
        await app.fetchrow("SELECT * FROM actor.enter($1, 'me')", hash_of(token))
        for subject, states in scratch.items():
            rows = await app.fetch("SELECT * FROM scratch.walk($1, $2)", subject, states)
            moved[subject] = {row["walk"] for row in rows}
    await app.close()

    assert moved == {
        subject: {
            f"{move.source} {move.target}"
            for move in lifecycle.moves
            if move.needs in held and move.source != move.target
        }
        for subject, lifecycle in LIFECYCLES.items()
    }


async def test_a_record_begins_in_the_first_state_of_its_lifecycle(
    owner: asyncpg.Connection,
) -> None:
    rows = await owner.fetch(
        "SELECT c.relname, pg_get_expr(d.adbin, d.adrelid) AS first, p.polname,"
        " pg_get_expr(p.polwithcheck, p.polrelid) AS rule"
        " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'status'"
        " JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum"
        " JOIN pg_policy p ON p.polrelid = c.oid AND p.polcmd = 'a' AND p.polname = 'creates'"
        " WHERE c.relname = ANY ($1) AND c.relnamespace = 'public'::regnamespace",
        list(LIFECYCLES),
    )

    first = {row["relname"]: row["first"].split("'")[1] for row in rows}
    anywhere = [row["relname"] for row in rows if f"'{first[row['relname']]}'" not in row["rule"]]
    assert anywhere == []
    sources = {
        subject: {move.source for move in lifecycle.moves}
        for subject, lifecycle in LIFECYCLES.items()
    }
    assert [subject for subject, state in first.items() if state not in sources[subject]] == []


@pytest.fixture
async def proposed(business_office: SignedIn) -> Json:
    """A meeting that is planned: it may be held, or cancelled."""
    items = (await business_office.get("/bodies", params={"code": "board"})).json()["items"]
    planned = {"body_id": items[0]["id"], "held_on": "2017-11-01", "title": "Meeting"}
    made: Json = (await business_office.post("/meetings", json=planned)).json()
    return made


async def test_of_two_at_the_same_moment_one_wins(
    business_office: SignedIn, sign_in: SignIn, proposed: Json
) -> None:
    other = await sign_in("bo_officer")
    path = f"/meetings/{proposed['id']}"
    tag = (await business_office.get(path)).headers["etag"]
    theirs = (await other.get(path)).headers["etag"]

    both = await asyncio.gather(
        business_office.post(f"{path}/transitions", json={"to": "held"}, headers={"If-Match": tag}),
        other.post(
            f"{path}/transitions",
            json={"to": "cancelled", "reason": "Too few can come."},
            headers={"If-Match": theirs},
        ),
    )

    assert sorted(each.status_code for each in both) == [201, 412]
