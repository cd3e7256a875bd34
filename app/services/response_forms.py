"""The form of a response: what an audit asks one agency, filled in away from the network.

Down with the answers on record, up again under the same rules as answers by API (Framework
section 15, and X3).
"""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any, Literal
from uuid import UUID

from anyio import to_thread
from fastapi import Request, Response

from app.access.caller import ENTERED, ActorSession, Caller
from app.errors import NotFound, PayloadTooLarge, ProblemError, UnsupportedMediaType
from app.models.instruments import AnswerType
from app.privacy.projection import statement
from app.schemas.answers import AnswerRead
from app.schemas.audit_responses import AuditResponseRead
from app.services.answers import write_answers
from app.services.form_rows import FLAGS, GIVEN, HEADER, PARTS, SLOTS, TEXTS, Asked, read_form
from app.services.forms import AuditForm
from app.services.records import etag, render
from app.services.responses import LOCK, WRITABLE, Draft, lock
from app.services.spreadsheets import (
    CLEAR,
    CSV,
    XLSX,
    Cell,
    Layout,
    Table,
    read_table,
    write_csv,
    write_xlsx,
)

FORM_BYTES = 5 * 1024 * 1024
LOOK = LOCK.partition("FOR UPDATE")[0].format("t.id = $1")
"""The response as it is locked, without the lock: for who only reads."""
SHEET = f"""
{ENTERED} SELECT q.code, s.code AS standard, q.text, q.guidance, q.answer_type,
    q.number_rule::text, o.answer,
    (SELECT array_agg(v.code ORDER BY v.rank DESC) FROM instruments i JOIN grade_values v
     ON v.scale_id = i.grade_scale_id WHERE i.id = q.instrument_id) AS grades
FROM caller CROSS JOIN audits a JOIN questions q ON q.instrument_id = a.instrument_id
JOIN standards s ON s.id = q.standard_id
LEFT JOIN LATERAL (SELECT row_to_json(r)::text AS answer FROM ({statement(AnswerRead)}
    WHERE t.response_id = $1 AND t.question_id = q.id) r) o ON true
WHERE a.id = $2 ORDER BY s.position, q.position
"""
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


async def send_form(caller: Caller, response_id: UUID, kind: Literal["csv", "xlsx"]) -> Response:
    """Answer with the form of a response, filled in with what this caller may read of it.

    The tag is that of the response, under which the form is sent back.
    """
    async with caller.transaction() as db:
        body = await render(db, AuditResponseRead, response_id)
        row = await db.fetchrow(LOOK, response_id)
        if row is None:
            raise NotFound
        draft = Draft(**dict(row))
        form = await AuditForm.load(db, draft.audit_id)
        asked = await _asked(db, draft)
    put = {question.code for question in form.put_to(draft)}
    rows = [each for each in asked if each.code in put]
    table: Table = [[*HEADER], *(prefilled(each) for each in rows)]
    if kind == "csv":
        content, media_type = await to_thread.run_sync(write_csv, table), CSV
    else:
        content = await to_thread.run_sync(write_xlsx, table, _layout(rows))
        media_type = XLSX
    disposition = f'attachment; filename="audit-response.{kind}"'
    headers = {"ETag": etag(body), "Content-Disposition": disposition}
    return Response(content, 200, headers, media_type)


async def _asked(db: ActorSession, draft: Draft) -> list[Asked]:
    """Return the questions of the audit in their order, with the answers this actor may read."""
    return [
        Asked(
            code=row["code"],
            standard=row["standard"],
            text=row["text"],
            guidance=row["guidance"],
            answer_type=AnswerType(row["answer_type"]),
            allowed=_allowed(row["answer_type"], row["grades"], row["number_rule"]),
            answer=json.loads(row["answer"]) if row["answer"] else None,
        )
        for row in await db.fetch(SHEET, draft.id, draft.audit_id)
    ]


def _allowed(kind: str, grades: list[str] | None, rule: str | None) -> str:
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


def _layout(rows: Sequence[Asked]) -> Layout:
    lists = {
        "answer": {
            AnswerType.grade: lambda each: each.allowed.split(", "),
            AnswerType.yes_no: lambda _: ["yes", "no"],
        }
    }
    choices: dict[tuple[int, int], Sequence[str]] = {}
    for number, each in enumerate(rows, start=1):
        if choose := lists["answer"].get(each.answer_type):
            choices[number, HEADER.index("answer")] = [*choose(each), CLEAR]
        for name in (*FLAGS.values(), "carried_forward"):
            choices[number, HEADER.index(name)] = ["yes", "no"]
    return Layout(
        widths=[WIDTHS.get(name, WIDTH) for name in HEADER],
        choices=choices,
        days=frozenset(n for n, name in enumerate(HEADER) if name.endswith("_due")),
        notes=NOTES,
    )


async def receive_form(request: Request) -> Table:
    """Read the form in a request's body.

    Raises `UnsupportedMediaType`, `PayloadTooLarge` above 5 MiB, and `UnreadableSheet`.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in (CSV, XLSX) or "content-encoding" in request.headers:
        raise UnsupportedMediaType
    content = b"".join([part async for part in _at_most(request.stream(), FORM_BYTES)])
    return await read_table(content, media_type, frozenset(HEADER))


async def _at_most(stream: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes]:
    async for part in stream:
        limit -= len(part)
        if limit < 0:
            raise PayloadTooLarge
        yield part


async def take_form(db: ActorSession, response_id: UUID, table: Table) -> list[ProblemError]:
    """Write what a form says, as answers; write nothing and return what is wrong, by its cell.

    Raises `NotFound` and `ResponseNotOpen`.
    """
    draft = await lock(db, response_id)
    draft.refuse_outside(WRITABLE)
    form = await AuditForm.load(db, draft.audit_id)
    filled = read_form(table, {each.code: each for each in await _asked(db, draft)})
    if filled.errors:
        found = form.errors(draft, filled.answers)
    else:
        found = await write_answers(db, form, response_id, filled.answers)
    return filled.errors + [filled.at_cell(error) for error in found]
