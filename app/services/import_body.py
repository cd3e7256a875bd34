"""The body of an import while it arrives: counted, hashed, and held until it is whole.

A small one stays in memory. A large one goes to a file of mode 600, to be read by a job.
"""

import hmac
import os
from collections.abc import AsyncIterable, Iterable, Iterator
from hashlib import sha256
from io import BufferedWriter
from pathlib import Path
from uuid import uuid4

from app.errors import PayloadTooLarge, UnsupportedMediaType
from app.secret_files import make_directory
from app.services.row_stream import Elements, Lines, Row, Splitter

SPLITTERS: dict[str, type[Splitter]] = {
    "application/x-ndjson": Lines,
    "application/jsonl": Lines,
    "application/json": Elements,
}
"""What finds the rows in a body, by its media type."""
SMALL_BYTES = 1_048_576
SMALL_ROWS = 1_000
"""A body within both is carried out in its request."""
MOST_ROWS = 1_000_000
"""Tiny rows in a body of the largest size would fill the report with millions of refusals."""
PART_BYTES = 262_144
CHARSETS = {"", "charset=utf-8", 'charset="utf-8"'}


def media_type_of(content_type: str, content_encoding: str | None) -> str:
    """Return the media type of a body. Raises `UnsupportedMediaType`."""
    media_type, _, described = content_type.lower().partition(";")
    media_type = media_type.strip()
    if content_encoding or described.strip() not in CHARSETS or media_type not in SPLITTERS:
        raise UnsupportedMediaType
    return media_type


class RowsMac:
    """A keyed hash over rows in their order: the same rows, however they came, have the same."""

    def __init__(self, key: bytes) -> None:
        self._mac = hmac.new(key, b"rows:", sha256)

    def add(self, row: Row) -> None:
        """Go on by one row."""
        content = row.content or b""
        self._mac.update(b"%d:%d:%b" % (row.number, len(content), content))

    def digest(self) -> bytes:
        """Return the hash of the rows so far."""
        return self._mac.digest()


def rows_of(parts: Iterable[bytes], media_type: str, *, is_whole: bool) -> Iterator[Row]:
    """Yield the rows of a body; of one that broke off, those that came to their end."""
    splitter = SPLITTERS[media_type]()
    for part in parts:
        yield from splitter.feed(part)
    if is_whole:
        yield from splitter.close()


def parts_of(path: Path) -> Iterator[bytes]:
    """Yield a file in parts. Raises FileNotFoundError."""
    with path.open("rb") as stream:
        while part := stream.read(PART_BYTES):
            yield part


class Arrival:
    """A body that comes in parts. `marked` is the hash of its first `mark` rows, once they came."""

    def __init__(self, directory: Path, media_type: str, key: bytes, mark: int = 0) -> None:
        self.key = uuid4().hex
        self.count = 0
        self.is_whole = False
        self._path = directory / self.key
        self._media_type = media_type
        self._splitter = SPLITTERS[media_type]()
        self._mac = RowsMac(key)
        self._mark = mark
        self.marked = self._mac.digest() if mark == 0 else None
        self._held = bytearray()
        self._file: BufferedWriter | None = None

    async def read(self, stream: AsyncIterable[bytes]) -> None:
        """Take the body in to its end.

        Raises `MalformedJson`, `PayloadTooLarge` for too many rows, and what the stream raises.
        """
        async for part in stream:
            self._note(self._splitter.feed(part))
            self._hold(part)
        self._note(self._splitter.close())
        self.is_whole = True

    @property
    def mac(self) -> bytes:
        """The hash of the rows that came."""
        return self._mac.digest()

    @property
    def is_small(self) -> bool:
        """Whether the body is small enough to be carried out in its request."""
        return self._file is None and self.count <= SMALL_ROWS

    def rows(self) -> Iterator[Row]:
        """Yield the rows that came."""
        parts: Iterable[bytes] = [bytes(self._held)]
        if self._file is not None:
            self._file.flush()
            parts = parts_of(self._path)
        return rows_of(parts, self._media_type, is_whole=self.is_whole)

    def keep(self) -> str:
        """Make the body outlast a power cut, and return the name it is stored under. Blocks."""
        file = self._file or self._spill()
        file.flush()
        os.fsync(file.fileno())
        file.close()
        self._file = None
        return self.key

    def discard(self) -> None:
        """Delete what was stored and not kept."""
        if self._file is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)

    def _note(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self._mac.add(row)
            self.count += 1
            if self.count > MOST_ROWS:
                raise PayloadTooLarge
            if self.count == self._mark:
                self.marked = self._mac.digest()

    def _hold(self, part: bytes) -> None:
        if self._file is None and len(self._held) + len(part) <= SMALL_BYTES:
            self._held += part
        else:
            (self._file or self._spill()).write(part)

    def _spill(self) -> BufferedWriter:
        """Go on in a file that nobody else may read."""
        make_directory(self._path.parent)
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(handle, "wb")
        self._file.write(self._held)
        self._held.clear()
        return self._file
