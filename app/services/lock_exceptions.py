"""Lock exceptions: asked for by one, approved by another, ended by either."""

import json
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.access.scopes import Capability
from app.errors import Conflict, Forbidden, UnknownReference
from app.models.audits import LockException
from app.schemas.lock_exceptions import LockExceptionCreate, LockExceptionRead
from app.services.records import answer, insert, render

FIND = "SELECT id, agency_id FROM audit_responses WHERE id = $1"
LOCK = "SELECT id FROM lock_exceptions WHERE id = $1 FOR UPDATE"
APPROVE = (
    "UPDATE lock_exceptions SET approved_by_id = $2, approved_at = now() WHERE id = $1 RETURNING id"
)
REVOKE = "UPDATE lock_exceptions SET revoked_at = now() WHERE id = $1 RETURNING id"


class OwnRequest(Conflict):
    """Nobody approves an own request."""

    code = "own_request"


class AlreadyApproved(Conflict):
    """The lock exception is approved."""

    code = "already_approved"


class AlreadyRevoked(Conflict):
    """The lock exception is revoked."""

    code = "already_revoked"


async def request(db: ActorSession, body: LockExceptionCreate) -> UUID:
    """Ask for a lock exception. Raises `UnknownReference`."""
    response = await db.fetchrow(FIND, body.response_id)
    if response is None:
        raise UnknownReference.at("/response_id")
    values = body.model_dump() | {
        "agency_id": response["agency_id"],
        "requested_by_id": db.actor.id,
    }
    return await insert(db, LockException, values)


async def approve(caller: Caller, id: UUID) -> Response:
    """Approve what somebody else asked for.

    Raises `Forbidden` without the capability, `OwnRequest`, `AlreadyApproved`, `AlreadyRevoked`.
    """
    async with caller.transaction() as db:
        before = await _lock(db, id)
        if not db.actor.can(Capability.approve_lock_exceptions):
            raise Forbidden
        if before["requested_by_id"] == str(db.actor.id):
            raise OwnRequest
        if before["approved_at"] is not None:
            raise AlreadyApproved
        return await _write(db, APPROVE, id, db.actor.id)


async def revoke(caller: Caller, id: UUID) -> Response:
    """End a lock exception. Raises `AlreadyRevoked`."""
    async with caller.transaction() as db:
        await _lock(db, id)
        return await _write(db, REVOKE, id)


async def _lock(db: ActorSession, id: UUID) -> dict[str, str | None]:
    """Lock a lock exception and return it as the actor sees it. Raises `AlreadyRevoked`."""
    locked = await db.fetchrow(LOCK, id)
    before: dict[str, str | None] = json.loads(await render(db, LockExceptionRead, id))
    if locked is None:
        raise Forbidden
    if before["revoked_at"] is not None:
        raise AlreadyRevoked
    return before


async def _write(db: ActorSession, sql: str, *args: object) -> Response:
    row = await db.fetchrow(sql, *args)
    if row is None:
        raise Forbidden
    return answer(await render(db, LockExceptionRead, row["id"]))
