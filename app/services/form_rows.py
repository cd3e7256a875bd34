"""A filled-in form as answers: rows laid over what is on record, and errors by their cell.

A blank cell leaves what is on record, `CLEAR` empties it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from app.broken_rules import RULES, broken_rules, member_names
from app.errors import ProblemError
from app.models.instruments import AnswerType
from app.schemas.answers import AnswerWrite
from app.services.answers import MEMBERS
from app.services.form_cells import is_blank, text, value_of, yes_no
from app.services.forms import SENTENCES
from app.services.spreadsheets import CLEAR, Cell, Table, cell_name

ASKED = "standard code question guidance answer_type allowed_answers previous_grade".split()
"""Columns that only tell."""
SLOTS = (1, 2, 3)
"""Improvements that have columns; an answer may hold more, which stay as they are."""
PARTS = {"text": "text", "lead": "lead", "due_on": "due"}
GIVEN = [
    *"answer not_applicable_reason narrative impact good_practice may_be_shared".split(),
    *(f"improvement_{slot}_{part}" for slot in SLOTS for part in PARTS.values()),
    *"own_reference carried_forward".split(),
]
"""Columns that answer."""
HEADER = [*ASKED, *GIVEN]
TEXTS = ("narrative", "impact", "own_reference")
FLAGS = {"is_good_practice": "good_practice", "may_be_shared": "may_be_shared"}
COLUMN_OF = {
    "question": "code",
    "grade": "answer",
    "value": "answer",
    "is_not_applicable": "not_applicable_reason",
    "is_good_practice": "good_practice",
}
"""Columns that are not named as their member is."""
NAMES = member_names(AnswerWrite.model_json_schema())
FAULTS = {
    "unknown_column": "The form has no column of this name.",
    "duplicate_column": "The column comes twice.",
    "missing_column": "The first row needs a column of the name `code`.",
    "nothing_answered": "No row of the form holds an answer.",
    "missing": RULES["missing"],
    "wrong_type": RULES["wrong_type"],
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the form asks it, and the answer on record; null where there is none."""

    code: str
    standard: str
    text: str
    guidance: str | None
    answer_type: AnswerType
    allowed: str
    answer: dict[str, Any] | None

    @property
    def before(self) -> dict[str, Any]:
        """What is on record, member by member."""
        if self.answer is None:
            return AnswerWrite(question=self.code).model_dump(mode="json")
        return {name: self.answer[name] for name in MEMBERS} | {"question": self.code}

    @property
    def is_carried_forward(self) -> bool:
        """Whether the answer still stands as the audit before left it."""
        return self.answer is not None and bool(self.answer["is_carried_forward"])


@dataclass(slots=True)
class FormRow:
    """One row: its number from 0, the columns by name, and its cells."""

    number: int
    columns: Mapping[str, int]
    cells: Sequence[Cell]
    slots: list[int] = field(default_factory=list)
    """Where each improvement of the answer stands."""

    def cell(self, name: str) -> Cell:
        """Return a cell; null where it is blank, or the column is not there."""
        place = self.columns.get(name)
        value = None if place is None or place >= len(self.cells) else self.cells[place]
        return None if is_blank(value) else value

    def error(self, name: str, code: str) -> ProblemError:
        """Say what is wrong with a cell; where its column is missing, at the question's code."""
        column = self.columns.get(name, self.columns["code"])
        return _fault(self.number, column, code)

    def place(self, pointer: str) -> str:
        """Return the column of a member of the answer, given as a JSON pointer."""
        member, *steps = pointer.removeprefix("/").split("/")
        if member == "improvements" and steps:
            part = PARTS.get(steps[1] if len(steps) > 1 else "text", "text")
            return f"improvement_{self.slots[int(steps[0])]}_{part}"
        return COLUMN_OF.get(member, member)

    def answer(self, asked: Asked) -> dict[str, Any]:
        """Return the answer: what the row says, over what is on record."""
        said = asked.before
        said |= {name: text(cell) for name in TEXTS if (cell := self.cell(name)) is not None}
        for member, name in FLAGS.items():
            if (cell := self.cell(name)) is not None:
                said[member] = cell != CLEAR and yes_no(cell)
        said["improvements"] = self._improvements(said["improvements"])
        return said | self._verdict(asked, is_off=said["is_not_applicable"])

    def _verdict(self, asked: Asked, *, is_off: bool) -> dict[str, Any]:
        """Return grade or value and whether the question applies: saying one unsays the other."""
        given, reason = self.cell("answer"), self.cell("not_applicable_reason")
        verdict: dict[str, Any] = {}
        if given is not None or (reason is not None and reason != CLEAR):
            verdict = {"grade": None, "value": None}
        if given is not None and given != CLEAR:
            member = "grade" if asked.answer_type == AnswerType.grade else "value"
            verdict[member] = value_of(given, asked.answer_type)
        if reason is not None:
            verdict |= {"is_not_applicable": reason != CLEAR, "not_applicable_reason": text(reason)}
        elif is_off and given is not None and given != CLEAR:
            verdict |= {"is_not_applicable": False, "not_applicable_reason": None}
        return verdict

    def _improvements(self, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
        kept = dict(enumerate(before, start=1))
        for slot in SLOTS:
            cells = {part: self.cell(f"improvement_{slot}_{name}") for part, name in PARTS.items()}
            if cells["text"] == CLEAR:
                kept.pop(slot, None)
                continue
            said = {part: text(cell) for part, cell in cells.items() if cell is not None}
            if said:
                kept[slot] = kept.get(slot, {}) | said
        self.slots = sorted(kept)
        return [kept[slot] for slot in self.slots]


@dataclass(slots=True)
class FilledForm:
    """What a form says: answers with their rows, and what is wrong."""

    answers: list[AnswerWrite] = field(default_factory=list)
    rows: list[FormRow] = field(default_factory=list)
    errors: list[ProblemError] = field(default_factory=list)

    def at_cell(self, error: ProblemError) -> ProblemError:
        """Say of an error at an answer (`/answers/3/grade`) which cell it is in."""
        _, _, number, member = error.pointer.split("/", 3)
        row = self.rows[int(number)]
        cell = row.error(row.place(member), error.code)
        return cell.model_copy(update={"detail": error.detail})

    def take(self, row: FormRow, asked: Asked) -> None:
        """Take one row that answers a question."""
        said = row.answer(asked)
        stays = row.cell("carried_forward")
        if stays is not None and not isinstance(yes_no(stays), bool):
            self.errors.append(row.error("carried_forward", "wrong_type"))
        try:
            answer = AnswerWrite.model_validate(said)
        except ValidationError as error:
            failures = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
            found = broken_rules(failures, said, NAMES)
            self.errors += [row.error(row.place(each.pointer), each.code) for each in found]
            return
        is_untouched = answer == AnswerWrite.model_validate(asked.before)
        if not (asked.is_carried_forward and is_untouched and stays and yes_no(stays) is True):
            self.answers.append(answer)
            self.rows.append(row)


def read_form(table: Table, asked: Mapping[str, Asked]) -> FilledForm:
    """Read what a form says to the questions of an audit, by their codes."""
    form = FilledForm()
    columns = _columns(table, form.errors)
    if form.errors:
        return form
    rows = [FormRow(number, columns, cells) for number, cells in enumerate(table)][1:]
    codes = [str(text(row.cell("code")) or "").strip() for row in rows]
    times = Counter(codes)
    for code, row in zip(codes, rows, strict=True):
        # A spreadsheet that took 1.10 for a number has made another question of it.
        if code in asked and times[code] > 1:
            form.errors.append(row.error("code", "duplicate_question"))
        elif all(row.cell(name) is None for name in GIVEN):
            continue
        elif code in asked:
            form.take(row, asked[code])
        else:
            form.errors.append(row.error("code", "unknown_question" if code else "missing"))
    if not (form.errors or form.answers):
        form.errors.append(
            ProblemError(
                location="body",
                pointer="",
                code="nothing_answered",
                detail=FAULTS["nothing_answered"],
            )
        )
    return form


def _columns(table: Table, errors: list[ProblemError]) -> dict[str, int]:
    """Find the columns by the names in the first row; a column that is blank does not matter."""
    columns: dict[str, int] = {}
    for place, cell in enumerate(table[0] if table else []):
        name = str(cell if cell is not None else "").strip().lower()
        if name in columns:
            errors.append(_fault(0, place, "duplicate_column"))
        elif name in HEADER:
            columns[name] = place
        elif name or any(row[place] not in ("", None) for row in table if place < len(row)):
            errors.append(_fault(0, place, "unknown_column"))
    if "code" not in columns:
        errors.insert(0, _fault(0, 0, "missing_column"))
    return columns


def _fault(row: int, column: int, code: str) -> ProblemError:
    detail = FAULTS.get(code) or SENTENCES.get(code) or RULES[code]
    pointer = f"/cells/{cell_name(row, column)}"
    return ProblemError(location="body", pointer=pointer, code=code, detail=detail)
