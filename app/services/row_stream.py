"""A body as rows, while it is still arriving: lines of NDJSON, or the elements of a JSON array.

Only the borders of rows are found here. What is in a row is for `app.strict_json`; a row that
cannot be read is an error of that row, and never of the body.
"""

import re
from dataclasses import dataclass
from typing import Protocol

from app.strict_json import MalformedJson

MAX_ROW_BYTES = 1_048_576
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

STRING = rb'"(?:[^"\\]++|\\.)*+"'
BETWEEN = re.compile(rb'(?:[^\[\]{}",]++|' + STRING + rb")*+", re.DOTALL)
"""Up to what ends an element, or to a string that has not come to its end."""
WITHIN = re.compile(rb'(?:[^\[\]{}"]++|' + STRING + rb")*+", re.DOTALL)
"""Up to what changes the depth, or to a string that has not come to its end."""
STRING_REST = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file, from 1, and its bytes; null if there are too many."""

    number: int
    content: bytes | None


class Splitter(Protocol):
    """Finds rows in a body that comes in parts."""

    def feed(self, part: bytes) -> list[Row]:
        """Return the rows that end in this part. Raises `MalformedJson`."""

    def close(self) -> list[Row]:
        """Return the last row. Raises `MalformedJson` where the body has no end."""


class Lines:
    """NDJSON. A row's number is that of its line; empty lines count, and are no rows."""

    def __init__(self) -> None:
        self._rest = b""
        self._number = 0
        self._is_cut = False

    def feed(self, part: bytes) -> list[Row]:
        """Return the rows that end in this part."""
        *lines, self._rest = (self._rest + part).split(b"\n")
        rows = [row for line in lines if (row := self._row(line))]
        if len(self._rest) > MAX_ROW_BYTES:
            self._is_cut, self._rest = True, b""
        return rows

    def close(self) -> list[Row]:
        """Return the last row, which needs no line feed."""
        row = self._row(self._rest)
        self._rest = b""
        return [row] if row else []

    def _row(self, line: bytes) -> Row | None:
        self._number += 1
        if self._number == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        line = line.strip()
        if self._is_cut or len(line) > MAX_ROW_BYTES:
            self._is_cut = False
            return Row(self._number, None)
        return Row(self._number, line) if line else None


class Elements:
    """A JSON array. A row's number is the place of its element, from 1."""

    def __init__(self) -> None:
        self._text = b""
        self._start = 0
        """Where the element begins."""
        self._place = 0
        """How far the text is looked through."""
        self._depth = 0
        """0 before and after the array, 1 between its elements, more within one."""
        self._number = 0
        self._is_in_string = False
        self._is_cut = False
        self._is_over = False

    def feed(self, part: bytes) -> list[Row]:
        """Return the elements that end in this part. Raises `MalformedJson`."""
        self._text = self._text[self._start :] + part
        self._start, self._place = 0, self._place - self._start
        rows: list[Row] = []
        while (sign := self._next_sign()) is not None:
            if sign in b"[{":
                self._depth += 1
            elif sign in b"]}":
                self._depth -= 1
            if self._depth == 0:
                self._finish(sign, rows)
            elif self._depth == 1 and sign == b",":
                rows.append(self._cut_off())
        if len(self._text) - self._start > MAX_ROW_BYTES:
            self._is_cut = True
            self._start = self._place
        return rows

    def close(self) -> list[Row]:
        """Return nothing: the last element ended with the array. Raises `MalformedJson`."""
        if not self._is_over:
            raise MalformedJson
        return []

    def _next_sign(self) -> bytes | None:
        """Return the next sign that means something, and stand behind it; null if there is none."""
        if self._is_in_string and not self._leave_string():
            return None
        if self._depth == 0:
            return self._open()
        beyond = (BETWEEN if self._depth == 1 else WITHIN).match(self._text, self._place)
        assert beyond is not None  # noqa: S101 - both patterns match nothing too
        self._place = beyond.end()
        sign = self._text[self._place : self._place + 1]
        if sign == b'"':
            self._is_in_string = True
            self._place += 1
            self._leave_string()
            return None
        self._place += len(sign)
        return sign or None

    def _leave_string(self) -> bool:
        """Go on in a string that began in an earlier part; tell whether it has come to its end."""
        rest = STRING_REST.match(self._text, self._place)
        assert rest is not None  # noqa: S101 - the pattern matches nothing too
        self._place = rest.end()
        self._is_in_string = self._text[self._place : self._place + 1] != b'"'
        self._place += not self._is_in_string
        return not self._is_in_string

    def _open(self) -> bytes | None:
        """Find the bracket that opens the array. Raises `MalformedJson` for anything else."""
        text = self._text[self._start :]
        after = text.removeprefix(BYTE_ORDER_MARK).lstrip()
        if self._is_over and after:
            raise MalformedJson
        if not after:
            self._start = self._place = len(self._text)
        if BYTE_ORDER_MARK.startswith(after):
            return None
        if not after.startswith(b"["):
            raise MalformedJson
        self._start = self._place = len(self._text) - len(after) + 1
        return b"["

    def _finish(self, sign: bytes, rows: list[Row]) -> None:
        if sign != b"]":
            raise MalformedJson
        last = self._cut_off()
        if last.content != b"" or last.number > 1:
            rows.append(last)
        self._is_over = True

    def _cut_off(self) -> Row:
        """Take the element before the sign just passed off the text."""
        self._number += 1
        content = self._text[self._start : self._place - 1].strip()
        self._start = self._place
        is_cut = self._is_cut or len(content) > MAX_ROW_BYTES
        self._is_cut = False
        return Row(self._number, None if is_cut else content)
