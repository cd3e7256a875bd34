"""The way from a finding to its impact: one statement, under the caller's policies and classes."""

from functools import cache
from uuid import UUID

from fastapi import Response

from app.access.caller import ENTER, Caller
from app.errors import NotFound
from app.privacy.projection import statement
from app.schemas.action_reports import ActionDueChangeRead
from app.schemas.actions import SmartActionRead
from app.schemas.base import ReadSchema
from app.schemas.findings import FindingRead
from app.schemas.impact_checks import ImpactCheckRead
from app.schemas.recommendations import RecommendationRead
from app.schemas.themes import ThemeRead
from app.schemas.trace import MOST, TracedBriefing, TracedDecision, TraceSubject
from app.schemas.transitions import TransitionRead
from app.services.answering import JSON

LINKS = "SELECT {0}_id FROM recommendation_findings WHERE {1}_id"
FAMILY = """
    WITH RECURSIVE older (id, parent_id) AS (
        SELECT id, parent_id FROM actions WHERE id = $3
        UNION SELECT a.id, a.parent_id FROM actions a JOIN older o ON a.id = o.parent_id
    ), family (id) AS (
        SELECT id FROM older UNION SELECT a.id FROM actions a JOIN family f ON a.parent_id = f.id
    ) SELECT id FROM family"""
OF_ACTION = "SELECT {0}_id FROM actions WHERE id = $3"
ROOTS: dict[TraceSubject, tuple[str, str, str]] = {
    TraceSubject.recommendations: (
        "SELECT $3::uuid",
        LINKS.format("finding", "recommendation") + " = $3",
        "SELECT id FROM actions WHERE recommendation_id = $3",
    ),
    TraceSubject.findings: (
        LINKS.format("recommendation", "finding") + " = $3",
        "SELECT $3::uuid",
        "SELECT id FROM actions WHERE finding_id = $3 UNION SELECT a.id FROM actions a"
        f" WHERE a.recommendation_id IN ({LINKS.format('recommendation', 'finding')} = $3)",
    ),
    TraceSubject.actions: (
        OF_ACTION.format("recommendation"),
        f"{OF_ACTION.format('finding')} UNION {LINKS.format('finding', 'recommendation')}"
        f" IN ({OF_ACTION.format('recommendation')})",
        FAMILY,
    ),
}
"""The recommendations, findings and actions of a trace, by where it begins."""
OF_ACTIONS = "t.action_id IN (SELECT id FROM traced_actions)"
TOLD = (
    "t.id IN (SELECT l.briefing_id FROM briefing_recommendations l"
    " WHERE l.recommendation_id IN (SELECT id FROM traced_recommendations)"
    " UNION SELECT l.briefing_id FROM briefing_findings l"
    " WHERE l.finding_id IN (SELECT id FROM traced_findings))"
)
DECIDED = (
    "t.id IN (SELECT d.id FROM decisions d WHERE d.record_id IN (SELECT id FROM traced)"
    " UNION SELECT m.decision_id FROM transitions m"
    " WHERE m.record_id IN (SELECT id FROM traced))"
)
PARTS: dict[str, tuple[type[ReadSchema], str]] = {
    "findings": (FindingRead, "t.id IN (SELECT id FROM traced_findings)"),
    "themes": (
        ThemeRead,
        "t.id IN (SELECT l.theme_id FROM theme_findings l"
        " WHERE l.finding_id IN (SELECT id FROM traced_findings))",
    ),
    "recommendations": (RecommendationRead, "t.id IN (SELECT id FROM traced_recommendations)"),
    "actions": (SmartActionRead, "t.id IN (SELECT id FROM traced_actions)"),
    "due_date_changes": (ActionDueChangeRead, OF_ACTIONS),
    "impact_checks": (ImpactCheckRead, "t.id IN (SELECT id FROM traced_checks)"),
    "briefings": (TracedBriefing, TOLD),
    "decisions": (TracedDecision, DECIDED),
    "transitions": (
        TransitionRead,
        "t.record_id IN (SELECT id FROM traced UNION ALL SELECT id FROM traced_checks)",
    ),
}
REOPENINGS = (
    "(SELECT count(*) FROM transitions m WHERE m.to_state = 'reopened'"
    " AND m.record_id IN (SELECT id FROM traced_recommendations))"
)


@cache
def trace_sql(subject: TraceSubject) -> str:
    """Write the statement of a trace. Every record in it passed the policy of its own table."""
    recommendations, findings, actions = ROOTS[subject]
    lists = ", ".join(
        f"'{name}', (SELECT coalesce(json_agg(row_to_json(r)), '[]') FROM ({statement(schema)}"
        f" WHERE {where} ORDER BY t.id LIMIT {MOST}) r)"
        for name, (schema, where) in PARTS.items()
    )
    return (
        f"{ENTER} SELECT body.json FROM caller LEFT JOIN LATERAL (WITH"
        f" {_seen('recommendations', recommendations)}, {_seen('findings', findings)},"
        f" {_seen('actions', actions)}, traced AS MATERIALIZED ("
        "SELECT id FROM traced_recommendations UNION ALL SELECT id FROM traced_findings"
        " UNION ALL SELECT id FROM traced_actions),"
        " traced_checks AS MATERIALIZED (SELECT id FROM impact_checks"
        " WHERE record_id IN (SELECT id FROM traced))"
        f" SELECT json_build_object('subject', '{subject}', 'record_id', $3::uuid, {lists},"
        f" 'reopenings', {REOPENINGS})::text AS json"
        f" WHERE EXISTS (SELECT FROM traced_{subject} WHERE id = $3)) body ON true"
    )


def _seen(table: str, ids: str) -> str:
    """Narrow a list of ids to the records that the caller sees."""
    return (
        f"traced_{table} AS MATERIALIZED (SELECT t.id FROM {table} t"
        f" WHERE caller.id IS NOT NULL AND t.id IN ({ids}))"
    )


async def show_trace(caller: Caller, subject: TraceSubject, record_id: UUID) -> Response:
    """Answer with all that hangs together with a record. Raises `NotFound`."""
    row = await caller.fetchrow(trace_sql(subject), record_id)
    if row is None or row["json"] is None:
        raise NotFound
    return Response(row["json"], 200, media_type=JSON)
