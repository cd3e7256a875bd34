"""The cluster of the embedded PostgreSQL: its data on disk, and the commands that serve them."""

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

from app.postgres_process import Account, ServerError
from app.secret_files import create_secret, read_secret, sync_directory

MAJOR_VERSION = "18"
SUPERUSER = "postgres"

PATIENCE_S = 120
"""Longest wait for a server to be ready, or to be gone; it may have much to write."""

_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # By default a failed statement is logged with the values in it, and those may be names.
    "log_statement": "none",
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}

_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}

_LONGEST_SOCKET_PATH = 100  # bytes, of the 107 that Linux and the 103 that macOS take
_SOCKET_NAME = ".s.PGSQL.65535"

_NO_PROCESS = "2147483647"  # above any process id that a kernel gives


class Postmaster(NamedTuple):
    """What a server wrote of itself in `postmaster.pid`."""

    pid: int
    port: int
    sockets: str
    is_ready: bool


class Cluster:
    """The directory of a cluster. `options` are settings of PostgreSQL that win over ours."""

    def __init__(self, directory: Path, options: Mapping[str, str]) -> None:
        self.directory = directory.resolve()
        self.log = self.directory / "postgres.log"
        self._path = self.directory / "cluster"
        self._pid_file = self._path / "postmaster.pid"
        self._password = self.directory / "superuser-password"
        self._sockets = _socket_directory(self.directory)
        self._options = _OPTIONS | dict(options) | {"unix_socket_directories": str(self._sockets)}
        self._account = Account(os.geteuid(), os.getegid())

    def prepare(self) -> None:
        """Make what a server needs: its rights, a directory for its socket, and its data."""
        self._refuse_other_versions()
        self._account = Account.of(self._path)
        self._make_private(self._sockets)
        if not self._path.exists():
            self._initialise()

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the server. It ends with the thread that calls this."""
        settings = [word for item in self._options.items() for word in ("-c", "=".join(item))]
        command = self._account.command(
            self.directory, "postgres", "-D", str(self._path), *settings
        )
        with self._open_log() as log:
            return subprocess.Popen(  # noqa: S603 - our own command
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_ENVIRONMENT,
                start_new_session=True,  # Ctrl-C in a terminal is for its owner alone
            )

    def address(self) -> tuple[str, int] | None:
        """Return the directory of the socket and the port of a server that is ready."""
        postmaster = self._postmaster()
        if postmaster is None or not postmaster.is_ready or not self._serves(postmaster.pid):
            return None
        return postmaster.sockets, postmaster.port

    def is_served_by(self, pid: int) -> bool:
        """Tell whether a process is the server and ready."""
        postmaster = self._postmaster()
        return postmaster is not None and postmaster.pid == pid and postmaster.is_ready

    def superuser_password(self) -> str:
        """Return the password of the superuser. Raises what `read_secret` raises."""
        return read_secret(self._password)

    def leave(self) -> None:
        """Remove the directory of the socket, once no server uses it."""
        with contextlib.suppress(OSError):
            self._sockets.rmdir()

    def _refuse_other_versions(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            found = (self._path / "PG_VERSION").read_text().strip()
            if found != MAJOR_VERSION:
                raise ServerError(
                    f"{self._path} was written by PostgreSQL {found}, and this is {MAJOR_VERSION}:"
                    " dump it with the old version and restore it with this one."
                )

    def _initialise(self) -> None:
        """Make the cluster aside and move it, so that a kill leaves none that is half made."""
        aside = self.directory / "cluster.new"
        shutil.rmtree(aside, ignore_errors=True)
        self._make_private(aside)
        create_secret(self._password, secrets.token_urlsafe(32))
        password = aside / "password"
        create_secret(password, self.superuser_password())
        if os.geteuid() == 0:
            os.lchown(password, self._account.uid, self._account.gid)
        flags = {
            "pgdata": aside / "cluster",
            "username": SUPERUSER,
            "pwfile": password,
            "auth": "scram-sha-256",
            "encoding": "UTF8",
            "locale-provider": "builtin",
            "builtin-locale": "PG_UNICODE_FAST",
            "locale": "C",
            # Where words end in a full text search: to C, a curly quote is a letter.
            "lc-ctype": "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8",
        }
        self._run_initdb([f"--{name}={value}" for name, value in flags.items()])
        (aside / "cluster").rename(self._path)
        sync_directory(self.directory)
        shutil.rmtree(aside)

    def _run_initdb(self, flags: list[str]) -> None:
        fixed = "--data-checksums", "--no-instructions"
        command = self._account.command(self.directory, "initdb", *fixed, *flags)
        with self._open_log() as log:
            result = subprocess.run(  # noqa: S603 - our own command
                command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=_ENVIRONMENT,
                timeout=PATIENCE_S,
            )
        if result.returncode != 0:
            raise ServerError(f"The cluster cannot be made: see {self.log}.")

    def settle_predecessor(self) -> None:
        """Wait for a server whose owner was killed, and make what a killed server left harmless.

        PostgreSQL takes the process id in a lock file for a server even if it is a zombie, or a
        stranger after a restart of the container, and would never start again. The other lines
        of `postmaster.pid` stay: by them it finds children of the killed server that still run.
        """
        deadline = time.monotonic() + PATIENCE_S
        while (postmaster := self._postmaster()) and self._serves(postmaster.pid):
            if sys.platform != "linux":
                os.kill(postmaster.pid, signal.SIGINT)
            if time.monotonic() > deadline:
                raise ServerError(f"Process {postmaster.pid} serves {self._path}: stop it first.")
            time.sleep(0.05)
        if postmaster is not None:
            _, _, rest = self._pid_file.read_text().partition("\n")
            flags = os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW
            with os.fdopen(os.open(self._pid_file, flags), "w") as file:
                file.write(f"{_NO_PROCESS}\n{rest}")
        else:
            self._pid_file.unlink(missing_ok=True)  # killed before the first word
        for left in self._sockets.iterdir():
            left.unlink()

    def _postmaster(self) -> Postmaster | None:
        try:
            lines = self._pid_file.read_text().splitlines()
            ready = lines[7:8] != [] and lines[7].strip() == "ready"
            return Postmaster(int(lines[0]), int(lines[3]), lines[4], ready)
        except (FileNotFoundError, IndexError, ValueError):
            return None

    def _serves(self, pid: int) -> bool:
        return os.fsencode(self._path) in _command_line(pid)

    def _make_private(self, directory: Path) -> None:
        """Make a directory for the server alone. Never trust one that somebody else made."""
        with contextlib.suppress(FileExistsError):
            directory.mkdir(mode=0o700)
            if os.geteuid() == 0:
                os.lchown(directory, self._account.uid, self._account.gid)
        found = directory.lstat()
        is_open = bool(stat.S_IMODE(found.st_mode) & 0o077)
        if is_open or not stat.S_ISDIR(found.st_mode) or found.st_uid != self._account.uid:
            raise ServerError(f"{directory} is not private to the user of the server: remove it.")

    def _open_log(self) -> BinaryIO:
        file = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        return os.fdopen(file, "ab")


def _socket_directory(directory: Path) -> Path:
    """Return a path short enough for a socket and free of what separates paths in a setting."""
    beside = directory / "run"
    length = len(os.fsencode(beside / _SOCKET_NAME))
    if length <= _LONGEST_SOCKET_PATH and re.fullmatch(r"[\w/.-]+", str(beside), re.ASCII):
        return beside
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    return Path("/tmp") / f"safeguarding-{digest}"  # noqa: S108 - private, see `_make_private`


def _command_line(pid: int) -> bytes:
    """Return what a process was started with; nothing for a zombie."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return b""
    command = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, check=False, capture_output=True).stdout  # noqa: S603 - a number
