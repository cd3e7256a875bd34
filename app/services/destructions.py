"""Destructions: proposed, approved by two others, and certified once nothing opens any more.

Framework section 7. What must not be is refused by PostgreSQL (migration 0014).
"""

import json
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ENTER, Caller
from app.errors import Conflict, NotFound
from app.models.retention import DestructionApproval
from app.schemas.destructions import (
    CertificateRead,
    DestructionApprovalCreate,
    DestructionApprovalRead,
    DestructionCreate,
    DestructionRead,
)
from app.services.answering import answer
from app.services.casework import narrate, vault_of
from app.services.queue import enqueue_destruction
from app.services.records import creating, insert
from app.services.retention import work_out

OF_DESTRUCTION = "SELECT case_id FROM destructions WHERE id = $1"
IS_APPROVED = "SELECT status = 'approved' AS is_approved FROM destructions WHERE id = $1"
CERTIFICATE = f"""
{ENTER} SELECT d.status, d.found FROM caller LEFT JOIN LATERAL (
    SELECT d.status, json_build_object(
        'destruction_id', d.id, 'case_id', d.case_id, 'case_reference', c.reference,
        'ground', d.ground, 'destroyed', json_build_object('identities', d.identities_count,
            'look_up_hashes', d.look_up_hashes_count, 'masked_texts', d.masked_texts_count,
            'revoked_grants', d.revoked_grants_count),
        'proposed_by_id', d.proposed_by_id, 'proposed_at', d.created_at,
        'approvals', (SELECT json_agg(json_build_object('capacity', a.capacity,
                'approved_by_id', a.approved_by_id, 'approved_at', a.created_at) ORDER BY a.id)
            FROM destruction_approvals a WHERE a.destruction_id = d.id),
        'keys_deleted_at', d.keys_deleted_at,
        'key', (SELECT json_build_object('version', v.number, 'fingerprint', v.fingerprint,
                'destroyed_at', v.destroyed_at, 'rewrapped_cases', v.rewrapped_count)
            FROM key_versions v WHERE v.number = d.key_version),
        'completed_at', d.completed_at, 'access_log_entry_id', d.completion_entry_id,
        'access_log_seq', d.completion_seq,
        'access_log_head', encode(d.completion_head, 'hex'))::text AS found
    FROM destructions d JOIN cases c ON c.id = d.case_id
    WHERE d.id = $3 AND caller.id IS NOT NULL) d ON true
"""
LIMITS = [
    "Copies of the destroyed key outside its keeper (recovery files, snapshots of machines, backups"
    " of the keeper of keys) must be destroyed under procedure; this certificate does not reach"
    " them.",
    "What agencies hold in systems of their own is theirs to destroy.",
    "Narratives, labels and learning stay; they name nobody by design, but a detail may still be"
    " recognised by somebody who knows the family.",
    "A file that held the key may leave old blocks on its disk until they are written over.",
]
TEXT = """\
CERTIFICATE OF DESTRUCTION

Case {case_reference} ({case_id}), destruction {destruction_id}.
Ground: {ground}. Proposed by {proposed_by_id} on {proposed_at}.
{approvals}
Key of the case and identities deleted: {keys_deleted_at}.
Destroyed: {identities} identities, {look_up_hashes} hashes for look-ups, {masked_texts} masked \
texts; {revoked_grants} disclosure grants ended.
Key-encryption key, version {version}, fingerprint {fingerprint}: destroyed {destroyed_at}, after \
the keys of {rewrapped_cases} surviving cases had been wrapped under a newer version.
Complete: {completed_at}. Access log: entry {access_log_seq}, after head {access_log_head}.

What this does not certify:
{limits}
"""


class NotComplete(Conflict):
    """The destruction is not complete: there is no certificate before the old key is destroyed."""

    code = "destruction_not_complete"


async def propose(caller: Caller, body: DestructionCreate) -> Response:
    """Propose to destroy who the people of a case are; its days are worked out first.

    Raises `LegalHoldInForce`, `DestructionNotDue`, `IdentitiesDestroyed`.
    """
    async with creating(caller, DestructionRead, body) as creation:
        if creation.is_new:
            db = creation.db
            said = await narrate(db, caller, DestructionRead, body.case_id, body.model_dump())
            await work_out(db, vault_of(caller), body.case_id)
            signed = {"proposed_by_id": db.actor.id}
            creation.id = await insert(db, DestructionRead.table, said | signed)
    return creation.response


async def approve(
    caller: Caller, destruction_id: UUID, body: DestructionApprovalCreate
) -> Response:
    """Approve in the own name; with the second approval the worker is told.

    Raises `NotFound`, `Forbidden` for who proposed it or may not approve in this capacity,
    `LegalHoldInForce`, `DestructionNotDue`, `Conflict`.
    """
    async with creating(caller, DestructionApprovalRead, [str(destruction_id), body]) as creation:
        if creation.is_new:
            db = creation.db
            found = await db.fetchrow(OF_DESTRUCTION, destruction_id)
            if found is None:
                raise NotFound
            values = {
                "destruction_id": destruction_id,
                "case_id": found["case_id"],
                "capacity": body.capacity,
                "approved_by_id": db.actor.id,
            }
            creation.id = await insert(db, DestructionApproval, values)
            after = await db.fetchrow(IS_APPROVED, destruction_id)
            if after is not None and after["is_approved"]:
                await enqueue_destruction(db, destruction_id)
    return creation.response


async def show_certificate(caller: Caller, destruction_id: UUID) -> Response:
    """Answer with the certificate. Raises `NotFound`, and `NotComplete` before the end."""
    row = await caller.fetchrow(CERTIFICATE, destruction_id)
    if row is None or row["status"] is None:
        raise NotFound
    if row["status"] != "complete":
        raise NotComplete
    found = json.loads(row["found"])
    whole = found | {"limits": LIMITS, "text": _text(found)}
    return answer(CertificateRead.model_validate(whole).model_dump_json().encode())


def _text(found: dict[str, Any]) -> str:
    """Write a certificate for people."""
    approvals = "\n".join(
        f"Approved ({each['capacity']}) by {each['approved_by_id']} on {each['approved_at']}."
        for each in found["approvals"]
    )
    flat = found | found["destroyed"] | found["key"]
    limits = "\n".join(f"- {each}" for each in LIMITS)
    return TEXT.format(**flat | {"approvals": approvals, "limits": limits})
