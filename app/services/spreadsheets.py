"""Tables as CSV and XLSX, both ways, without loss, formulas or trust in what is sent."""

import asyncio
import csv
import json
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from io import BytesIO, StringIO
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from app.errors import Invalid, PayloadTooLarge
from app.services.file_types import TYPES

CSV, XLSX = TYPES["csv"], TYPES["xlsx"]
UNPACKED_BYTES = 50 * 1024 * 1024
MOST_PARTS = 1_000
RATIO = 200
"""How many times its size a workbook may unpack to: an honest one stays far below."""
SMALL_BYTES = 1024 * 1024
"""Up to here the ratio does not matter."""
MOST_ROWS, MOST_COLUMNS = 5_000, 200
LONGEST = 4 * MOST_ROWS
"""Most rows that are looked at, blank ones at the end included."""
READING_S = 15.0
READER = Path(__file__).with_name("workbook_reader.py")
READERS = asyncio.Semaphore(2)
CLEAR = "CLEAR"
"""What is written in a cell to empty what is on record."""
GUARDED = re.compile(rf"'*(?:[=+\-@\t\r]|{CLEAR}\Z)")
"""Text that a spreadsheet would take for a formula, or a form for an order, however quoted."""
LIST_CHARACTERS = 255
"""Longest list of choices that Excel takes."""
FIRST_DAY = date(1901, 1, 1)
"""Before it, spreadsheets disagree about days."""

Cell = str | int | float | date | None
Table = list[list[Cell]]


class UnreadableSheet(Invalid):
    """The file cannot be read as what it is sent as: it is cut off, damaged or something else."""

    code = "unreadable_sheet"


def guard(text: str) -> str:
    """Put an apostrophe before what must not be taken for more than text."""
    return f"'{text}" if GUARDED.match(text) else text


def plain(text: str) -> str:
    """Take off the apostrophe that `guard`, or somebody with its purpose in mind, put there."""
    return text[1:] if text.startswith("'") and GUARDED.match(text[1:]) else text


def cell_name(row: int, column: int) -> str:
    """Return the name of a cell as spreadsheets show it; both count from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def write_csv(table: Table) -> bytes:
    """Write CSV in UTF-8 with a byte order mark, by which Excel knows it."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    for row in table:
        writer.writerow([guard(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue().encode("utf-8-sig")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a sheet looks: column widths in characters, and choices by row and column from 0."""

    widths: Sequence[int]
    choices: Mapping[tuple[int, int], Sequence[str]]
    days: frozenset[int]
    """Columns that hold days."""
    notes: Sequence[str]
    """What the sheet `Instructions` says, line by line."""


def write_xlsx(table: Table, layout: Layout) -> bytes:
    """Write a workbook of the sheets `Form`, whose first row stays in sight, and `Instructions`."""
    import xlsxwriter  # noqa: PLC0415 - heavy, and seldom needed

    content = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as workbook:
        sheet = workbook.add_worksheet("Form")
        looks = {"text_wrap": True, "valign": "top"}
        text = workbook.add_format(looks)
        day = workbook.add_format(looks | {"num_format": "yyyy-mm-dd"})
        head = workbook.add_format(looks | {"bold": True})
        for column, width in enumerate(layout.widths):
            sheet.set_column(column, column, width, day if column in layout.days else text)
        for number, row in enumerate(table):
            for column, cell in enumerate(row):
                _write(sheet, number, column, cell, text if number else head, day)
        sheet.freeze_panes(1, 0)
        for place, choices in layout.choices.items():
            if len(",".join(choices)) <= LIST_CHARACTERS:
                sheet.data_validation(*place, *place, {"validate": "list", "source": [*choices]})
        notes = workbook.add_worksheet("Instructions")
        notes.set_column(0, 0, 110, text)
        for number, note in enumerate(layout.notes):
            notes.write_string(number, 0, note, text)
    return content.getvalue()


def _write(sheet: Any, row: int, column: int, cell: Cell, text: Any, day: Any) -> None:
    if isinstance(cell, date) and cell >= FIRST_DAY:
        sheet.write_datetime(row, column, cell, day)
    elif isinstance(cell, int | float):
        sheet.write_number(row, column, cell, text)
    elif cell is not None:
        sheet.write_string(row, column, guard(str(cell)), text)


async def read_table(content: bytes, media_type: str, header: frozenset[str]) -> Table:
    """Read a table, its cells as they stand; days come as ISO 8601.

    `header` are names of columns, by which the delimiter of CSV is found. Raises
    `UnreadableSheet`, and `PayloadTooLarge` for what unpacks to too much or has too many rows.
    """
    if media_type == XLSX:
        await asyncio.to_thread(_refuse_bomb, content)
        table = await _read_xlsx(content)
    else:
        table = await asyncio.to_thread(_read_csv, content, header)
    while table and not any(cell not in ("", None) for cell in table[-1]):
        table.pop()
    if len(table) > MOST_ROWS:
        raise PayloadTooLarge
    return table


def _read_csv(content: bytes, header: frozenset[str]) -> Table:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            raise UnreadableSheet from None
    if "\0" in text:
        raise UnreadableSheet
    try:
        delimiter = max(",;\t", key=lambda each: len(header & _first_row(text, each)))
        rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
        table: Table = [[*row] for row in islice(rows, LONGEST)]
    except csv.Error:
        raise UnreadableSheet from None
    if len(table) == LONGEST or max(map(len, table), default=0) > MOST_COLUMNS:
        raise PayloadTooLarge
    return table


def _first_row(text: str, delimiter: str) -> set[str]:
    try:
        first = next(csv.reader(StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return set()
    return {name.strip().lower() for name in first}


def _refuse_bomb(content: bytes) -> None:
    """Look at what an archive says of itself before anything unpacks it."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
    except (BadZipFile, NotImplementedError, OSError, ValueError):
        raise UnreadableSheet from None
    if max(Counter(part.filename for part in parts).values(), default=2) > 1:
        raise UnreadableSheet
    unpacked = sum(part.file_size for part in parts)
    is_bomb = unpacked > SMALL_BYTES and unpacked > RATIO * len(content)
    if len(parts) > MOST_PARTS or unpacked > UNPACKED_BYTES or is_bomb:
        raise PayloadTooLarge


async def _read_xlsx(content: bytes) -> Table:
    """Have a workbook read by a program that may fail. Two at a time, or memory would run out."""
    async with READERS:
        reader = await asyncio.create_subprocess_exec(
            sys.executable, "-I", str(READER), stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}
        )
        try:
            async with asyncio.timeout(READING_S):
                cells, _ = await reader.communicate(content)
        except TimeoutError:
            raise UnreadableSheet from None
        finally:
            with suppress(ProcessLookupError):
                reader.kill()
            await reader.wait()
    if reader.returncode != 0:
        raise UnreadableSheet
    table: Table = await asyncio.to_thread(json.loads, cells)
    return table
