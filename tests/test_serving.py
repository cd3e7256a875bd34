"""`safeguarding serve`: what it refuses, and what it survives."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parent.parent
COMMAND = [sys.executable, "-m", "app.cli"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name one directory for all servers of this file, one after the other."""
    return tmp_path_factory.mktemp("serving") / "board"


@dataclass(frozen=True, slots=True)
class Running:
    """A server, as whoever started it knows it."""

    process: subprocess.Popen[str]
    url: str

    def status(self) -> int:
        """Return the status of `/readyz`; 0 if there is no answer."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code
        except httpx.TransportError:
            return 0

    def workers(self) -> set[int]:
        """Return the processes that answer requests or work beside them."""
        return {pid for pid in children(self.process.pid) if "spawn_main" in command_of(pid)}


def environment(data_dir: Path, **variables: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT), "DATA_DIR": str(data_dir)} | variables


@contextmanager
def served(data_dir: Path, *options: str, **variables: str) -> Iterator[Running]:
    """Serve for the block, on a free port; end the server in order after it, if it still runs."""
    with subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, "serve", "--port=0", "--json", *options],
        env=environment(data_dir, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            running = Running(process, json.loads(process.stdout.readline())["url"])
            eventually(lambda: running.status() == 200)
            yield running
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def refused(data_dir: Path, *options: str, **variables: str) -> str:
    """Start a server that must not start; return what it says."""
    result = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, "serve", "--port=0", *options],
        check=False,
        env=environment(data_dir, **variables),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    return result.stderr


def eventually(holds: Callable[[], bool], within_s: float = 15) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def test_a_server_told_to_stop_leaves_nothing_behind(data_dir: Path) -> None:
    with served(data_dir, "--workers=2") as server:
        left = children(server.process.pid)

    assert server.process.returncode == 0
    assert len(left) >= 3
    eventually(lambda: not any(command_of(pid) for pid in left), within_s=1)


def test_a_request_under_way_is_answered_before_the_server_ends(data_dir: Path) -> None:
    with served(data_dir) as server:
        host, _, port = server.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(
                b"POST /v1/agencies HTTP/1.1\r\nHost: board.example\r\nContent-Length: 2\r\n"
                b"Content-Type: application/json\r\n\r\n{"
            )
            time.sleep(0.2)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            connection.sendall(b"}")
            answer = connection.recv(100)

    assert answer.startswith(b"HTTP/1.1 401 ")


def test_a_killed_process_is_replaced(data_dir: Path) -> None:
    with served(data_dir, "--with-worker") as server:
        killed = server.workers()

        for pid in killed:
            os.kill(pid, signal.SIGKILL)

        assert len(killed) == 2
        eventually(lambda: len(server.workers() - killed) == 2)
        eventually(lambda: server.status() == 200)


def test_requests_wait_out_a_killed_database(data_dir: Path) -> None:
    with served(data_dir) as server:
        before = server.workers()
        postgres = next(p for p in children(server.process.pid) if "postgres" in command_of(p))

        os.kill(postgres, signal.SIGKILL)

        statuses = set()
        for _ in range(20):
            statuses.add(server.status())
            time.sleep(0.02)
        eventually(lambda: server.status() == 200)
        assert statuses <= {200, 503}
        assert server.workers() == before


def test_a_killed_supervisor_takes_everything_with_it(data_dir: Path) -> None:
    with served(data_dir, "--workers=2", "--with-worker") as server:
        left = children(server.process.pid)

        server.process.kill()

        eventually(lambda: not any(command_of(pid) for pid in left))
    with served(data_dir) as again:
        assert again.status() == 200


def test_records_are_not_served_in_clear(data_dir: Path) -> None:
    assert refused(data_dir, "--host=0.0.0.0") == (
        "safeguarding: Without TLS, records would travel in clear from 0.0.0.0.\n"
    )
    assert "PUBLIC_URL is not https" in refused(data_dir, PUBLIC_URL="http://board.example")
    assert "one of them is missing" in refused(data_dir, "--tls-cert=/nowhere.pem")


def test_a_setting_is_refused_by_its_name_and_without_its_value(data_dir: Path) -> None:
    said = refused(data_dir, SECRET_KEY="4f2a")
    other = refused(data_dir, POOL_SIZE="ninety")

    assert said == "safeguarding: SECRET_KEY must be 64 hexadecimal digits.\n"
    assert other.startswith("safeguarding: pool_size: ")
    assert "ninety" not in other


def test_a_database_of_another_key_is_refused(data_dir: Path) -> None:
    with served(data_dir):
        pass

    said = refused(data_dir, SECRET_KEY="4f" * 32)

    assert said == "safeguarding: SECRET_KEY is not the one this database was set up with.\n"


def test_credentials_that_others_can_read_are_refused(data_dir: Path) -> None:
    with served(data_dir):
        pass
    path = data_dir / "credentials.json"

    path.chmod(0o644)
    said = refused(data_dir)
    path.chmod(0o600)

    assert "is open to other users" in said


def test_a_port_that_is_taken_is_refused(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = refused(data_dir, f"--port={taken.getsockname()[1]}")

    assert said.startswith("safeguarding: The server cannot listen on 127.0.0.1, port ")


def test_an_address_that_nobody_answers_is_refused(data_dir: Path) -> None:
    said = refused(
        data_dir,
        SECRET_KEY="4f" * 32,
        APP_DATABASE_URL="postgresql://safeguarding_app:x@127.0.0.1:1/board",
        VAULT_DATABASE_URL="postgresql://safeguarding_vault:x@127.0.0.1:1/board",
    )

    assert said == (
        "safeguarding: The database cannot be reached as its run-time role:"
        " ConnectionRefusedError.\n"
    )
