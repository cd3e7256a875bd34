"""Checks of impact: planned, made by others than the agency, and what follows from a result.

Framework sections 15, 16, 22 and 23. A result, the move of the action, the action that goes on from
it and the recommendation that is considered anew are one transaction.
"""

import json
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ENTER, ActorSession, Caller
from app.errors import Conflict, UnknownReference
from app.models.actions import ActionStatus
from app.models.impact_checks import (
    IMPACT_CHECK_LIFECYCLE,
    CheckSubject,
    ImpactCheckStatus,
    ImpactResult,
)
from app.reference.impact_rules import AFTER_RESULT, RECONSIDER_WORKING_DAYS
from app.reference.working_days import add_months, add_working_days
from app.schemas.action_fields import AGE, IMPACT_KNOWN, IS_OVERDUE, SOURCE_KIND
from app.schemas.actions import SmartActionRead
from app.schemas.impact_checks import (
    ImpactCheckCreate,
    ImpactCheckRead,
    ImpactCheckTransitionCreate,
    ImpactCheckUpdate,
)
from app.services.actions import draft_child
from app.services.answering import JSON
from app.services.campaigns import board_day
from app.services.impact_schedule import KIND, cancel_checks, live_case, owe_check, schedule_check
from app.services.nameless import refuse_names_in
from app.services.obligations import cancel, meet, owe
from app.services.reading import read
from app.services.recommendations import reopen_recommendation
from app.services.records import changing, creating, patch, update
from app.services.transitions import Effect, record_move
from app.services.wording import RecordFixed, step, texts_of

FOUND = frozenset({"result", "text", "source_kind", "source_id", "source_title"})
"""What is written while a check goes on; the rest is its plan."""
ACTION = """
SELECT id::text, status, agency_id::text, recommendation_id FROM actions WHERE id = $1 FOR UPDATE
"""
STILL_OPEN = """
SELECT id FROM impact_checks WHERE subject = $1 AND record_id = $2
    AND status IN ('scheduled', 'in_progress') LIMIT 1
"""
REOPENED = (ActionStatus.impact_pending, ActionStatus.closed_embedded)
"""States of an action that a result may close anew."""
PLAN = "SELECT id, subject, record_id, body_id, scheduled_on FROM impact_checks WHERE id = $1"
NOT_EMBEDDED = "A check of impact found that it did not embed."
SUMMARY = f"""{ENTER}
SELECT body.json FROM caller LEFT JOIN LATERAL (
SELECT json_build_object('sources', coalesce(json_agg(s ORDER BY s.source_kind), '[]'))::text
    AS json
FROM (
    SELECT a.source_kind, count(*) AS actions,
        count(*) FILTER (WHERE a.is_known) AS impact_known,
        count(*) FILTER (WHERE NOT a.is_known) AS impact_unknown,
        count(*) FILTER (WHERE a.is_overdue) AS overdue,
        percentile_disc(0.5) WITHIN GROUP (ORDER BY a.age) AS median_age_days
    FROM (
        SELECT {SOURCE_KIND} AS source_kind, {IMPACT_KNOWN} AS is_known,
            {IS_OVERDUE} AS is_overdue, {AGE} AS age
        FROM actions t
        WHERE caller.id IS NOT NULL AND t.agreed_on IS NOT NULL AND t.status <> 'cancelled'
        OFFSET 0
    ) a
    GROUP BY 1
) s) body ON true"""


class CheckIncomplete(Conflict):
    """A check is concluded with a result, and with what was found."""

    code = "check_incomplete"


async def plan_check(caller: Caller, body: ImpactCheckCreate) -> Response:
    """Plan a check of a record. Raises `UnknownReference` for a record that nobody sees."""
    async with creating(caller, ImpactCheckRead, body) as creation:
        if creation.is_new:
            seen = f"SELECT id FROM {body.subject.value} WHERE id = $1"
            if await creation.db.fetchrow(seen, body.record_id) is None:
                raise UnknownReference.at("/record_id")
            creation.id = await schedule_check(creation.db, body.model_dump())
    return creation.response


async def change_check(caller: Caller, check_id: UUID, body: ImpactCheckUpdate) -> Response:
    """Plan a check anew, or write what it found. Raises `RecordFixed` where it is too late."""
    await refuse_names_in(caller, texts_of(body))
    async with changing(caller, ImpactCheckRead, check_id, body) as changed:
        sent, status = patch(body), changed.before["status"]
        may_change = {
            ImpactCheckStatus.scheduled: sent.keys() - FOUND,
            ImpactCheckStatus.in_progress: sent.keys() & FOUND,
        }
        if sent.keys() - may_change.get(status, set()):
            raise RecordFixed
        await update(changed.db, ImpactCheckRead.table, check_id, sent)
        if sent.keys() & {"scheduled_on", "body_id"}:
            await cancel(changed.db, kind=KIND, record_id=check_id)
            row = await changed.db.fetchrow(PLAN, check_id)
            await owe_check(changed.db, dict(row or {}))
    return changed.response


async def move_check(caller: Caller, check_id: UUID, body: ImpactCheckTransitionCreate) -> Response:
    """Move a check, and what it is of. Raises `CheckIncomplete`, and as `step`."""
    if body.to == ImpactCheckStatus.concluded:
        before = json.loads(await read(caller, ImpactCheckRead, check_id))
        missing = [f"/{name}" for name in ("result", "text") if before[name] is None]
        if missing and before["status"] == ImpactCheckStatus.in_progress:
            raise CheckIncomplete.at_each(missing)
    return await step(
        caller, ImpactCheckRead, IMPACT_CHECK_LIFECYCLE, check_id, body.to, body, EFFECTS
    )


async def show_impact_summary(caller: Caller) -> Response:
    """Answer with how many of the actions that the caller sees have an impact that is known."""
    row = await caller.fetchrow(SUMMARY)
    assert row is not None  # noqa: S101 - `caller` has one row
    return Response(row["json"], 200, media_type=JSON)


async def _begun(db: ActorSession, check: dict[str, Any]) -> None:
    """Say of a verified action that its impact is looked into."""
    action = await _action_of(db, check)
    if action and action["status"] == ActionStatus.verified:
        await record_move(db, SmartActionRead, action, ActionStatus.impact_pending)


async def _concluded(db: ActorSession, check: dict[str, Any]) -> None:
    action = await _action_of(db, check)
    await meet(db, kind=KIND, record_id=UUID(check["id"]))
    if (months := AFTER_RESULT.get(check["result"])) is not None:
        await _check_again(db, check, months)
    elif check["result"] == ImpactResult.not_embedded:
        await _begin_anew(db, check, action)
    elif action and action["status"] == ActionStatus.impact_pending:
        left = await db.fetchrow(STILL_OPEN, check["subject"], UUID(check["record_id"]))
        if left is None:
            await record_move(db, SmartActionRead, action, ActionStatus.closed_embedded)


async def _cancelled(db: ActorSession, check: dict[str, Any]) -> None:
    await cancel(db, kind=KIND, record_id=UUID(check["id"]))


EFFECTS: dict[str, Effect] = {
    ImpactCheckStatus.in_progress: _begun,
    ImpactCheckStatus.concluded: _concluded,
    ImpactCheckStatus.cancelled: _cancelled,
}


async def _action_of(db: ActorSession, check: dict[str, Any]) -> dict[str, Any] | None:
    """Lock the action that a check is of, so that two checks of it conclude one after another."""
    if check["subject"] != CheckSubject.actions:
        return None
    row = await db.fetchrow(ACTION, UUID(check["record_id"]))
    return None if row is None else dict(row)


async def _check_again(db: ActorSession, check: dict[str, Any], months: int) -> None:
    again = {
        "subject": check["subject"],
        "record_id": UUID(check["record_id"]),
        "body_id": UUID(check["body_id"]),
        "method": check["method"],
        "scheduled_on": add_months(board_day(), months),
        "follows_id": UUID(check["id"]),
    }
    await schedule_check(db, again)


async def _begin_anew(
    db: ActorSession, check: dict[str, Any], action: dict[str, Any] | None
) -> None:
    """Close what did not embed, draft what goes on from it, and have the Board consider it."""
    subject, record_id = check["subject"], UUID(check["record_id"])
    recommendation_id = record_id if subject == CheckSubject.recommendations else None
    await cancel_checks(db, subject, record_id, NOT_EMBEDDED)
    if action:
        recommendation_id = action["recommendation_id"]
    if action and action["status"] in REOPENED:
        await record_move(
            db, SmartActionRead, action, ActionStatus.closed_not_embedded, NOT_EMBEDDED
        )
        await draft_child(db, record_id)
    if recommendation_id is not None:
        await reopen_recommendation(db, recommendation_id, NOT_EMBEDDED)
        subject, record_id = "recommendations", recommendation_id
    await owe(
        db,
        kind="reopened_recommendation",
        title="Consider what did not embed",
        due_on=add_working_days(board_day(), RECONSIDER_WORKING_DAYS),
        subject=subject,
        record_id=record_id,
        body="board",
        period=f"check-{check['id']}",
        source_case_id=await live_case(db, subject, record_id),
    )
