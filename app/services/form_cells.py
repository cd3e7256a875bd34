"""What a cell of a form says, whichever way a spreadsheet program put it."""

import re

from app.models.instruments import AnswerType
from app.services.spreadsheets import CLEAR, Cell, plain

BLANK = re.compile(r"[\0-\x20]*")
NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
YES_NO = {"yes": True, "true": True, "no": False, "false": False}


def is_blank(cell: Cell) -> bool:
    """Tell whether nothing is in a cell, or nothing that is more than a blank."""
    return cell is None or (isinstance(cell, str) and BLANK.fullmatch(cell) is not None)


def text(cell: Cell) -> str | None:
    """Return a cell as text, a whole number without a point; null where it is to be empty."""
    if cell is None or cell == CLEAR:
        return None
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return plain(str(cell))


def yes_no(cell: Cell) -> Cell:
    """Return true or false; anything else as it is, to be refused."""
    return YES_NO.get(str(cell).strip().lower(), cell)


def value_of(cell: Cell, kind: AnswerType) -> Cell:
    """Return what a question is answered with; what does not fit as it is, to be refused."""
    if kind == AnswerType.yes_no:
        return yes_no(cell)
    if kind == AnswerType.text:
        return text(cell)
    if kind != AnswerType.number:
        return str(text(cell)).strip()
    if isinstance(cell, str) and NUMBER.fullmatch(plain(cell.strip())):
        number = plain(cell.strip())
        return float(number) if "." in number else int(number)
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell
