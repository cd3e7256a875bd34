"""What findings, themes and recommendations have in common: sources, links and release."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Conflict, Invalid, NotFound, UnknownReference
from app.models.base import Record
from app.models.findings import SourceKind
from app.reference.source_kinds import SOURCE_TABLES
from app.schemas.base import ReadSchema
from app.schemas.findings import FindingRead
from app.schemas.sources import ReleaseCreate
from app.services.nameless import refuse_names_in
from app.services.records import changing, creating, insert, update
from app.services.transitions import record_move, require_decision
from app.services.wording import texts_of

FINDING = "SELECT id::text, status, agency_id::text FROM findings WHERE id = $1"
TOLD = frozenset({"confirmed", "resolved", "shared", "linked", "closed"})
TO_LINK = frozenset({"confirmed", "resolved", "shared"})
REVIEW = "SELECT status FROM case_reviews WHERE id = $1"
CONCLUDED = frozenset(
    {"published", "withheld", "learning_implementation", "impact", "closed", "retention"}
)
"""States of a case review whose learning may be told for a reason; before, by a decision."""


class FindingNotConfirmed(Conflict):
    """Only what is confirmed or shared is linked."""

    code = "finding_not_confirmed"


class ReviewIsLive(Conflict):
    """The review is neither published nor withheld: a body decides whether its learning is told."""

    code = "review_is_live"


class NothingToRelease(Conflict):
    """It was not learned from a case, or is released already."""

    code = "nothing_to_release"


async def refuse_unknown_source(db: ActorSession, kind: SourceKind, source_id: UUID | None) -> None:
    """Hold that a source is a record that the writer sees. Raises `UnknownReference`, `Invalid`.

    A case review is always named, so that what it teaches is bound to its case.
    """
    if source_id is None:
        if kind == SourceKind.case_review:
            raise Invalid.at("/source_id")
        return
    table = SOURCE_TABLES.get(kind)
    if (
        table is None
        or await db.fetchrow(f"SELECT id FROM {table} WHERE id = $1", source_id) is None
    ):
        raise UnknownReference.at("/source_id")


async def link(
    db: ActorSession,
    table: type[Record],
    parent: Mapping[str, UUID],
    finding_id: UUID,
    pointer: str,
) -> UUID:
    """Link a finding that is confirmed, and move it on. Raises `FindingNotConfirmed`."""
    finding = await db.fetchrow(FINDING, finding_id)
    if finding is None:
        raise UnknownReference.at(pointer)
    if finding["status"] not in TOLD:
        raise FindingNotConfirmed.at(pointer)
    linked = {**parent, "finding_id": finding_id, "added_by_id": db.actor.id}
    made = await insert(db, table, linked)
    if finding["status"] in TO_LINK:
        await record_move(db, FindingRead, dict(finding), "linked")
    return made


async def link_within(
    caller: Caller, schema: type[ReadSchema], parent: type[Record], key: str, id: UUID, body: Any
) -> Response:
    """Link a finding to a record that the caller sees; answer 201 with the link."""
    async with creating(caller, schema, [str(id), body]) as creation:
        if creation.is_new:
            seen = f"SELECT id FROM {parent.__tablename__} WHERE id = $1"
            if await creation.db.fetchrow(seen, id) is None:
                raise NotFound
            table: Any = schema.table
            creation.id = await link(creation.db, table, {key: id}, body.finding_id, "/finding_id")
    return creation.response


async def release(
    caller: Caller, schema: type[ReadSchema], id: UUID, body: ReleaseCreate
) -> Response:
    """Tell all partners what was learned from a case, for good.

    For a reason once the review is published or withheld, before by a decision of the Board or its
    sub group. Raises `ReviewIsLive`, `NothingToRelease`, `DecisionNeeded`.
    """
    if body.reason is None and body.decision_id is None:
        raise Invalid.at("/reason")
    await refuse_names_in(caller, texts_of(body))
    async with changing(caller, schema, id) as changed:
        before = changed.before
        if before["is_released"] or before["source_case_id"] is None:
            raise NothingToRelease
        if body.decision_id is not None:
            await require_decision(changed.db, body.decision_id, ("board", "sub_group"), id)
        else:
            review = await changed.db.fetchrow(REVIEW, UUID(before["source_id"]))
            if review is None or review["status"] not in CONCLUDED:
                raise ReviewIsLive
        told = {
            "is_released": True,
            "release_reason": body.reason,
            "release_decision_id": body.decision_id,
        }
        await update(changed.db, schema.table, id, told)
    return changed.response
