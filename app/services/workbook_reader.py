"""Reads a workbook from standard input and writes its cells to standard output, as JSON.

A program of its own, started by `app.services.spreadsheets`: what a hostile file does to whoever
reads it, in memory, time or a crash, it does here. Cells are named from A1, empty ones included.
"""

import json
import resource
import sys
from datetime import date, datetime, time
from io import BytesIO

from python_calamine import CalamineWorkbook

MEMORY_BYTES = 512 * 1024 * 1024
CPU_S = 10
MOST_ROWS, MOST_COLUMNS = 20_000, 200
MOST_CHARACTERS = 20_000_000
"""A text that stands in the file once can be shown in many cells."""
SHEET = "Form"


def main() -> None:
    """Write the sheet `Form`, else the first one. Exits with an error for what is no workbook."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    workbook = CalamineWorkbook.from_filelike(BytesIO(sys.stdin.buffer.read()))
    names = workbook.sheet_names
    sheet = workbook.get_sheet_by_name(SHEET if SHEET in names else names[0])
    if sheet.total_height > MOST_ROWS or sheet.total_width > MOST_COLUMNS:
        sys.exit(1)
    rows = sheet.to_python(skip_empty_area=False)
    if sum(len(cell) for row in rows for cell in row if isinstance(cell, str)) > MOST_CHARACTERS:
        sys.exit(1)
    sys.stdout.buffer.write(json.dumps(rows, ensure_ascii=False, default=_text).encode())


def _text(value: object) -> str:
    """Write what JSON has no type for: a day as ISO 8601, and so a time at midnight."""
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    return value.isoformat() if isinstance(value, date) else str(value)


if __name__ == "__main__":
    main()
