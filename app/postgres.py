"""The embedded PostgreSQL 18: the binaries of a wheel as a child of this process.

The server listens on a Unix socket in a private directory, never on TCP, and lives as long as
its owner. If it is killed, the owner starts it again; if the owner is killed, Linux interrupts
the server, which then shuts down in order. Elsewhere (macOS) there is no such signal: there the
server of a killed owner stays until the next `start` on its directory replaces it. Whoever is
attached when the owner ends becomes the owner.
"""

import atexit
import fcntl
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import quote

from app.postgres_cluster import PATIENCE_S, SUPERUSER, Cluster
from app.postgres_process import ServerError
from app.secret_files import SecretFileError, make_directory

__all__ = ["EmbeddedServer", "ServerError", "ServerState"]

FIRST_ATTEMPTS, LATER_ATTEMPTS = 3, 10
"""Starts in a row that may fail before the server is given up. Once it ran there are enough to
outlast a statement that still runs after its server was killed."""

STEADY_S, LONGEST_PAUSE_S = 2.0, 3.0
"""A shorter life than the first doubles the pause before the next one, up to the second."""

STOP_STEPS_S = {signal.SIGINT: 30, signal.SIGQUIT: 10, signal.SIGKILL: 10}
"""How a server is told to end, and how long it may take. None of the three loses a commit."""

HEIR_LOOKS_EVERY_S = 0.2

_log = logging.getLogger(__name__)


class ServerState(StrEnum):
    """Where the server stands, seen from this process."""

    stopped = "stopped"
    starting = "starting"
    running = "running"
    attached = "attached"
    """Another process owns it. When that process ends, one that is attached starts it again."""
    failed = "failed"
    """It does not come up any more, and is not tried again."""


class EmbeddedServer:
    """The PostgreSQL 18 of the wheel, as a child of this process.

    Of several processes that open one directory, the first owns the server and the others attach
    to it. `options` are settings of PostgreSQL that win over ours.
    """

    def __init__(
        self, directory: Path, *, port: int | None = None, options: Mapping[str, str] | None = None
    ) -> None:
        self._cluster = Cluster(directory, {"port": str(port or 5432)} | dict(options or {}))
        self._lock: int | None = None
        self._owner = 0
        self._supervisor: _Supervisor | None = None
        self._address: tuple[str, int] | None = None
        self._heir: threading.Thread | None = None
        self._leaving = threading.Event()

    def start(self) -> None:
        """Make the cluster on first use, serve it or attach to its server, and wait until ready.

        Does nothing if that is done. Raises ServerError.
        """
        if self._address is not None:
            return
        try:
            self._address = self._own_or_attach()
            if self._supervisor is None:
                self._leaving.clear()
                self._heir = threading.Thread(target=self._inherit, name="heir", daemon=True)
                self._heir.start()
        except (OSError, subprocess.SubprocessError, SecretFileError) as error:
            self.stop()
            raise ServerError(str(error)) from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Shut the server down in order and wait for it, if this process owns it."""
        self._address = None
        if self._heir is not None:
            self._leaving.set()
            self._heir.join()
            self._heir = None
        if self._lock is None or not self.owned:
            return
        if self._supervisor is not None:
            self._supervisor.stop()
            self._supervisor = None
        self._cluster.leave()
        os.close(self._lock)
        self._lock = None
        atexit.unregister(self.stop)

    @property
    def owned(self) -> bool:
        """Whether the server is a child of this process. A fork of the owner does not own it."""
        return self._lock is not None and self._owner == os.getpid()

    @property
    def state(self) -> ServerState:
        """Where the server stands now."""
        if self._supervisor is not None:
            return self._supervisor.state
        return ServerState.stopped if self._address is None else ServerState.attached

    def url(self, role: str, password: str, database: str) -> str:
        """Return the address of a database for a role, as asyncpg reads it."""
        if self._address is None:
            raise ServerError("The embedded PostgreSQL was not started.")
        sockets, port = self._address
        who = f"{quote(role, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{who}@/{quote(database, safe='')}?host={quote(sockets)}&port={port}"

    @property
    def admin_url(self) -> str:
        """Address of the database `postgres` for the superuser."""
        return self.url(SUPERUSER, self._cluster.superuser_password(), "postgres")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _own_or_attach(self) -> tuple[str, int]:
        make_directory(self._cluster.directory)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if self._supervisor is None and self._take_lock():
                self._serve()
            if self._supervisor is not None:
                self._supervisor.wait(deadline - time.monotonic())
            address = self._cluster.address()
            if address is not None:
                return address
            time.sleep(0.01)
        raise ServerError(f"The server of {self._cluster.directory} does not become ready.")

    def _serve(self) -> None:
        self._cluster.prepare()
        self._supervisor = _Supervisor(self._cluster)
        self._supervisor.start()

    def _inherit(self) -> None:
        """Own the server once its owner has ended: whoever is attached must not be left alone."""
        while not self._leaving.wait(HEIR_LOOKS_EVERY_S):
            try:
                if self._take_lock():
                    self._serve()
                    return
            except (OSError, subprocess.SubprocessError, ServerError) as error:
                _log.warning("The embedded PostgreSQL is not taken over: %s", error)
                return

    def _take_lock(self) -> bool:
        """Own the directory unless another server object does, in this process or another."""
        lock = os.open(self._cluster.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        self._lock, self._owner = lock, os.getpid()
        atexit.register(self.stop)
        return True


class _Supervisor(threading.Thread):
    """The thread that starts the server, as often as it must. The server ends with this thread."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(name="postgres", daemon=True)
        self.state = ServerState.starting
        self._cluster = cluster
        self._process: subprocess.Popen[bytes] | None = None
        self._spawning = threading.Lock()
        self._settled = threading.Event()
        self._stopping = threading.Event()
        self._error: Exception | None = None

    def wait(self, timeout_s: float) -> None:
        """Wait until the server is ready. Raises ServerError if it was given up."""
        self._settled.wait(timeout_s)
        if self.state is ServerState.failed:
            reason = self._error or f"see {self._cluster.log}"
            raise ServerError(f"The embedded PostgreSQL does not start: {reason}")

    def stop(self) -> None:
        """End the server, and with it this thread."""
        self._stopping.set()
        for request, patience_s in STOP_STEPS_S.items():
            with self._spawning:
                if self._process is not None:
                    self._process.send_signal(request)
            self.join(patience_s)
            if not self.is_alive():
                return

    def run(self) -> None:
        """Start the server again whenever it ends, until stopped or in vain."""
        brief_lives, misses, attempts = 0, 0, FIRST_ATTEMPTS
        while not self._stopping.is_set() and misses < attempts:
            born = time.monotonic()
            if self._live():
                misses, attempts = 0, LATER_ATTEMPTS
            else:
                misses += 1
            brief_lives = 0 if time.monotonic() - born > STEADY_S else brief_lives + 1
            self._stopping.wait(min(0.05 * 2**brief_lives, LONGEST_PAUSE_S))
        self.state = ServerState.stopped if self._stopping.is_set() else ServerState.failed
        self._settled.set()

    def _live(self) -> bool:
        """See the server through one life. Returns whether it was ready in it."""
        self.state = ServerState.starting
        try:
            self._cluster.settle_predecessor()
            with self._spawning:  # or `stop` could miss a process that is just being born
                if self._stopping.is_set():
                    return False
                self._process = process = self._cluster.spawn()
        except (OSError, ServerError) as error:
            self._error = error
            return False
        was_ready = False
        while process.poll() is None and not was_ready:
            was_ready = self._cluster.is_served_by(process.pid)
            time.sleep(0.01)
        if was_ready:
            self.state = ServerState.running
            self._settled.set()
        exit_code = process.wait()
        if not self._stopping.is_set():
            _log.warning("The embedded PostgreSQL ended by itself (%d)", exit_code)
        return was_ready
