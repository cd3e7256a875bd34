"""The embedded PostgreSQL: it lives as long as its owner, comes back, and says nothing it saw."""

import asyncio
import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.postgres import EmbeddedServer, ServerError, ServerState

ROOT = Path(__file__).parent.parent
OWNER = """
import sys, time
from pathlib import Path
from app.postgres import EmbeddedServer

EmbeddedServer(Path(sys.argv[1])).start()
print("ready", flush=True)
time.sleep(60)
"""
NOT_UP = (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError)

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs a signal that Linux sends")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a cluster with a table `lessons` of one row, and no server."""
    path = tmp_path_factory.mktemp("postgres") / "data"
    with EmbeddedServer(path) as server:
        asyncio.run(ask(server.admin_url, "CREATE TABLE lessons AS SELECT 'listen' AS lesson"))
    return path


@pytest.fixture
def server(directory: Path) -> Iterator[EmbeddedServer]:
    """Serve that cluster from this process."""
    with EmbeddedServer(directory) as server:
        yield server


@pytest.fixture
def stranger(directory: Path) -> Iterator[int]:
    """Run some process of the user that the server runs as."""
    user = (directory / "cluster").stat().st_uid if os.geteuid() == 0 else None
    with subprocess.Popen(["/bin/sleep", "60"], user=user) as process:
        yield process.pid
        process.kill()


async def ask(url: str, sql: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def ask_when_up(url: str, sql: str) -> Any:
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(*NOT_UP):
                return await ask(url, sql)
            await asyncio.sleep(0.01)


def postmaster(directory: Path) -> int:
    return int((directory / "cluster" / "postmaster.pid").read_text().splitlines()[0])


def is_gone(pid: int) -> bool:
    """Tell whether a process ended; a zombie that nobody reaps did."""
    try:
        return not Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True


def wait_until_gone(pid: int) -> float:
    """Return the seconds it took."""
    began = time.monotonic()
    while not is_gone(pid) and time.monotonic() < began + 10:
        time.sleep(0.01)
    return time.monotonic() - began


@contextlib.contextmanager
def another_owner(directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", OWNER, str(directory)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as owner:  # noqa: S603
        try:
            assert owner.stdout is not None
            assert owner.stdout.readline() == b"ready\n"
            yield owner
        finally:
            owner.kill()


async def test_the_first_start_makes_a_private_cluster(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "data"

    with EmbeddedServer(directory) as server:
        found = await ask(
            server.admin_url,
            """
            SELECT ARRAY[current_setting('server_version_num')::int / 10000 || '',
                current_setting('listen_addresses'), current_setting('data_checksums'),
                current_setting('fsync'), current_setting('synchronous_commit'),
                pg_encoding_to_char(encoding), datlocprovider::text, datlocale]
            FROM pg_database WHERE datname = current_database()
            """,
        )
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}

    assert found == ["18", "", "on", "on", "on", "UTF8", "b", "PG_UNICODE_FAST"]
    assert modes == {
        "cluster": 0o700,
        "run": 0o700,
        "lock": 0o600,
        "postgres.log": 0o600,
        "superuser-password": 0o600,
    }


async def test_a_search_finds_the_word_before_a_curly_quote(server: EmbeddedServer) -> None:
    found = await ask(
        server.admin_url, "SELECT to_tsvector('english', 'the child\u2019s\u2014voice')::text"
    )

    assert found == "'child':2 'voic':4"


async def test_nobody_enters_without_a_password(server: EmbeddedServer) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(server.url("postgres", "guess: 100%/@?", "postgres"), "SELECT 1")


async def test_a_restart_keeps_what_was_committed(directory: Path) -> None:
    with EmbeddedServer(directory) as server:
        await ask(server.admin_url, "CREATE TABLE kept AS SELECT 1 AS one")
        server.stop()

        server.start()

        assert await ask(server.admin_url, "SELECT one FROM kept") == 1


async def test_a_killed_server_comes_back_with_what_was_committed(
    server: EmbeddedServer, directory: Path
) -> None:
    await ask(server.admin_url, "INSERT INTO lessons VALUES ('ask') RETURNING lesson")
    killed = postmaster(directory)

    os.kill(killed, signal.SIGKILL)

    kept = await ask_when_up(server.admin_url, "SELECT count(*) FROM lessons WHERE lesson = 'ask'")
    assert kept == 1
    assert postmaster(directory) != killed
    assert server.owned


@on_linux
def test_a_killed_owner_leaves_no_server(directory: Path) -> None:
    with another_owner(directory) as owner:
        pid = postmaster(directory)

        owner.kill()

        assert wait_until_gone(pid) < 5
    assert not (directory / "cluster" / "postmaster.pid").exists()


@on_linux
async def test_a_killed_owner_and_a_killed_server_are_followed_by_another(directory: Path) -> None:
    with another_owner(directory) as owner:
        owner.send_signal(signal.SIGSTOP)
        os.kill(postmaster(directory), signal.SIGKILL)
        owner.kill()
        owner.wait()

        with EmbeddedServer(directory) as server:
            found = await ask(server.admin_url, "SELECT count(*) FROM lessons")

    assert found >= 1


async def test_a_second_process_attaches(directory: Path) -> None:
    with another_owner(directory), EmbeddedServer(directory) as server:
        found = await ask(server.admin_url, "SELECT min(lesson) FROM lessons")

        assert found in {"ask", "listen"}
        assert not server.owned
        assert server.state is ServerState.attached


async def test_who_is_attached_takes_over_when_the_owner_ends(directory: Path) -> None:
    with another_owner(directory) as owner, EmbeddedServer(directory) as server:
        owner.kill()
        owner.wait()

        async with asyncio.timeout(20):
            # The old server may still answer while it ends: ours is up when its state says so.
            while not (server.owned and server.state is ServerState.running):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert await ask_when_up(server.admin_url, "SELECT 1") == 1
    assert not (directory / "run").exists()


async def test_who_is_attached_does_not_stop_the_server(
    server: EmbeddedServer, directory: Path
) -> None:
    second = EmbeddedServer(directory)
    second.start()

    second.stop()

    assert second.state is ServerState.stopped
    assert await ask(server.admin_url, "SELECT 1") == 1


def test_stop_leaves_no_server_and_may_be_repeated(directory: Path) -> None:
    server = EmbeddedServer(directory)
    server.start()
    pid = postmaster(directory)

    server.stop()
    server.stop()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not (directory / "run").exists()
    assert server.state is ServerState.stopped


def test_a_data_path_may_be_longer_than_that_of_a_socket(tmp_path: Path) -> None:
    directory = tmp_path / ("partnership, " * 15) / "data"

    with EmbeddedServer(directory) as server:
        found = asyncio.run(ask(server.admin_url, "SHOW unix_socket_directories"))
        sockets = Path(found)
        mode = stat.S_IMODE(sockets.stat().st_mode)

    assert len(str(sockets)) < 60
    assert mode == 0o700
    assert not sockets.exists()


async def test_the_log_holds_no_value_of_a_statement_that_failed(
    server: EmbeddedServer, directory: Path
) -> None:
    failing = [
        "SELECT 'Ann 9434765919'::uuid",
        "INSERT INTO unknown VALUES ('Ann 9434765919')",
        "DO $$ BEGIN RAISE EXCEPTION 'Ann 9434765919'; END $$",
        "DO $$ BEGIN RAISE WARNING 'Ann 9434765919'; END $$",
    ]
    for statement in failing:
        with contextlib.suppress(asyncpg.PostgresError):
            await ask(server.admin_url, statement)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(server.url("postgres", "wrong", "postgres"), "SELECT 1")

    log = (directory / "postgres.log").read_text()

    assert "password authentication failed" in log
    assert "Ann" not in log


@on_linux
def test_a_process_id_that_a_stranger_has_now_does_not_stop_the_start(
    directory: Path, stranger: int
) -> None:
    pid_file = directory / "cluster" / "postmaster.pid"
    with another_owner(directory):
        pid, _, rest = pid_file.read_text().partition("\n")
    wait_until_gone(int(pid))
    pid_file.write_text(f"{stranger}\n{rest}")
    shutil.chown(pid_file, (directory / "cluster").stat().st_uid)

    with EmbeddedServer(directory) as server:
        assert server.state is ServerState.running


def test_a_cluster_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cluster").mkdir()
    (tmp_path / "cluster" / "PG_VERSION").write_text("16\n")

    with pytest.raises(ServerError, match="written by PostgreSQL 16, and this is 18"):
        EmbeddedServer(tmp_path).start()


def test_a_socket_directory_open_to_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(0o777)

    with pytest.raises(ServerError, match="is not private"):
        EmbeddedServer(tmp_path).start()


def test_a_server_that_cannot_start_is_given_up(directory: Path) -> None:
    server = EmbeddedServer(directory, options={"shared_buffers": "much"})

    with pytest.raises(ServerError, match=r"does not start: see .*postgres\.log"):
        server.start()

    assert not server.owned
    assert "shared_buffers" in (directory / "postgres.log").read_text()
