"""From an empty server to a database with three roles, none of which can do too much."""

import asyncio
import contextlib
import json
import stat
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from pathlib import Path

import asyncpg
import pytest

from app.bootstrap import BootstrapError, Credentials, bootstrap
from app.postgres import EmbeddedServer
from app.secret_files import SecretFileError

ROLES = {"safeguarding_owner", "safeguarding_policy", "safeguarding_app"}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name the log of the server."""
    return tmp_path_factory.mktemp("bootstrap") / "postgres.log"


@pytest.fixture(scope="module")
def server(log: Path) -> Iterator[EmbeddedServer]:
    """Serve a cluster of its own: these tests change roles, which all databases share."""
    with EmbeddedServer(log.parent, options={"fsync": "off"}) as server:
        yield server


@pytest.fixture(scope="module")
def credentials(log: Path) -> Credentials:
    """Make the credentials of that server."""
    return Credentials.load_or_create(log.with_name("credentials.json"))


@pytest.fixture(scope="module")
async def board(server: EmbeddedServer, credentials: Credentials) -> str:
    """Bootstrap a database, and return its name."""
    await bootstrap(server.admin_url, "board", credentials)
    return "board"


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def app(
    server: EmbeddedServer, board: str, credentials: Credentials
) -> AsyncIterator[asyncpg.Connection]:
    """Sign in as the role of run time."""
    url = server.url("safeguarding_app", credentials.app_password, board)
    async with connected(url) as connection:
        yield connection


@pytest.fixture
async def owner(
    server: EmbeddedServer, board: str, credentials: Credentials
) -> AsyncIterator[asyncpg.Connection]:
    """Sign in as the role of migrations."""
    url = server.url("safeguarding_owner", credentials.owner_password, board)
    async with connected(url) as connection:
        yield connection


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE public.notes ()",
        "CREATE SCHEMA notes",
        "CREATE TEMPORARY TABLE notes ()",
        "CREATE FUNCTION pg_temp.note() RETURNS int RETURN 1",
        "SET ROLE safeguarding_owner",
        "SET ROLE safeguarding_policy",
        "SET SESSION AUTHORIZATION safeguarding_owner",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT rolpassword FROM pg_authid",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "CREATE DATABASE notes",
        "CREATE ROLE notes",
        "ALTER ROLE safeguarding_app BYPASSRLS",
        "ALTER SYSTEM SET log_statement = 'all'",
    ],
)
async def test_the_run_time_role_is_denied(app: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute(statement)


async def test_the_run_time_role_waits_for_nothing_for_long(app: asyncpg.Connection) -> None:
    found = await app.fetchrow(
        """
        SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),
            current_setting('idle_in_transaction_session_timeout')
        """
    )

    assert found is not None
    assert tuple(found) == ("15s", "3s", "15s")


async def test_no_role_has_an_attribute_that_row_level_security_does_not_survive(
    server: EmbeddedServer, board: str
) -> None:
    async with connected(server.admin_url) as administrator:
        found = await administrator.fetch(
            """
            SELECT rolname, rolcanlogin, rolinherit, rolconnlimit, rolsuper OR rolbypassrls
                OR rolcreaterole OR rolcreatedb OR rolreplication
            FROM pg_roles WHERE rolname = ANY($1) ORDER BY rolname
            """,
            ROLES,
        )

    assert board == "board"
    assert [tuple(role) for role in found] == [
        ("safeguarding_app", True, False, 150, False),
        ("safeguarding_owner", True, True, -1, False),
        ("safeguarding_policy", False, True, -1, False),
    ]


async def test_the_owner_makes_tables_and_steps_into_the_policy_role_only_by_an_act(
    owner: asyncpg.Connection,
) -> None:
    async with owner.transaction():
        await owner.execute("CREATE SCHEMA actor; CREATE TABLE public.findings ()")
        await owner.execute("SET LOCAL ROLE safeguarding_policy")
        inherits = await owner.fetchval(
            "SELECT pg_has_role('safeguarding_owner', 'safeguarding_policy', 'USAGE')"
        )

    assert not inherits
    assert await owner.fetchval("SELECT current_user") == "safeguarding_owner"


async def test_a_role_of_somebody_else_cannot_connect(server: EmbeddedServer, board: str) -> None:
    async with connected(server.admin_url) as administrator:
        await administrator.execute("CREATE ROLE stranger LOGIN PASSWORD 'stranger'")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(server.url("stranger", "stranger", board))


async def test_a_second_bootstrap_keeps_what_is_there_and_takes_a_new_password(
    server: EmbeddedServer, credentials: Credentials
) -> None:
    name = """o'neill "board" %"""
    await bootstrap(server.admin_url, name, credentials)
    async with connected(server.url("safeguarding_owner", credentials.owner_password, name)) as db:
        await db.execute("CREATE TABLE lessons AS SELECT 'listen' AS lesson")
    renewed = Credentials(credentials.owner_password, "renewed: '100%'\\", "0" * 64)

    try:
        await bootstrap(server.admin_url, name, renewed)

        async with connected(server.url("safeguarding_app", renewed.app_password, name)) as db:
            assert await db.fetchval("SELECT to_regclass('lessons')::text") == "lessons"
    finally:
        await bootstrap(server.admin_url, name, credentials)


async def test_bootstraps_at_once_all_succeed(
    server: EmbeddedServer, credentials: Credentials
) -> None:
    names = ["north", "west", "north", "west"]

    await asyncio.gather(*(bootstrap(server.admin_url, name, credentials) for name in names))

    async with connected(server.url("safeguarding_app", credentials.app_password, "west")) as west:
        assert await west.fetchval("SHOW server_encoding") == "UTF8"


async def test_bootstraps_that_do_not_see_each_others_lock_succeed(
    server: EmbeddedServer, board: str, credentials: Credentials
) -> None:
    elsewhere = server.admin_url.replace("@/postgres", f"@/{board}")
    urls = [server.admin_url, elsewhere] * 3

    await asyncio.gather(*(bootstrap(url, board, credentials) for url in urls))

    url = server.url("safeguarding_app", credentials.app_password, board)
    async with connected(url) as connection:
        assert await connection.fetchval("SELECT current_user") == "safeguarding_app"


@pytest.mark.parametrize(
    ("widen", "narrow"),
    [
        ("ALTER ROLE safeguarding_app BYPASSRLS", "ALTER ROLE safeguarding_app NOBYPASSRLS"),
        ("GRANT pg_monitor TO safeguarding_app", "REVOKE pg_monitor FROM safeguarding_app"),
    ],
)
async def test_a_role_that_may_do_more_is_refused(
    server: EmbeddedServer, board: str, credentials: Credentials, widen: str, narrow: str
) -> None:
    async with connected(server.admin_url) as administrator:
        await administrator.execute(widen)
        try:
            with pytest.raises(BootstrapError, match="more than they should: safeguarding_app"):
                await bootstrap(server.admin_url, board, credentials)
        finally:
            await administrator.execute(narrow)


async def test_a_database_in_another_encoding_is_refused(
    server: EmbeddedServer, credentials: Credentials
) -> None:
    async with connected(server.admin_url) as administrator:
        await administrator.execute(
            "CREATE DATABASE old TEMPLATE template0 ENCODING SQL_ASCII"
            " LOCALE_PROVIDER libc LOCALE 'C'"
        )

    with pytest.raises(BootstrapError, match="encoding of the database old"):
        await bootstrap(server.admin_url, "old", credentials)


async def test_an_administrator_without_the_rights_is_told(
    server: EmbeddedServer, board: str, credentials: Credentials
) -> None:
    url = server.url("safeguarding_owner", credentials.owner_password, board)

    with pytest.raises(BootstrapError, match="permission denied to create database"):
        await bootstrap(url, "another", credentials)


async def test_the_server_never_sees_a_password(tmp_path: Path) -> None:
    options = {"log_statement": "all", "log_min_messages": "debug1"}
    credentials = Credentials.load_or_create(tmp_path / "credentials.json")
    with EmbeddedServer(tmp_path / "data", options=options) as server:
        await bootstrap(server.admin_url, "board", credentials)

    log = (tmp_path / "data" / "postgres.log").read_text()

    assert "ALTER ROLE safeguarding_app PASSWORD" in log
    assert not [secret for secret in astuple(credentials) if secret in log]


def test_credentials_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "credentials.json"

    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(Credentials.load_or_create, [path] * 8))

    assert len(set(made)) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["credentials.json"]
    assert len(bytes.fromhex(made[0].secret_key)) == 32


def test_credentials_do_not_show_in_a_log(tmp_path: Path) -> None:
    credentials = Credentials.load_or_create(tmp_path / "credentials.json")

    assert repr(credentials) == "Credentials()"


def test_credentials_open_to_others_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    Credentials.load_or_create(path)
    path.chmod(0o640)

    with pytest.raises(SecretFileError, match="is open to other users"):
        Credentials.load_or_create(path)


@pytest.mark.parametrize(
    "content",
    [
        "secret",
        '["secret"]',
        '{"owner_password": "secret"}',
        json.dumps({"owner_password": "secret", "app_password": None, "secret_key": "secret"}),
    ],
)
def test_a_file_without_credentials_is_refused_and_not_repeated(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "credentials.json"
    path.write_text(content)
    path.chmod(0o600)

    with pytest.raises(SecretFileError) as refused:
        Credentials.load_or_create(path)

    assert "secret" not in str(refused.value).removeprefix(str(path))
    assert refused.value.__context__ is None
