"""Letters to agencies and audits asked of them (Framework sections 9 and 15)."""

import json
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Invalid
from app.models.feedback import (
    AUDIT_REQUEST_LIFECYCLE,
    AuditRequest,
    AuditRequestStatus,
    FeedbackItem,
    FeedbackLetter,
)
from app.schemas.audit_requests import (
    AuditRequestCreate,
    AuditRequestRead,
    AuditRequestTransitionCreate,
)
from app.schemas.feedback import (
    FeedbackCreate,
    FeedbackRead,
)
from app.schemas.feedback_letters import FeedbackLetterCreate, FeedbackLetterRead
from app.services.campaigns import board_day
from app.services.information_requests import gateway_for
from app.services.nameless import refuse_names_in
from app.services.obligations import cancel, meet, owe
from app.services.records import creating, insert
from app.services.transitions import Effect
from app.services.wording import step, texts_of

CONTENTS = """
SELECT json_build_object(
    'grades', coalesce((SELECT json_agg(g ORDER BY g.audit_title, g.grade) FROM (
        SELECT u.id AS audit_id, u.title AS audit_title,
            coalesce(a.moderated_grade, a.grade) AS grade, count(*) AS answers
        FROM audit_responses r JOIN audits u ON u.id = r.audit_id
        JOIN answers a ON a.response_id = r.id
        WHERE r.agency_id = $1 AND u.due_on BETWEEN $2 AND $3
            AND r.status IN ('moderated', 'challenged', 'final', 'locked')
            AND coalesce(a.moderated_grade, a.grade) IS NOT NULL
        GROUP BY 1, 2, 3) g), '[]'::json),
    'good_practice', (SELECT count(*) FROM good_practice p WHERE p.agency_id = $1
        AND (p.created_at AT TIME ZONE 'Europe/London')::date BETWEEN $2 AND $3),
    'shared_findings', coalesce((SELECT json_agg(f.title ORDER BY f.title) FROM (
        SELECT title FROM findings WHERE agency_id = $1 AND is_released
            AND (created_at AT TIME ZONE 'Europe/London')::date BETWEEN $2 AND $3
        ORDER BY title LIMIT 200) f), '[]'::json),
    'open_actions', (SELECT count(*) FROM actions a WHERE a.agency_id = $1
        AND a.status NOT IN ('closed_embedded', 'closed_not_embedded', 'cancelled')),
    'overdue_actions', (SELECT count(*) FROM actions a WHERE a.agency_id = $1
        AND a.status IN ('agreed', 'in_progress', 'blocked', 'rejected_back') AND a.due_on < $4),
    'outstanding_receipts', (SELECT count(*) FROM briefing_receipts b
        WHERE b.agency_id = $1 AND b.status <> 'attested'),
    'outstanding_obligations', (SELECT count(*) FROM obligations o WHERE o.agency_id = $1
        AND o.kind <> 'briefing_receipt' AND o.status NOT IN ('met', 'met_late', 'waived'))
)::text AS contents
"""


async def record_feedback(caller: Caller, body: FeedbackCreate) -> Response:
    """Record what was said. Raises `Invalid` for a day to come."""
    if body.received_on > board_day():
        raise Invalid.at("/received_on")
    await refuse_names_in(caller, texts_of(body))
    async with creating(caller, FeedbackRead, body) as creation:
        if creation.is_new:
            creation.id = await insert(creation.db, FeedbackItem, body.model_dump())
    return creation.response


async def draft_letter(caller: Caller, body: FeedbackLetterCreate) -> Response:
    """Draft a letter: what is on record of the agency's period, as its author may read it."""
    if body.period_to < body.period_from:
        raise Invalid.at("/period_to")
    await refuse_names_in(caller, texts_of(body))
    async with creating(caller, FeedbackLetterRead, body) as creation:
        if creation.is_new:
            period = (body.agency_id, body.period_from, body.period_to)
            row = await creation.db.fetchrow(CONTENTS, *period, board_day())
            assert row is not None  # noqa: S101 - a SELECT of one value has one row
            values = body.model_dump() | {"contents": json.loads(row["contents"])}
            creation.id = await insert(creation.db, FeedbackLetter, values)
    return creation.response


async def request_audit(caller: Caller, body: AuditRequestCreate) -> Response:
    """Ask an agency for an audit; it owes the report.

    Raises `Invalid` for a day that is not to come, and as `gateway_for`.
    """
    gateway_for(body.gateway, board_day(), is_board=True)
    if body.due_on <= board_day():
        raise Invalid.at("/due_on")
    await refuse_names_in(caller, texts_of(body))
    async with creating(caller, AuditRequestRead, body) as creation:
        if creation.is_new:
            creation.id = await insert(creation.db, AuditRequest, body.model_dump())
            await owe(
                creation.db,
                kind="audit_request",
                title="Answer a request for an audit",
                due_on=body.due_on,
                subject="audit_requests",
                record_id=creation.id,
                agency_id=body.agency_id,
            )
    return creation.response


async def move_request_on(
    caller: Caller, request_id: UUID, body: AuditRequestTransitionCreate
) -> Response:
    """Move a request; a report meets what is owed, and who declines owes nothing."""

    async def reported(db: ActorSession, before: dict[str, Any]) -> None:
        agency_id = UUID(before["agency_id"])
        await meet(db, kind="audit_request", record_id=request_id, agency_id=agency_id)

    async def declined(db: ActorSession, _before: dict[str, Any]) -> None:
        await cancel(db, kind="audit_request", record_id=request_id)

    effects: dict[str, Effect] = {
        AuditRequestStatus.reported: reported,
        AuditRequestStatus.declined: declined,
    }
    return await step(
        caller, AuditRequestRead, AUDIT_REQUEST_LIFECYCLE, request_id, body.to, body, effects
    )
