"""Files that hold secrets: written whole, closed to other users, refused when open to them."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class SecretFileError(RuntimeError):
    """A file with secrets cannot be trusted; the message is one sentence and holds no secret."""


def make_directory(directory: Path) -> None:
    """Make a directory for secrets unless it is there. What is in it is closed by itself.

    Others may not enter. Root's may be passed through by the user that the server runs as.
    """
    if not directory.exists():
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o711 if os.geteuid() == 0 else 0o700)


def create_secret(path: Path, text: str) -> bool:
    """Write a file of mode 600 at once or not at all, and tell whether it was written.

    One that is already there stays as it is.
    """
    with _draft(path, text) as draft:
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return False
        sync_directory(path.parent)
        return True


def replace_secret(path: Path, text: str) -> None:
    """Write a file of mode 600 in the place of another: readers find one or the other, whole."""
    with _draft(path, text) as draft:
        draft.replace(path)
        sync_directory(path.parent)


@contextmanager
def _draft(path: Path, text: str) -> Iterator[Path]:
    """Write the text to the disk under a name of its own, for the block to make it `path`."""
    make_directory(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Keep every other process out of the same block, by a lock on a file beside `path`.

    The file stays: whoever removed it would let two in. The lock goes with its process.
    """
    make_directory(path.parent)
    lock = os.open(path.with_name(f"{path.name}.lock"), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def read_secret(path: Path, open_to: int = 0o077) -> str:
    """Return the text of a file. Raises SecretFileError if other users of the machine may read it.

    `open_to` are the bits of its mode that are refused. Raises FileNotFoundError if there is none.
    """
    with path.open(encoding="utf-8") as stream:
        if os.fstat(stream.fileno()).st_mode & open_to:
            raise SecretFileError(f"{path} is open to other users: chmod 600 it, and renew it.")
        return stream.read()


def sync_directory(directory: Path) -> None:
    """Make the names in a directory outlast a power cut."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
