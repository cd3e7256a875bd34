"""Sharing good practice: only what was accepted, and only by leave of its agency."""

import json
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Conflict, Forbidden, Invalid, UnknownReference
from app.models.audits import GoodPractice, ResponseStatus
from app.schemas.good_practice import GoodPracticeCreate, GoodPracticeRead
from app.services.forms import refusal
from app.services.records import check_tag, insert, render

ACCEPTED = frozenset(
    {
        ResponseStatus.accepted,
        ResponseStatus.moderated,
        ResponseStatus.challenged,
        ResponseStatus.final,
        ResponseStatus.locked,
    }
)
FIND = """
SELECT a.agency_id, a.audit_id, q.code, a.narrative, r.status,
    a.is_good_practice AND a.may_be_shared AS may_be_shared
FROM answers a JOIN audit_responses r ON r.id = a.response_id JOIN questions q
    ON q.id = a.question_id WHERE a.id = $1
"""
TAKE_BACK = "UPDATE answers SET may_be_shared = false WHERE id = $1 RETURNING id"
"""Taking back its leave, an agency takes back what was shared: the database sees to that."""
REMOVE = "DELETE FROM good_practice WHERE answer_id = $1 RETURNING id"


class NotToBeShared(Conflict):
    """Only an accepted answer that its agency calls good practice, with leave to share it."""

    code = "not_to_be_shared"


async def share(db: ActorSession, body: GoodPracticeCreate) -> UUID:
    """Share an answer as good practice.

    The database refuses whoever does not moderate this agency. Raises `UnknownReference`,
    `NotToBeShared`, and `Invalid` where there is no text to share.
    """
    found = await db.fetchrow(FIND, body.answer_id)
    if found is None:
        raise UnknownReference.at("/answer_id")
    if not found["may_be_shared"] or found["status"] not in ACCEPTED:
        raise NotToBeShared
    text = body.text or found["narrative"]
    if text is None:
        raise Invalid(refusal("/text", "missing"))
    values = {
        "answer_id": body.answer_id,
        "agency_id": found["agency_id"],
        "audit_id": found["audit_id"],
        "question_code": found["code"],
        "title": body.title,
        "text": text,
    }
    return await insert(db, GoodPractice, values)


async def withdraw(caller: Caller, id: UUID) -> Response:
    """Withdraw good practice under `If-Match`; by its own agency, for good."""
    async with caller.transaction() as db:
        body = await render(db, GoodPracticeRead, id)
        check_tag(caller.header("if-match"), body)
        shared = json.loads(body)
        is_own = shared["agency_id"] == str(db.actor.agency_id)
        if await db.fetchrow(TAKE_BACK if is_own else REMOVE, UUID(shared["answer_id"])) is None:
            raise Forbidden
    return Response(status_code=204)
