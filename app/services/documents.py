"""Documents: drafted in versions, published once, reviewed in time (Framework section 1)."""

from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Conflict, Invalid
from app.models.documents import (
    DOCUMENT_VERSION_LIFECYCLE,
    DocumentAcknowledgement,
    DocumentVersion,
)
from app.schemas.documents import (
    DocumentAcknowledgementRead,
    DocumentRead,
    DocumentVersionCreate,
    DocumentVersionRead,
    DocumentVersionTransitionCreate,
    DocumentVersionUpdate,
)
from app.services.nameless import refuse_names_in
from app.services.obligations import owe
from app.services.records import changing, creating, insert, patch, show, update
from app.services.transitions import move

LOCK = "SELECT id FROM documents WHERE id = $1 FOR UPDATE"
NEXT = """
SELECT coalesce(max(number), 0) + 1 AS number FROM document_versions WHERE document_id = $1
"""
OWNED = """
SELECT d.title, v.review_due_on, b.code
FROM document_versions v JOIN documents d ON d.id = v.document_id JOIN bodies b ON b.id = d.body_id
WHERE v.id = $1
"""
WITHIN = "t.document_id = $4"


class VersionPublished(Conflict):
    """A version that was published does not change: draft the next one."""

    code = "version_published"


async def draft_version(caller: Caller, document_id: UUID, body: DocumentVersionCreate) -> Response:
    """Draft the next version. Raises `Invalid` unless it has either a text or an address."""
    if (body.url is None) == (body.text is None):
        raise Invalid.at("/text")
    await show(caller, DocumentRead, document_id)
    await _refuse_names(caller, body)
    async with creating(caller, DocumentVersionRead, [str(document_id), body]) as creation:
        if creation.is_new:
            # A statement of its own: the next one sees what others have numbered until then.
            await creation.db.fetchrow(LOCK, document_id)
            row = await creation.db.fetchrow(NEXT, document_id)
            assert row is not None  # noqa: S101 - an aggregate always answers
            numbered = {"document_id": document_id, "number": row["number"]}
            values = numbered | body.model_dump()
            creation.id = await insert(creation.db, DocumentVersion, values)
    return creation.response


async def change_version(
    caller: Caller, document_id: UUID, version_id: UUID, body: DocumentVersionUpdate
) -> Response:
    """Change a draft. Raises `VersionPublished`, `Invalid`."""
    await show(caller, DocumentVersionRead, version_id, WITHIN, document_id)
    await _refuse_names(caller, body)
    async with changing(caller, DocumentVersionRead, version_id, body) as changed:
        if changed.before["status"] != "draft":
            raise VersionPublished
        whole = changed.before | patch(body)
        if (whole["url"] is None) == (whole["text"] is None):
            raise Invalid.at("/text")
        await update(changed.db, DocumentVersion, version_id, patch(body))
    return changed.response


async def move_version(
    caller: Caller, document_id: UUID, version_id: UUID, body: DocumentVersionTransitionCreate
) -> Response:
    """Publish a version; its owner owes a review when the interval is over."""
    await show(caller, DocumentVersionRead, version_id, WITHIN, document_id)
    return await move(
        caller,
        DocumentVersionRead,
        DOCUMENT_VERSION_LIFECYCLE,
        version_id,
        body.to,
        body.reason,
        {"published": _plan_review},
    )


async def acknowledge(caller: Caller, document_id: UUID, version_id: UUID) -> Response:
    """Record that the caller has read a version."""
    await show(caller, DocumentVersionRead, version_id, WITHIN, document_id)
    async with creating(caller, DocumentAcknowledgementRead, str(version_id)) as creation:
        if creation.is_new:
            mine = {"document_version_id": version_id, "user_id": creation.db.actor.id}
            creation.id = await insert(creation.db, DocumentAcknowledgement, mine)
    return creation.response


async def _refuse_names(
    caller: Caller, body: DocumentVersionCreate | DocumentVersionUpdate
) -> None:
    sent = body.model_dump(exclude_unset=True)
    texts = {f"/{name}": sent[name] for name in ("text", "change_note") if sent.get(name)}
    await refuse_names_in(caller, texts)


async def _plan_review(db: ActorSession, before: dict[str, Any]) -> None:
    version_id = UUID(before["id"])
    owned = await db.fetchrow(OWNED, version_id)
    if owned is None or owned["review_due_on"] is None:
        return
    await owe(
        db,
        kind="document_review",
        title=f"Review of {owned['title']}"[:200],
        due_on=owned["review_due_on"],
        subject="document_versions",
        record_id=version_id,
        body=owned["code"],
    )
