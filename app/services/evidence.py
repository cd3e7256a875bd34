"""Evidence: files behind answers (Framework section 15). Records here, bytes in the store."""

import json
from asyncio import to_thread
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Request, Response

from app.access.caller import ENTER, ActorSession, Caller
from app.errors import Forbidden, Invalid, NotFound
from app.models.audits import MAY_WRITE, Evidence
from app.schemas.evidence import EvidenceForm, EvidenceRead
from app.services.answers import settle
from app.services.file_store import FileStore
from app.services.file_types import media_type_of, safe_name
from app.services.forms import AuditForm, refusal
from app.services.records import check_tag, creating, insert, render
from app.services.responses import WRITABLE, ResponseNotOpen, lock
from app.services.uploads import receive, scan

FORGOTTEN = timedelta(days=1)
"""How long a file may lie without a record: far longer than any upload takes."""
SANDBOX = {"Content-Security-Policy": "sandbox; default-src 'none'"}
"""Of a file that is sent back: it never runs in a browser."""

OPEN = f"""
{ENTER} SELECT caller.id AS actor_id, r.* FROM caller LEFT JOIN LATERAL (
    SELECT t.status, t.agency_id IS NOT DISTINCT FROM caller.agency_id AS is_own,
        ({MAY_WRITE}) AS is_open
    FROM audit_responses t WHERE t.id = $3 AND caller.id IS NOT NULL) r ON true
"""
STORED = f"""
{ENTER} SELECT caller.id AS actor_id, r.* FROM caller LEFT JOIN LATERAL (
    SELECT t.file_name, t.media_type, t.storage_key FROM evidence t
    WHERE t.id = $3 AND caller.id IS NOT NULL) r ON true
"""


async def add_evidence(caller: Caller, response_id: UUID) -> Response:
    """Take in a file behind an answer and answer 201 with its record."""
    request = _request(caller)
    await _refuse_early(caller, response_id)
    settings = request.app.state.settings
    upload = await receive(request, EvidenceForm, settings.evidence_limit_bytes)
    name = safe_name(upload.file_name)
    values: dict[str, Any] = {
        "file_name": name,
        "media_type": await to_thread(media_type_of, upload.content, name),
        "size_bytes": len(upload.content),
        "sha256": await to_thread(_digest, upload.content),
        **upload.form.model_dump(),
    }
    scan_result = await scan(settings.scan_command, upload.content)
    store = FileStore.of(request.app.state)
    key = await to_thread(store.write, upload.content)
    async with creating(caller, EvidenceRead, [str(response_id), values]) as creation:
        if is_new := creation.is_new:
            stored = {"storage_key": key, "scan_result": scan_result}
            creation.id = await _record(creation.db, response_id, values | stored)
    if not is_new:
        await to_thread(store.remove, key)
    creation.response.headers["Location"] = f"/v1/evidence/{creation.id}"
    return creation.response


def _request(caller: Caller) -> Request:
    if caller.request is None:
        message = "Files come with requests."
        raise RuntimeError(message)
    return caller.request


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


async def _refuse_early(caller: Caller, response_id: UUID) -> None:
    """Refuse who may not send a file before one is read."""
    row = await caller.fetchrow(OPEN, response_id)
    if row is None or row["status"] is None:
        raise NotFound
    if not row["is_own"]:
        raise Forbidden
    if not row["is_open"] or row["status"] not in WRITABLE:
        raise ResponseNotOpen


async def _record(db: ActorSession, response_id: UUID, values: dict[str, Any]) -> UUID:
    """Write the record of a file; the response is being worked on from now."""
    draft = await lock(db, response_id)
    draft.refuse_outside(WRITABLE)
    form = await AuditForm.load(db, draft.audit_id)
    code = values.pop("question")
    question = form.questions.get(code)
    if code is not None and question is None:
        raise Invalid(refusal("/question", "unknown_question"))
    await settle(db, form, draft)
    of_response = {
        "response_id": draft.id,
        "agency_id": draft.agency_id,
        "question_id": question.id if question else None,
        "uploaded_by_id": db.actor.id,
    }
    return await insert(db, Evidence, of_response | values)


async def send_content(caller: Caller, evidence_id: UUID) -> Response:
    """Answer with the file itself, to be saved and not shown."""
    row = await caller.fetchrow(STORED, evidence_id)
    if row is None or row["storage_key"] is None:
        raise NotFound
    store = FileStore.of(_request(caller).app.state)
    content = await to_thread(store.read, row["storage_key"])
    name = row["file_name"]
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    headers = SANDBOX | {"Content-Disposition": disposition}
    return Response(content, 200, headers, row["media_type"])


async def remove_evidence(caller: Caller, evidence_id: UUID) -> Response:
    """Delete a file and its record under `If-Match`, while the response may be written."""
    async with caller.transaction() as db:
        body = await render(db, EvidenceRead, evidence_id)
        check_tag(caller.header("if-match"), body)
        draft = await lock(db, UUID(json.loads(body)["response_id"]))
        draft.refuse_outside(WRITABLE)
        gone = await db.fetchrow(
            "DELETE FROM evidence WHERE id = $1 RETURNING storage_key", evidence_id
        )
        if gone is None:
            raise Forbidden
    store = FileStore.of(_request(caller).app.state)
    await to_thread(store.remove, gone["storage_key"])
    return Response(status_code=204)


async def sweep_orphans(db: ActorSession, store: FileStore, age: timedelta = FORGOTTEN) -> int:
    """Delete files that no record names, left by uploads that broke off; return how many.

    For the worker: the database says which files are kept, and tells nobody else.
    """
    found = await to_thread(store.older_than, age)
    row = await db.fetchrow("SELECT actor.kept_files($1) AS kept", found)
    orphans = set(found) - set(row["kept"] if row else found)
    for key in orphans:
        await to_thread(store.remove, key)
    return len(orphans)
