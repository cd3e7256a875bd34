"""Subject access: prepared by one, reviewed by another, released, and fetched once.

Nothing of its content is stored: it is put together when it is fetched, from what was decided on
and has not changed since. Framework section 7.
"""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.access.scopes import Capability
from app.errors import Forbidden, UnknownReference
from app.models.retention import SubjectExport
from app.schemas.identities import Identity
from app.schemas.subject_exports import (
    ExportedAccess,
    ExportedPassage,
    ExportedPerson,
    ExportedRetention,
    SubjectExportCreate,
    SubjectExportDocument,
    SubjectExportPassageRead,
    SubjectExportRead,
)
from app.services.answering import JSON, etag
from app.services.casework import refuse_names, vault_of
from app.services.grants import UNDERTOOK, NoUndertaking, refuse_unknown_gateway
from app.services.mentions import mentions_of, passages_at
from app.services.reading import read
from app.services.records import creating, insert

KNOWN = "SELECT count(*) AS n FROM persons WHERE id = ANY ($1) AND NOT is_erased"
OPEN = "SELECT actor.open_subject_export($1) AS people"
ADD = """
INSERT INTO subject_export_passages (subject_export_id, case_id, subject, record_id, member,
    digest, mentions_others)
SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::bytea[],
    $7::boolean[])
"""
MEMBERS = "case_id subject record_id member digest mentions_others".split()
PEOPLE = """
SELECT p.id AS person_id, c.reference AS case_reference, p.label, p.kind,
    p.created_at AS recorded_at
FROM persons p JOIN cases c ON c.id = p.case_id WHERE p.id = ANY ($1) ORDER BY c.id, p.number
"""
DECIDED = """
SELECT subject, record_id, member, decision, digest FROM subject_export_passages
WHERE subject_export_id = $1 ORDER BY id
"""
ACCESSES = "SELECT * FROM actor.accesses_of($1)"
RETENTION = """
SELECT DISTINCT c.reference AS case_reference, r.record_class, r.dispose_on
FROM persons p JOIN cases c ON c.id = p.case_id JOIN case_retentions r ON r.case_id = c.id
WHERE p.id = ANY ($1) ORDER BY 1
"""
NOTES = [
    "Texts name nobody: you and everybody else stand in them by a label in brackets. Yours is given"
    " with each case.",
    "Texts that are mainly about others may have been withheld; their number is given.",
    "Agencies hold records of their own: ask them for those.",
    "You may have what is wrong put right, and object to what is done with it.",
]


async def prepare(caller: Caller, body: SubjectExportCreate) -> Response:
    """Record a request, with every passage that somebody else has to decide on.

    Raises `NoUndertaking`, `Forbidden`, `UnknownReference`, `UnresolvedIdentifiers`.
    """
    refuse_unknown_gateway(body.gateway)
    await refuse_names(caller, None, "/purpose", body.purpose)
    async with creating(caller, SubjectExportRead, body) as creation:
        if creation.is_new:
            creation.id = await _prepare(creation.db, caller, body)
    return creation.response


async def _prepare(db: ActorSession, caller: Caller, body: SubjectExportCreate) -> UUID:
    undertook = await db.fetchrow(UNDERTOOK)
    if undertook is None or not undertook["done"]:
        raise NoUndertaking
    if db.actor.kind != "person":
        raise Forbidden
    people = sorted(set(body.person_ids))
    known = await db.fetchrow(KNOWN, people)
    if known is None or known["n"] != len(people):
        raise UnknownReference
    values = body.model_dump() | {"person_ids": people, "requested_by_id": db.actor.id}
    export_id = await insert(db, SubjectExport, values)
    async with _as_vault(caller).transaction() as all_of_it:
        found = await mentions_of(all_of_it, people)
    await db.fetchrow(ADD, export_id, *([row[name] for row in found] for name in MEMBERS))
    return export_id


def _as_vault(caller: Caller) -> Caller:
    """Read narratives as the vault's service, which goes through all of them.

    An answer to a subject is whole whatever records its clerk may see; only passages of an export
    that the clerk sees are read so, and people stand in them by label.
    """
    token = vault_of(caller).token_hash
    return Caller(caller.database, token, Capability.open_vault, caller.key)


async def with_texts(caller: Caller, response: Response) -> Response:
    """Fill the texts of passages into an answer: one record, or a page of them."""
    if response.status_code != 200:  # noqa: PLR2004 - 304 has no body
        return response
    body = json.loads(bytes(response.body))
    items: list[dict[str, Any]] = body.get("items", [body])
    async with _as_vault(caller).transaction() as db:
        found = await passages_at(
            db, [(each["subject"], UUID(each["record_id"])) for each in items]
        )
    for each in items:
        passage = found.get((UUID(each["record_id"]), each["member"]))
        is_shown = (
            passage is not None
            and {"pointer": "/text", "reason": "restricted"} not in (each["redactions"])
        )
        each["text"] = passage.text if passage is not None and is_shown else None
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        name: response.headers[name] for name in ("etag", "link") if name in response.headers
    }
    return Response(content, 200, headers, JSON)


async def show_passage(caller: Caller, export_id: UUID, passage_id: UUID) -> Response:
    """Answer with one passage and its text."""
    within = "t.subject_export_id = $4"
    body = await read(caller, SubjectExportPassageRead, passage_id, within, export_id)
    return await with_texts(caller, Response(body, 200, {"ETag": etag(body)}, JSON))


async def show_document(caller: Caller, export_id: UUID) -> Response:
    """Open a released export, once: the log first, and only then the vault.

    Raises `NotFound`, `ExportNotOpen`, `StepUpRequired`, `UndertakingRequired`.
    """
    await read(caller, SubjectExportRead, export_id)
    async with caller.transaction() as db:
        row = await db.fetchrow(OPEN, export_id)
    assert row is not None  # noqa: S101 - the function returns or raises
    identities = await vault_of(caller).disclosed(caller, row["people"])
    async with caller.transaction() as db:
        document = await _document(db, caller, export_id, row["people"], identities)
    body = document.model_dump_json().encode()
    return Response(body, 200, {"Cache-Control": "no-store"}, JSON)


async def _document(
    db: ActorSession,
    caller: Caller,
    export_id: UUID,
    people: list[UUID],
    identities: dict[UUID, Identity],
) -> SubjectExportDocument:
    decided = await db.fetch(DECIDED, export_id)
    released = [row for row in decided if row["decision"] == "release"]
    passages = await _unchanged(caller, released)
    return SubjectExportDocument(
        subject_export_id=export_id,
        generated_at=datetime.now(UTC),
        person=[
            ExportedPerson(**dict(row), identity=identities.get(row["person_id"]))
            for row in await db.fetch(PEOPLE, people)
        ],
        passages=passages,
        withheld=len(decided) - len(released),
        changed_since=len(released) - len(passages),
        accesses=[ExportedAccess(**dict(row)) for row in await db.fetch(ACCESSES, export_id)],
        retention=[ExportedRetention(**dict(row)) for row in await db.fetch(RETENTION, people)],
        notes=NOTES,
    )


async def _unchanged(caller: Caller, released: list[asyncpg.Record]) -> list[ExportedPassage]:
    """Return the passages that are as they were when somebody decided to release them."""
    async with _as_vault(caller).transaction() as db:
        found = await passages_at(db, [(row["subject"], row["record_id"]) for row in released])
    passages = []
    for row in released:
        passage = found.get((row["record_id"], row["member"]))
        if passage is not None and passage.digest == row["digest"]:
            place = {name: row[name] for name in ("subject", "record_id", "member")}
            passages.append(ExportedPassage(**place, text=passage.text))
    return passages
