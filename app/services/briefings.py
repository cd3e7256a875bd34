"""6 Step Briefings: drafted, approved twice, released to the agencies of the Board.

Framework sections 15 and 22. Release computes who owes a receipt, and puts each on the timetable.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Conflict, TransitionNotAllowed, UnknownReference
from app.models.base import Record
from app.models.briefings import (
    BRIEFING_LIFECYCLE,
    PARTS,
    Briefing,
    BriefingFinding,
    BriefingRecommendation,
    BriefingStatus,
)
from app.models.impact_checks import CheckSubject, ImpactMethod
from app.reference.working_days import add_months
from app.schemas.briefings import (
    BriefingCreate,
    BriefingRead,
    BriefingTransitionCreate,
    BriefingUpdate,
)
from app.services.campaigns import board_day
from app.services.impact_schedule import schedule_check
from app.services.learning import refuse_unknown_source
from app.services.nameless import refuse_names_in
from app.services.obligations import owe
from app.services.reading import read
from app.services.records import changing, creating, insert, patch, update
from app.services.transitions import Effect
from app.services.wording import RecordFixed, step, texts_of

DAYS_TO_ATTEST = 28
MONTHS_TO_IMPACT = 6
LINKS: dict[str, type[Record]] = {
    "finding": BriefingFinding,
    "recommendation": BriefingRecommendation,
}
RECEIPTS = """
INSERT INTO briefing_receipts (briefing_id, agency_id, membership_id, responsible_id, due_on)
SELECT DISTINCT ON (m.agency_id) $1::uuid, m.agency_id, m.id, m.user_id, $2::date
FROM memberships m JOIN bodies b ON b.id = m.body_id AND b.code = 'board'
WHERE m.status = 'active' AND m.agency_id IS NOT NULL AND m.valid_from <= $3
    AND coalesce(m.valid_to, 'infinity') >= $3
ORDER BY m.agency_id, m.valid_from, m.id
RETURNING id, agency_id
"""
"""One for each agency with a seat on the Board; where it has several, for its longest member."""
BODY_OF_CHECK = "SELECT id FROM bodies WHERE code = 'quality_assurance'"
OUTSTANDING = "SELECT FROM briefing_receipts WHERE briefing_id = $1 AND status <> 'attested'"


class BriefingIncomplete(Conflict):
    """A briefing is approved when all six steps are written."""

    code = "briefing_incomplete"


class BriefingOutstanding(Conflict):
    """Not every agency has attested: say why the briefing is archived all the same."""

    code = "briefing_outstanding"


async def draft_briefing(caller: Caller, body: BriefingCreate) -> Response:
    """Draft a briefing. Raises `UnknownReference` for what the caller may not see."""
    await refuse_names_in(caller, texts_of(body))
    async with creating(caller, BriefingRead, body) as creation:
        if creation.is_new:
            values = body.model_dump()
            linked = {name: values.pop(f"{name}_ids") for name in LINKS}
            await refuse_unknown_source(creation.db, body.source_kind, body.source_id)
            creation.id = await insert(creation.db, Briefing, values)
            for name, ids in linked.items():
                await _link(creation.db, name, creation.id, ids)
    return creation.response


async def change_draft(caller: Caller, briefing_id: UUID, body: BriefingUpdate) -> Response:
    """Change a draft, under `If-Match`. Raises `RecordFixed`, and as `draft_briefing`."""
    await refuse_names_in(caller, texts_of(body))
    async with changing(caller, BriefingRead, briefing_id, body) as changed:
        if changed.before["status"] != BriefingStatus.draft:
            raise RecordFixed
        values = patch(body)
        for name in LINKS:
            if (ids := values.pop(f"{name}_ids", None)) is not None:
                await changed.db.fetch(
                    f"DELETE FROM briefing_{name}s WHERE briefing_id = $1", briefing_id
                )
                await _link(changed.db, name, briefing_id, ids)
        await update(changed.db, Briefing, briefing_id, values)
    return changed.response


async def _link(db: ActorSession, name: str, briefing_id: UUID, ids: Sequence[UUID]) -> None:
    seen = {row["id"] for row in await db.fetch(f"SELECT id FROM {name}s WHERE id = ANY ($1)", ids)}
    for n, linked in enumerate(ids):
        if linked not in seen:
            raise UnknownReference.at(f"/{name}_ids/{n}")
    for linked in dict.fromkeys(ids):
        await insert(db, LINKS[name], {"briefing_id": briefing_id, f"{name}_id": linked})


async def move_briefing_on(
    caller: Caller, briefing_id: UUID, body: BriefingTransitionCreate
) -> Response:
    """Move a briefing.

    Raises `BriefingIncomplete` where a step is missing, `BriefingOutstanding`, and as `move`.
    """

    async def archived(db: ActorSession, _before: dict[str, Any]) -> None:
        if body.reason is None and await db.fetch(OUTSTANDING, briefing_id):
            raise BriefingOutstanding.at("/reason")

    if body.to == BriefingStatus.qa_sg_approved:
        await _require_whole(caller, briefing_id)
    effects: dict[str, Effect] = {
        BriefingStatus.released: _released,
        BriefingStatus.archived: archived,
    }
    return await step(caller, BriefingRead, BRIEFING_LIFECYCLE, briefing_id, body.to, body, effects)


async def _require_whole(caller: Caller, briefing_id: UUID) -> None:
    """Name the steps that are missing, to who may approve; the database refuses them anyhow."""
    briefing = json.loads(await read(caller, BriefingRead, briefing_id))
    if BriefingStatus.qa_sg_approved not in briefing["allowed_transitions"]:
        raise TransitionNotAllowed
    if missing := [f"/{part}" for part in PARTS if briefing[part] is None]:
        raise BriefingIncomplete.at_each(missing)


async def _released(db: ActorSession, before: dict[str, Any]) -> None:
    """Ask every agency with a seat on the Board, and schedule the check of impact."""
    briefing_id, today = UUID(before["id"]), board_day()
    due_on = today + timedelta(days=DAYS_TO_ATTEST)
    for row in await db.fetch(RECEIPTS, briefing_id, due_on, today):
        await owe(
            db,
            kind="briefing_receipt",
            title=before["title"],
            due_on=due_on,
            subject="briefing_receipts",
            record_id=row["id"],
            agency_id=row["agency_id"],
        )
    body = await db.fetchrow(BODY_OF_CHECK)
    assert body is not None  # noqa: S101 - it is there from the first day
    planned = {
        "subject": CheckSubject.briefings,
        "record_id": briefing_id,
        "body_id": body["id"],
        "method": ImpactMethod.survey,
        "scheduled_on": add_months(today, MONTHS_TO_IMPACT),
    }
    await schedule_check(db, planned)
