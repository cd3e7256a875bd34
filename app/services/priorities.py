"""Priorities: proposed, adopted by the Board, retired by it; one version after another."""

from uuid import UUID

from fastapi import Response

from app.access.caller import Caller
from app.errors import Conflict
from app.models.governance import Priority, PriorityStatus
from app.schemas.priorities import PriorityCreate, PriorityRead, PriorityUpdate
from app.services.nameless import refuse_names_in
from app.services.records import changing, creating, insert, patch, update
from app.services.wording import texts_of

NEXT = "SELECT coalesce(max(version), 0) + 1 AS version FROM priorities WHERE code = $1"


class NotProposed(Conflict):
    """The priority is no proposal any more; propose its next version."""

    code = "not_proposed"


async def propose_priority(caller: Caller, body: PriorityCreate) -> Response:
    """Propose a priority, as the next version of its code. Raises `UnresolvedIdentifiers`."""
    await refuse_names_in(caller, texts_of(body))
    async with creating(caller, PriorityRead, body) as creation:
        if creation.is_new:
            row = await creation.db.fetchrow(NEXT, body.code)
            assert row is not None  # noqa: S101 - an aggregate always answers
            values = body.model_dump() | {"version": row["version"]}
            creation.id = await insert(creation.db, Priority, values)
    return creation.response


async def change_priority(caller: Caller, priority_id: UUID, body: PriorityUpdate) -> Response:
    """Change a proposal. Raises `NotProposed`, `UnresolvedIdentifiers`."""
    await refuse_names_in(caller, texts_of(body))
    async with changing(caller, PriorityRead, priority_id, body) as changed:
        if changed.before["status"] != PriorityStatus.proposed:
            raise NotProposed
        await update(changed.db, Priority, priority_id, patch(body))
    return changed.response
