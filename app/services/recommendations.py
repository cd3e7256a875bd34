"""Recommendations: made by a sub group, accepted by the Board, reopened without impact.

Framework sections 16, 21 and 22.
"""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Conflict, Invalid, UnknownReference
from app.models.recommendations import (
    RECOMMENDATION_LIFECYCLE,
    VERIFIABLE,
    BoardRecommendation,
    RecommendationFinding,
    RecommendationStatus,
)
from app.reference.working_days import add_working_days
from app.schemas.recommendations import (
    RecommendationCreate,
    RecommendationRead,
    RecommendationTransitionCreate,
)
from app.services.campaigns import board_day
from app.services.learning import link, refuse_unknown_source
from app.services.nameless import refuse_names_in
from app.services.obligations import cancel, meet, owe
from app.services.records import creating, insert, update
from app.services.transitions import DecisionNeeded, Effect, record_move
from app.services.wording import step, texts_of

S = RecommendationStatus
AGREE, RECONSIDER, REOPENED = "agree_actions", "deferred_recommendation", "reopened_recommendation"
AGREE_WORKING_DAYS = 20
BODY = "SELECT id FROM bodies WHERE id = $1 AND kind IN ('sub_group', 'panel')"
SEEN = "SELECT id FROM recommendations WHERE id = $1 AND status <> 'superseded'"
LOCKED = """
SELECT id::text, status, agency_id::text FROM recommendations WHERE id = $1 FOR UPDATE
"""
OF_BODY = "SELECT id FROM decisions WHERE id = $1 AND body_id = $2"
USED_TWICE = """
SELECT decision_id FROM transitions WHERE record_id = $1 AND decision_id IS NOT NULL
GROUP BY decision_id HAVING count(*) > 1
"""


class NotASubGroup(Conflict):
    """Only a sub group or a panel recommends to the Board."""

    code = "not_a_sub_group"


async def draft_recommendation(caller: Caller, body: RecommendationCreate) -> Response:
    """Draft a recommendation, with the findings that it answers.

    Raises `UnknownReference` for a source that the writer does not see, `NotASubGroup`.
    """
    await refuse_names_in(caller, texts_of(body))
    async with creating(caller, RecommendationRead, body) as creation:
        if creation.is_new:
            creation.id = await _draft(creation.db, body)
    return creation.response


async def _draft(db: ActorSession, body: RecommendationCreate) -> UUID:
    await refuse_unknown_source(db, body.source_kind, body.source_id)
    if await db.fetchrow(BODY, body.body_id) is None:
        raise NotASubGroup.at("/body_id")
    drafted = body.model_dump(exclude={"finding_ids"}) | {"drafted_by_id": db.actor.id}
    if body.is_national:
        drafted["status"] = S.recommended_by_sub_group
    made = await insert(db, BoardRecommendation, drafted)
    for n, finding_id in enumerate(body.finding_ids):
        answers = {"recommendation_id": made}
        await link(db, RecommendationFinding, answers, finding_id, f"/finding_ids/{n}")
    return made


async def move_recommendation(
    caller: Caller, recommendation_id: UUID, body: RecommendationTransitionCreate
) -> Response:
    """Move a recommendation. Raises `Invalid` for a day or a link it lacks, and as `step`."""
    if (body.to == S.deferred) != (body.deferred_until is not None) or (
        body.deferred_until is not None and body.deferred_until <= board_day()
    ):
        raise Invalid.at("/deferred_until")
    if (body.to == S.superseded) != (body.superseded_by_id is not None):
        raise Invalid.at("/superseded_by_id")
    return await step(
        caller,
        RecommendationRead,
        RECOMMENDATION_LIFECYCLE,
        recommendation_id,
        body.to,
        body,
        {state: _effect(body) for state in S},
    )


async def reopen_recommendation(db: ActorSession, recommendation_id: UUID, reason: str) -> None:
    """Reopen a recommendation whose impact is not found; nothing where it was not acted on yet."""
    row = await db.fetchrow(LOCKED, recommendation_id)
    if row is None or row["status"] not in VERIFIABLE:
        return
    await record_move(db, RecommendationRead, dict(row), S.reopened, reason)


def _effect(body: RecommendationTransitionCreate) -> Effect:
    """Return what follows from a move: what it writes, what it meets and what it makes due."""

    async def follow(db: ActorSession, before: dict[str, Any]) -> None:
        record_id = UUID(before["id"])
        if await db.fetchrow(USED_TWICE, record_id) is not None:
            raise DecisionNeeded.at("/decision_id")
        if before["status"] == S.deferred:
            await meet(db, kind=RECONSIDER, record_id=record_id)
        if follows := FOLLOWS.get(body.to):
            await follows(db, before, body)

    return follow


Follow = Callable[[ActorSession, dict[str, Any], RecommendationTransitionCreate], Awaitable[None]]


async def _recommended(
    db: ActorSession, before: dict[str, Any], body: RecommendationTransitionCreate
) -> None:
    """Hold that the body that recommends has decided it itself."""
    if await db.fetchrow(OF_BODY, body.decision_id, UUID(before["body_id"])) is None:
        raise DecisionNeeded.at("/decision_id")


async def _accepted(
    db: ActorSession, before: dict[str, Any], _: RecommendationTransitionCreate
) -> None:
    due_on = add_working_days(board_day(), AGREE_WORKING_DAYS)
    await _owe(db, before, AGREE, "Agree actions on a recommendation", due_on, "executive_group")


async def _deferred(
    db: ActorSession, before: dict[str, Any], body: RecommendationTransitionCreate
) -> None:
    due_on = body.deferred_until
    assert due_on is not None  # noqa: S101 - a deferral has its day
    await _write(db, before, "deferred_until", due_on)
    await _owe(db, before, RECONSIDER, "Consider a deferred recommendation", due_on, "board")


async def _agreed(
    db: ActorSession, before: dict[str, Any], _: RecommendationTransitionCreate
) -> None:
    for kind in (AGREE, REOPENED):
        await meet(db, kind=kind, record_id=UUID(before["id"]))


async def _superseded(
    db: ActorSession, before: dict[str, Any], body: RecommendationTransitionCreate
) -> None:
    if (
        str(body.superseded_by_id) == before["id"]
        or await db.fetchrow(SEEN, body.superseded_by_id) is None
    ):
        raise UnknownReference.at("/superseded_by_id")
    await _write(db, before, "superseded_by_id", body.superseded_by_id)
    for kind in (AGREE, RECONSIDER, REOPENED):
        await cancel(db, kind=kind, record_id=UUID(before["id"]))


FOLLOWS: dict[RecommendationStatus, Follow] = {
    S.recommended_by_sub_group: _recommended,
    S.accepted: _accepted,
    S.deferred: _deferred,
    S.actions_agreed: _agreed,
    S.superseded: _superseded,
}


async def _write(db: ActorSession, before: dict[str, Any], column: str, value: object) -> None:
    await update(db, BoardRecommendation, UUID(before["id"]), {column: value})


async def _owe(
    db: ActorSession, before: dict[str, Any], kind: str, title: str, due_on: date, body: str
) -> None:
    """Have a body owe something on the recommendation; what is of a case stays with that case."""
    case_id = before["source_case_id"]
    await owe(
        db,
        kind=kind,
        title=title,
        due_on=due_on,
        subject=BoardRecommendation.__tablename__,
        record_id=UUID(before["id"]),
        body=body,
        period=str(due_on),
        source_case_id=UUID(case_id) if case_id and not before["is_released"] else None,
    )
