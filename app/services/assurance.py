"""Statements of assurance: drafted with their sources, agreed by the Board, one after the other.

Framework sections 3, 9 and 23.
"""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.models.assurance import ASSURANCE_LIFECYCLE, AssuranceSource, AssuranceStatement
from app.schemas.assurance import (
    AssuranceSourceCreate,
    AssuranceStatementCreate,
    AssuranceStatementRead,
    AssuranceStatementUpdate,
    AssuranceTransitionCreate,
)
from app.services.nameless import refuse_names_in
from app.services.records import changing, creating, insert, patch, render, update
from app.services.transitions import record_move
from app.services.wording import RecordFixed, step, texts_of

FORGET = "DELETE FROM assurance_sources WHERE statement_id = $1"
LOCK = "SELECT id FROM assurance_statements WHERE id = $1 FOR UPDATE"


async def draft_statement(caller: Caller, body: AssuranceStatementCreate) -> Response:
    """Draft a statement with its sources. Raises `UnresolvedIdentifiers` for a name."""
    await _refuse_names(caller, body, body.sources)
    async with creating(caller, AssuranceStatementRead, body) as creation:
        if creation.is_new:
            values = body.model_dump(exclude={"sources"})
            values["drafted_by_id"] = creation.db.actor.id
            creation.id = await insert(creation.db, AssuranceStatement, values)
            await _cite(creation.db, creation.id, body.sources)
    return creation.response


async def redraft_statement(
    caller: Caller, statement_id: UUID, body: AssuranceStatementUpdate
) -> Response:
    """Change a draft. Raises `RecordFixed` for what was agreed."""
    values = patch(body)
    values.pop("sources", None)
    sources = body.sources if isinstance(body.sources, list) else None
    await _refuse_names(caller, body, sources or ())
    async with changing(caller, AssuranceStatementRead, statement_id, body) as changed:
        if changed.before["status"] != "draft":
            raise RecordFixed
        await update(changed.db, AssuranceStatement, statement_id, values)
        if sources is not None:
            await changed.db.fetchrow(FORGET, statement_id)
            await _cite(changed.db, statement_id, sources)
    return changed.response


async def move_statement(
    caller: Caller, statement_id: UUID, body: AssuranceTransitionCreate
) -> Response:
    """Move a statement; its agreement supersedes the one whose place it takes."""

    async def supersede(db: ActorSession, before: dict[str, Any]) -> None:
        if before["supersedes_id"] is None:
            return
        former = UUID(before["supersedes_id"])
        await db.fetchrow(LOCK, former)
        was = json.loads(await render(db, AssuranceStatementRead, former))
        if was["status"] == "agreed":
            await record_move(db, AssuranceStatementRead, was, "superseded")

    return await step(
        caller,
        AssuranceStatementRead,
        ASSURANCE_LIFECYCLE,
        statement_id,
        body.to,
        body,
        {"agreed": supersede},
    )


async def _cite(
    db: ActorSession, statement_id: UUID, sources: Sequence[AssuranceSourceCreate]
) -> None:
    for source in sources:
        await insert(db, AssuranceSource, {"statement_id": statement_id} | source.model_dump())


async def _refuse_names(
    caller: Caller,
    body: AssuranceStatementCreate | AssuranceStatementUpdate,
    sources: Sequence[AssuranceSourceCreate],
) -> None:
    titles = {f"/sources/{n}/source_title": each.source_title for n, each in enumerate(sources)}
    await refuse_names_in(caller, {**texts_of(body), **titles})
