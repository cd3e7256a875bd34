"""Keys in a file beside the data directory, never in it: a copy of the data is no copy of the keys.

A version that was destroyed is gone from the file; the disk may keep its old blocks for a while,
so the disk should be an encrypted one.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from app.privacy.keys.keyring import Keyring, KeyringProvider
from app.privacy.keys.provider import KeyProviderError, KeysMissing, KeyVersion, NotByProvider
from app.secret_files import (
    SecretFileError,
    create_secret,
    one_at_a_time,
    read_secret,
    replace_secret,
)

SETTLED_NS = 1_000_000_000
"""Age from which a file that looks the same is the same: two changes within one tick of its clock
may leave inode, size and times alike, and a destroyed version must not wrap."""


class FileProvider(KeyringProvider):
    """A keyring in a file of mode 600. What another process changes there holds at once."""

    name: ClassVar[str] = "file"

    def __init__(self, path: Path, data_dir: Path) -> None:
        self._path = path.resolve()
        self.source = str(path)
        if self._path.is_relative_to(data_dir.resolve()):
            raise KeyProviderError(
                "KEY_FILE must not be in DATA_DIR: backups of it would hold the keys."
            )
        self._seen: tuple[int, ...] = ()
        self._keyring: Keyring | None = None

    def keyring(self) -> Keyring | None:
        """Return what the file holds now; it is read again when it has changed.

        Raises KeyProviderError if it is no keyring of ours, or if other users may read it.
        """
        try:
            state = self._path.stat()
        except FileNotFoundError:
            self._seen, self._keyring = (), None
            return None
        except OSError as error:
            raise self._unusable(error) from None
        seen = (state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
        if seen != self._seen:
            self._keyring = self._read()
            is_settled = time.time_ns() - state.st_ctime_ns > SETTLED_NS
            self._seen = seen if is_settled else ()
        return self._keyring

    async def rotate(self) -> KeyVersion:
        """Write the file with one version more."""
        return await self._rewrite(Keyring.rotated)

    async def destroy(self, number: int) -> None:
        """Write the file without the version. Raises NotByProvider for one newer than current."""

        def without(found: Keyring) -> Keyring:
            if number >= found.current:
                raise NotByProvider(
                    f"Version {number} is not behind the current one: rotate first."
                )
            return found.without(number)

        await self._rewrite(without)

    async def create(self) -> KeyVersion:
        """Write a file with one version. Raises NotByProvider if there is a file."""
        await asyncio.to_thread(self.write, Keyring.first())
        return await self.current()

    def write(self, keyring: Keyring) -> None:
        """Write the file, unless there is one. Raises NotByProvider if there is."""
        with self._alone():
            is_written = create_secret(self._path, keyring.text())
        if not is_written:
            raise NotByProvider(f"There is a key in {self.source}: it stays as it is.")

    async def _rewrite(self, change: Callable[[Keyring], Keyring]) -> KeyVersion:
        """Change what the file holds, whatever was read of it before; return what is current."""

        def rewrite() -> Keyring:
            with self._alone():
                changed = change(self._read())
                replace_secret(self._path, changed.text())
                return changed

        return self._current_of(await asyncio.to_thread(rewrite))

    def _read(self) -> Keyring:
        """Read the file itself. What is raised holds nothing of it."""
        try:
            return Keyring.parse(read_secret(self._path), self.source)
        except FileNotFoundError:
            refusal: KeyProviderError = KeysMissing(f"There is no key in {self.source}.")
        except (OSError, ValueError) as error:
            refusal = self._unusable(error)
        except SecretFileError as error:
            refusal = KeyProviderError(str(error))
        raise refusal

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from changing the file during the block."""
        try:
            with one_at_a_time(self._path):
                yield
        except OSError as error:
            raise self._unusable(error) from None

    def _unusable(self, error: Exception) -> KeyProviderError:
        return KeyProviderError(f"{self.source} cannot be used: {type(error).__name__}.")
