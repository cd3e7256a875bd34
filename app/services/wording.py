"""Records that all partners read, and that name nobody: written, changed and moved.

Framework sections 7, 15, 22 and 23. What was agreed or sent is not worded anew.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from fastapi import Response

from app.access.caller import Caller
from app.errors import Conflict
from app.lifecycle import Lifecycle
from app.schemas.base import Body, CreateSchema, ReadSchema, UpdateSchema
from app.schemas.transitions import DecidedTransitionCreate, TransitionCreate
from app.services.nameless import refuse_names_in
from app.services.records import change, changing, create, patch, update
from app.services.transitions import Effect, move

CODES = frozenset({"gateway", "question_code", "code", "member_role", "chair_role"})
"""Members that are text and no wording."""


class RecordFixed(Conflict):
    """What was agreed or sent is not worded anew."""

    code = "record_fixed"


def texts_of(body: Body) -> Mapping[str, str]:
    """Return the wording that was sent, by its pointers."""
    sent = body.model_dump(exclude_unset=True)
    return {
        f"/{name}": value
        for name, value in sent.items()
        if type(value) is str and name not in CODES  # an enumeration is no wording
    }


async def word(
    caller: Caller, schema: type[ReadSchema], body: CreateSchema, **more: object
) -> Response:
    """Make a record whose wording names nobody; `more` are columns that are not sent."""
    await refuse_names_in(caller, texts_of(body))
    return await create(caller, schema, body.model_dump() | more)


async def reword(
    caller: Caller,
    schema: type[ReadSchema],
    id: UUID,
    body: UpdateSchema,
    states: Collection[str] = (),
) -> Response:
    """Change a record whose wording names nobody, while it stands in one of `states`, if given.

    Raises `RecordFixed`.
    """
    await refuse_names_in(caller, texts_of(body))
    if not states:
        return await change(caller, schema, id, body)
    async with changing(caller, schema, id, body) as changed:
        if changed.before["status"] not in states:
            raise RecordFixed
        await update(changed.db, schema.table, id, patch(body))
    return changed.response


async def step(
    caller: Caller,
    schema: type[ReadSchema],
    lifecycle: Lifecycle,
    id: UUID,
    to: str,
    body: TransitionCreate,
    effects: dict[str, Effect] | None = None,
) -> Response:
    """Move a record for a reason that names nobody, by a decision where the move needs one."""
    await refuse_names_in(caller, texts_of(body))
    decision_id = body.decision_id if isinstance(body, DecidedTransitionCreate) else None
    return await move(
        caller, schema, lifecycle, id, to, body.reason, effects, decision_id=decision_id
    )
