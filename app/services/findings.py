"""Findings: drafted, checked by the agency, confirmed by others, told (Framework sections 3, 9)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ENTER, ActorSession, Caller
from app.errors import Conflict, Forbidden, Invalid, UnknownReference
from app.models.findings import FINDING_LIFECYCLE, FindingStatus, LearningFinding
from app.models.review_work import FindingKind, FindingScope
from app.reference.working_days import add_working_days
from app.schemas.base import CreateSchema, UpdateSchema
from app.schemas.findings import (
    FindingCreate,
    FindingRead,
    FindingTransitionCreate,
    FindingUpdate,
)
from app.schemas.forums import LearningBalanceQuery
from app.services.answering import JSON
from app.services.campaigns import board_day
from app.services.learning import refuse_unknown_source
from app.services.nameless import refuse_names_in
from app.services.obligations import meet, owe
from app.services.records import changing, creating, insert, patch, update
from app.services.transitions import Effect
from app.services.wording import RecordFixed, step, texts_of

CHECK = "factual_check"
CHECK_WORKING_DAYS = 10
URGENT_WORKING_DAYS = 1
"""Days that an agency has to check facts; the second, where children are to be made safe now."""
WEIGHS = frozenset({"severity", "spread", "standard", "priority_id", "body_id"})
"""What may change until a finding is closed; the rest is its wording."""
REVIEW_FINDING = "SELECT id FROM review_findings WHERE id = $1 AND case_review_id = $2"
BALANCE = f"""{ENTER}
SELECT body.json FROM caller LEFT JOIN LATERAL (
SELECT json_build_object('findings', n, 'good_practice', good,
    'share_percent', round(100.0 * good / nullif(n, 0), 1))::text AS json
FROM (SELECT count(*) AS n,
        count(*) FILTER (WHERE t.kind IN ('strength', 'good_practice')) AS good
    FROM findings t WHERE caller.id IS NOT NULL
        AND ($3::text IS NULL OR t.source_kind = $3)
        AND ($4::uuid IS NULL OR t.source_id = $4 AND (t.source_case_id IS NULL
            OR 'cases:all' = ANY (caller.grants)
            OR t.source_case_id = ANY ((SELECT actor.team_cases())::uuid[])))) s
) body ON true"""


class NotUnderCheck(Conflict):
    """The agency concerned accepts facts while it checks them, once."""

    code = "not_under_check"


def wording_of(body: CreateSchema | UpdateSchema) -> Mapping[str, str]:
    """Return the texts of a finding that were sent, by their pointers."""
    method = body.model_dump(exclude_unset=True).get("method") or {}
    within = {f"/method/{name}": text for name, text in method.items() if type(text) is str}
    research = {
        f"/method/research_references/{n}": text
        for n, text in enumerate(method.get("research_references") or ())
    }
    return {**texts_of(body), **within, **research}


async def draft_finding(caller: Caller, body: FindingCreate) -> Response:
    """Draft a finding. Raises `UnknownReference` for a source that the writer does not see."""
    if body.scope == FindingScope.single_agency and body.agency_id is None:
        raise Invalid.at("/agency_id")
    await refuse_names_in(caller, wording_of(body))
    async with creating(caller, FindingRead, body) as creation:
        if creation.is_new:
            db = creation.db
            await refuse_unknown_source(db, body.source_kind, body.source_id)
            if body.review_finding_id is not None:
                of_review = (body.review_finding_id, body.source_id)
                if await db.fetchrow(REVIEW_FINDING, *of_review) is None:
                    raise UnknownReference.at("/review_finding_id")
            drafted = body.model_dump() | {"drafted_by_id": db.actor.id}
            creation.id = await insert(db, LearningFinding, drafted)
    return creation.response


async def change_finding(caller: Caller, finding_id: UUID, body: FindingUpdate) -> Response:
    """Change a finding. Raises `RecordFixed` for words that are confirmed or being checked."""
    await refuse_names_in(caller, wording_of(body))
    async with changing(caller, FindingRead, finding_id, body) as changed:
        sent, status = patch(body), changed.before["status"]
        is_open = status in (FindingStatus.drafted, FindingStatus.disputed)
        if status == FindingStatus.closed or not (is_open or sent.keys() <= WEIGHS):
            raise RecordFixed
        await update(changed.db, LearningFinding, finding_id, sent)
    return changed.response


async def move_finding(caller: Caller, finding_id: UUID, body: FindingTransitionCreate) -> Response:
    """Move a finding; raises as `step`."""
    return await step(caller, FindingRead, FINDING_LIFECYCLE, finding_id, body.to, body, EFFECTS)


async def accept_facts(caller: Caller, finding_id: UUID) -> Response:
    """Accept, for the agency concerned, the facts of a finding. Raises `NotUnderCheck`."""
    async with changing(caller, FindingRead, finding_id) as changed:
        before, db = changed.before, changed.db
        if before["agency_id"] is None or UUID(before["agency_id"]) != db.actor.agency_id:
            raise Forbidden
        if before["status"] != CHECK or before["facts_accepted_on"] is not None:
            raise NotUnderCheck
        await update(db, LearningFinding, finding_id, {"facts_accepted_on": board_day()})
        await meet(db, kind=CHECK, record_id=finding_id)
    return changed.response


async def show_balance(caller: Caller, query: LearningBalanceQuery) -> Response:
    """Answer with the share of good practice among the findings that the caller sees."""
    row = await caller.fetchrow(BALANCE, query.source_kind, query.source_id)
    assert row is not None  # noqa: S101 - `caller` has one row
    return Response(row["json"], 200, media_type=JSON)


async def _to_check(db: ActorSession, before: dict[str, Any]) -> None:
    is_urgent = before["kind"] == FindingKind.immediate_safeguarding
    days = URGENT_WORKING_DAYS if is_urgent else CHECK_WORKING_DAYS
    due_on, finding_id = add_working_days(board_day(), days), UUID(before["id"])
    await update(db, LearningFinding, finding_id, {"factual_check_due_on": due_on})
    await owe(
        db,
        kind=CHECK,
        title="Check the facts of a finding",
        due_on=due_on,
        subject=LearningFinding.__tablename__,
        record_id=finding_id,
        agency_id=UUID(before["agency_id"]),
        source_case_id=UUID(before["source_case_id"]) if before["source_case_id"] else None,
    )


async def _checked(db: ActorSession, before: dict[str, Any]) -> None:
    await meet(db, kind=CHECK, record_id=UUID(before["id"]))


EFFECTS: dict[str, Effect] = {
    FindingStatus.factual_check: _to_check,
    FindingStatus.confirmed: _checked,
    FindingStatus.disputed: _checked,
}
