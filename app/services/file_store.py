"""Files beside the database: encrypted, written whole or not at all, found again to be swept."""

import os
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.datastructures import State

from app.access.tokens import derived_key
from app.errors import Unavailable
from app.secret_files import make_directory, sync_directory

MARK = b"SGF1"
"""What a file of ours begins with: AES-256-GCM, a nonce of 12 bytes, then the content."""
NONCE_BYTES = 12
DRAFT = ".draft"

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class FileStore:
    """A directory of encrypted files under random keys. Several processes may share it.

    All methods block: call them in a thread.
    """

    root: Path
    secret_key: bytes = field(repr=False)

    @classmethod
    def of(cls, state: State) -> "FileStore":
        """Return the store of a running application."""
        return cls(state.settings.data_dir / "evidence", state.secret_key)

    def write(self, content: bytes) -> str:
        """Store a file for good, and return its key: once this returns it outlasts a power cut."""
        key = uuid4().hex
        path = self._path(key)
        make_directory(self.root)
        make_directory(path.parent)
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher(key).encrypt(nonce, content, key.encode())
        draft = path.with_suffix(DRAFT)
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as stream:
            stream.write(MARK + nonce + sealed)
            stream.flush()
            os.fsync(stream.fileno())
        draft.rename(path)
        sync_directory(path.parent)
        return key

    def read(self, key: str) -> bytes:
        """Return a file's content. Raises `Unavailable` if it is gone or was tampered with."""
        try:
            stored = self._path(key).read_bytes()
            nonce, sealed = stored[len(MARK) :][:NONCE_BYTES], stored[len(MARK) + NONCE_BYTES :]
            return self._cipher(key).decrypt(nonce, sealed, key.encode())
        except (FileNotFoundError, InvalidTag, ValueError) as error:
            log.error("evidence_unreadable", storage_key=key, reason=type(error).__name__)  # noqa: TRY400
            raise Unavailable from None

    def remove(self, key: str) -> None:
        """Delete a file; one that is gone is no error."""
        self._path(key).unlink(missing_ok=True)

    def older_than(self, age: timedelta) -> list[str]:
        """Return the keys of files last written longer ago; deletes drafts as old."""
        before = time.time() - age.total_seconds()
        found = []
        for path in self.root.glob("??/*"):
            if path.stat().st_mtime >= before:
                continue
            if path.suffix == DRAFT:
                path.unlink(missing_ok=True)
            else:
                found.append(path.name)
        return found

    def _path(self, key: str) -> Path:
        return self.root / key[:2] / UUID(key).hex

    def _cipher(self, key: str) -> AESGCM:
        """Return the cipher of one file: no two share a key."""
        return AESGCM(derived_key(self.secret_key, f"evidence:{key}"))
