"""What hangs on a grade scale and on an instrument: grades, standards, questions."""

import json
from typing import Any
from uuid import UUID

from app.access.caller import ActorSession
from app.errors import Conflict, UnknownReference
from app.models.instruments import GradeScale, Instrument
from app.services.records import insert, update

APPLIES = (
    "(q.sectors IS NULL OR g.sector = ANY (q.sectors))"
    " AND (q.duty_bases IS NULL OR q.duty_bases && g.duty_bases)"
)
"""Whether a question `q` is put to an agency `g`."""


class NotADraft(Conflict):
    """A version that was published never changes: a correction is a new version."""

    code = "not_a_draft"


async def write_grade_scale(db: ActorSession, values: dict[str, Any]) -> UUID:
    """Record a scale with its grades."""
    grades = values.pop("values")
    scale_id = await insert(db, GradeScale, values)
    await db.fetch(
        "INSERT INTO grade_values (scale_id, code, label, rank, meets)"
        " SELECT $1, g.* FROM jsonb_to_recordset($2::jsonb)"
        " AS g (code text, label text, rank smallint, meets text)",
        scale_id,
        json.dumps(grades),
    )
    return scale_id


async def write_instrument(db: ActorSession, values: dict[str, Any]) -> UUID:
    """Record a draft with its standards and questions. Raises `UnknownReference`."""
    standards, scale = values.pop("standards"), values.pop("grade_scale")
    found = await db.fetchrow(
        "SELECT id FROM grade_scales WHERE code = $1 AND version = $2",
        scale["code"],
        scale["version"],
    )
    if found is None:
        raise UnknownReference.at("/grade_scale")
    instrument_id = await insert(db, Instrument, values | {"grade_scale_id": found["id"]})
    await db.fetch(WRITE_STANDARDS, instrument_id, json.dumps(standards))
    return instrument_id


async def rewrite_instrument(
    db: ActorSession, before: dict[str, Any], values: dict[str, Any]
) -> None:
    """Change a draft; standards that are given replace all that were there. Raises `NotADraft`."""
    if before["status"] != "draft":
        raise NotADraft
    instrument_id = UUID(before["id"])
    standards = values.pop("standards", None)
    await update(db, Instrument, instrument_id, values)
    if standards is not None:
        await db.fetch("DELETE FROM questions WHERE instrument_id = $1", instrument_id)
        await db.fetch("DELETE FROM standards WHERE instrument_id = $1", instrument_id)
        await db.fetch(WRITE_STANDARDS, instrument_id, json.dumps(standards))


WRITE_STANDARDS = """
WITH given AS (
    SELECT body, position FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS s (body, position)
), made AS (
    INSERT INTO standards (instrument_id, position, code, title, statement, source)
    SELECT $1, position, body ->> 'code', body ->> 'title', body ->> 'statement', body ->> 'source'
    FROM given RETURNING id, position
)
INSERT INTO questions (instrument_id, standard_id, position, code, text, guidance, source,
    answer_type, number_rule, is_mandatory, evidence, sectors, duty_bases, crosswalk)
SELECT $1, made.id, n, q.code, q.text, q.guidance, q.source, q.answer_type, q.number,
    q.is_mandatory, q.evidence, q.sectors, q.duty_bases, q.crosswalk
FROM given JOIN made USING (position)
CROSS JOIN LATERAL jsonb_array_elements(given.body -> 'questions') WITH ORDINALITY AS each (body, n)
CROSS JOIN LATERAL (
    SELECT f.*, a.sectors, a.duty_bases
    FROM jsonb_to_record(each.body) AS f (code text, text text, guidance text, source text,
        answer_type text, number jsonb, is_mandatory boolean, evidence text, applies_to jsonb,
        crosswalk jsonb),
    LATERAL jsonb_to_record(f.applies_to) AS a (sectors text[], duty_bases text[])
) q
"""
