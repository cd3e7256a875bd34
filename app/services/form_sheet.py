"""The form of a response as a table: what is asked, what is on record, how to fill it in."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from app.models.instruments import AnswerType
from app.services.form_rows import FLAGS, GIVEN, HEADER, PARTS, SLOTS, TEXTS, Asked
from app.services.spreadsheets import CLEAR, Cell, Layout

WIDTHS = {"question": 60, "guidance": 40, "narrative": 60, "impact": 40, "answer": 18}
WIDTH = 20
ALLOWED = {
    AnswerType.yes_no: "yes, no",
    AnswerType.text: "text",
    AnswerType.date: "a day as YYYY-MM-DD",
}
NOTES = (
    "Fill in the sheet `Form` and send the file back. Name no child, relative or practitioner.",
    "The first row names the columns. Columns may stand in any order or be left out, but `code`"
    " must be there and no column may be added.",
    "`answer` takes what `allowed_answers` says: a grade, yes or no, a number without a percent"
    " sign, a text, or a day as YYYY-MM-DD.",
    "Where a question does not apply to you, say why in `not_applicable_reason` and leave"
    " `answer` blank.",
    f"A blank cell leaves what is on record as it is. Write {CLEAR} to empty it;"
    " in `improvement_1_text` that takes away the whole improvement.",
    "`good_practice`: whether others could learn from it. `may_be_shared`: whether you give leave"
    " to share it with all partners.",
    "`improvement_1_lead` is a post, not a name; `improvement_1_due` a day as YYYY-MM-DD. An"
    " answer may hold more than three improvements; the others stay as they are.",
    "`carried_forward` says yes where the answer comes from the audit before. Change the answer,"
    " or write no to confirm it as it stands.",
    f"An apostrophe before = + - @ or {CLEAR} keeps it text; it is taken off again.",
    "Where you fill in CSV with a spreadsheet program, import `code` as text: 1.10 is not 1.1.",
)


def allowed(kind: str, grades: list[str] | None, rule: str | None) -> str:
    """Say what may be answered."""
    if kind == AnswerType.grade:
        return ", ".join(grades or ())
    if kind != AnswerType.number:
        return ALLOWED[AnswerType(kind)]
    said = json.loads(rule or "null") or {}
    low, high, unit = said.get("minimum"), said.get("maximum"), said.get("unit")
    bounds = [f"from {low}" if low is not None else "", f"to {high}" if high is not None else ""]
    return " ".join(["a number", *filter(None, bounds), *([f"({unit})"] if unit else [])])


def prefilled(asked: Asked) -> list[Cell]:
    """Return the row of a question. One without an answer on record stays blank."""
    told: list[Cell] = [
        asked.standard,
        asked.code,
        asked.text,
        asked.guidance,
        asked.answer_type.value,
        asked.allowed,
        asked.answer["previous_grade"] if asked.answer else None,
    ]
    given = _given(asked, asked.answer) if asked.answer else {}
    return told + [given.get(name) for name in GIVEN]


def _given(asked: Asked, answer: dict[str, Any]) -> dict[str, Cell]:
    given: dict[str, Cell] = {name: answer[name] for name in TEXTS}
    given |= {
        column: "yes" if answer[member] else "no"
        for member, column in FLAGS.items()
        if answer[member] is not None
    }
    for slot, improvement in zip(SLOTS, answer["improvements"] or (), strict=False):
        for part, name in PARTS.items():
            given[f"improvement_{slot}_{name}"] = improvement[part]
        given[f"improvement_{slot}_due"] = _day(improvement["due_on"])
    if answer["is_not_applicable"]:
        given["not_applicable_reason"] = answer["not_applicable_reason"]
    value = answer["value"]
    if isinstance(value, bool):
        value = "yes" if value else "no"
    elif asked.answer_type == AnswerType.date:
        value = _day(value)
    given["answer"] = answer["grade"] if asked.answer_type == AnswerType.grade else value
    given["carried_forward"] = "yes" if answer["is_carried_forward"] else None
    return given


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def layout(rows: Sequence[Asked]) -> Layout:
    """Return how the sheet of these questions looks."""
    choices: dict[tuple[int, int], Sequence[str]] = {}
    for number, each in enumerate(rows, start=1):
        if each.answer_type in (AnswerType.grade, AnswerType.yes_no):
            choices[number, HEADER.index("answer")] = [*each.allowed.split(", "), CLEAR]
        for name in (*FLAGS.values(), "carried_forward"):
            choices[number, HEADER.index(name)] = ["yes", "no"]
    return Layout(
        widths=[WIDTHS.get(name, WIDTH) for name in HEADER],
        choices=choices,
        days=frozenset(n for n, name in enumerate(HEADER) if name.endswith("_due")),
        notes=NOTES,
    )
