"""The form of a response: what an audit asks one agency, filled in away from the network.

Down with the answers on record, up again under the same rules as answers by API (Framework
section 15, and X3).
"""

import json
from collections.abc import AsyncIterator
from typing import Literal
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
from app.services.form_rows import HEADER, Asked, read_form
from app.services.form_sheet import allowed, layout, prefilled
from app.services.forms import AuditForm
from app.services.records import etag, render
from app.services.responses import LOCK, WRITABLE, Draft, lock
from app.services.spreadsheets import CSV, XLSX, Table, read_table, write_csv, write_xlsx

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
        content = await to_thread.run_sync(write_xlsx, table, layout(rows))
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
            allowed=allowed(row["answer_type"], row["grades"], row["number_rule"]),
            answer=json.loads(row["answer"]) if row["answer"] else None,
        )
        for row in await db.fetch(SHEET, draft.id, draft.audit_id)
    ]


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
