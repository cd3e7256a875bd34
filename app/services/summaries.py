"""What an audit shows across agencies, counted in one statement (Framework section 15)."""

from uuid import UUID

from fastapi import Response

from app.access.caller import ENTER, Caller
from app.errors import NotFound
from app.schemas.summaries import ASKED, RETURNED, REWORKED, percent
from app.services.answering import JSON
from app.services.answers import GIVEN

GRADED = "FILTER (WHERE f.is_graded)"


async def show_summary(caller: Caller, audit_id: UUID) -> Response:
    """Answer with the figures of an audit. Raises `NotFound`."""
    row = await caller.fetchrow(SUMMARY, audit_id)
    if row is None or row["json"] is None:
        raise NotFound
    return Response(row["json"], 200, media_type=JSON)


RETURNS = f"""
audit AS MATERIALIZED (
    SELECT a.id, a.instrument_id, i.grade_scale_id
    FROM audits a LEFT JOIN instruments i ON i.id = a.instrument_id
    WHERE a.id = $3 AND caller.id IS NOT NULL
), asked AS MATERIALIZED (
    SELECT r.id, {RETURNED} AS is_returned, {REWORKED} AS is_reworked, r.is_late, r.revision
    FROM audit JOIN roster_entries e ON e.audit_id = audit.id
    LEFT JOIN audit_responses r ON r.audit_id = e.audit_id AND r.agency_id = e.agency_id
    WHERE {ASKED}
), returns AS (
    SELECT count(*) AS roster,
        count(*) FILTER (WHERE is_returned) AS returned,
        count(*) FILTER (WHERE is_returned AND is_late) AS late,
        count(*) FILTER (WHERE is_returned AND revision > 1) AS resubmitted
    FROM asked
)"""

# `counted` takes nearly all the time: one pass over an index that holds all it needs. What is
# being worked on again comes from its last submission, of which only grades are let through.
COUNTS = f"""
reworked AS MATERIALIZED (
    SELECT coalesce(array_agg(id), '{{}}') AS ids FROM asked WHERE is_returned AND is_reworked
), counted AS MATERIALIZED (
    SELECT a.question_id, a.grade, a.moderated_grade, a.is_not_applicable, count(*) AS n
    FROM answers a
    WHERE a.audit_id = (SELECT id FROM audit) AND {GIVEN} AND NOT EXISTS (
        SELECT FROM audit_responses r WHERE r.audit_id = (SELECT id FROM audit)
            AND r.id = a.response_id AND ({REWORKED} OR NOT {RETURNED}))
    GROUP BY a.question_id, a.grade, a.moderated_grade, a.is_not_applicable
    UNION ALL
    SELECT q.id, s.grade, m.moderated_grade, s.is_not_applicable, count(*)
    FROM audit CROSS JOIN reworked
    CROSS JOIN LATERAL actor.last_submitted(reworked.ids) s
    JOIN questions q ON q.instrument_id = audit.instrument_id AND q.code = s.question
    LEFT JOIN (
        SELECT a.response_id, a.question_id, a.moderated_grade FROM answers a
        WHERE a.response_id = ANY ((SELECT ids FROM reworked)::uuid[])
            AND a.moderated_grade IS NOT NULL
    ) m ON m.response_id = s.response_id AND m.question_id = q.id
    GROUP BY q.id, s.grade, m.moderated_grade, s.is_not_applicable
), scale AS MATERIALIZED (
    SELECT v.code, v.label, v.rank, v.meets
    FROM audit JOIN grade_values v ON v.scale_id = audit.grade_scale_id
), figures AS MATERIALIZED (
    SELECT q.id, q.standard_id, q.position, q.code, q.text, q.answer_type = 'grade' AS is_graded,
        coalesce(sum(c.n), 0) AS answers,
        coalesce(sum(c.n) FILTER (WHERE NOT c.is_not_applicable), 0) AS applicable,
        coalesce(sum(c.n) FILTER (WHERE s.meets = 'met'), 0) AS met,
        coalesce(sum(c.n) FILTER (WHERE s.meets = 'partly'), 0) AS partly,
        coalesce(sum(c.n) FILTER (WHERE s.meets = 'not_met'), 0) AS not_met
    FROM audit JOIN questions q ON q.instrument_id = audit.instrument_id
    LEFT JOIN counted c ON c.question_id = q.id
    LEFT JOIN scale s ON s.code = c.grade AND NOT c.is_not_applicable
    GROUP BY q.id
)"""

GRADES = """
SELECT coalesce(json_agg(json_build_object(
    'code', s.code, 'label', s.label,
    'self', (SELECT coalesce(sum(n), 0) FROM counted
             WHERE question_id = f.id AND grade = s.code AND NOT is_not_applicable),
    'moderated', (SELECT coalesce(sum(n), 0) FROM counted
                  WHERE question_id = f.id AND moderated_grade = s.code)
) ORDER BY s.rank), '[]') FROM scale s WHERE f.is_graded"""

QUESTION = f"""
json_build_object(
    'code', f.code, 'text', f.text, 'answers', f.answers, 'applicable', f.applicable,
    'met', CASE WHEN f.is_graded THEN f.met END,
    'partly', CASE WHEN f.is_graded THEN f.partly END,
    'not_met', CASE WHEN f.is_graded THEN f.not_met END,
    'met_percent', CASE WHEN f.is_graded THEN {percent("f.met", "f.applicable")} END,
    'grades', ({GRADES})
)"""

STANDARDS = f"""
SELECT st.code, st.title, st.position,
    coalesce(sum(f.answers) {GRADED}, 0) AS answers,
    coalesce(sum(f.applicable) {GRADED}, 0) AS applicable,
    coalesce(sum(f.met), 0) AS met,
    coalesce(sum(f.partly), 0) AS partly,
    coalesce(sum(f.not_met), 0) AS not_met,
    {percent("sum(f.met)", f"(sum(f.applicable) {GRADED})")} AS met_percent,
    coalesce(json_agg({QUESTION} ORDER BY f.position) FILTER (WHERE f.id IS NOT NULL), '[]')
        AS questions
FROM audit JOIN standards st ON st.instrument_id = audit.instrument_id
LEFT JOIN figures f ON f.standard_id = st.id
GROUP BY st.id"""

SUMMARY = f"""{ENTER}
SELECT body.json FROM caller LEFT JOIN LATERAL (
WITH {RETURNS}, {COUNTS}
SELECT row_to_json(r)::text AS json FROM (
    SELECT audit.id AS audit_id, returns.roster, returns.returned,
        {percent("returns.returned", "returns.roster")} AS return_rate_percent,
        returns.late, returns.resubmitted,
        (SELECT coalesce(json_agg(s ORDER BY s.position), '[]') FROM ({STANDARDS}) s) AS standards
    FROM audit CROSS JOIN returns
) r) body ON true"""
"""Every table is read within what hangs on `caller`, so that its policies see who asks."""
