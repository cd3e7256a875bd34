"""Files that hold secrets: written whole, closed to other users, refused when open to them."""

import os
import secrets
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


def create_secret(path: Path, text: str) -> None:
    """Write a file of mode 600 at once or not at all. One that is already there stays as it is."""
    make_directory(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    sync_directory(path.parent)


def read_secret(path: Path) -> str:
    """Return the text of a file. Raises SecretFileError if other users of the machine may read it.

    Raises FileNotFoundError if there is none.
    """
    with path.open(encoding="utf-8") as stream:
        if os.fstat(stream.fileno()).st_mode & 0o077:
            raise SecretFileError(f"{path} is open to other users: chmod 600 it, and renew it.")
        return stream.read()


def sync_directory(directory: Path) -> None:
    """Make the names in a directory outlast a power cut."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
