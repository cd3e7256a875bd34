"""Audits: planned on a published instrument, and what each of their moves entails.

Framework section 15. What touches all responses of an audit is one statement, or a few.
"""

from typing import Any
from uuid import UUID

from app.access.caller import ActorSession
from app.errors import Conflict, UnknownReference
from app.models.audits import RESPONSE_LIFECYCLE, Audit, AuditStatus, ResponseStatus
from app.services.instruments import APPLIES
from app.services.records import insert, update
from app.services.transitions import Effect

PLANNED = frozenset({AuditStatus.draft, AuditStatus.approved})
"""Nobody has been asked yet."""
RUNNING = frozenset({AuditStatus.open, AuditStatus.grace})
"""Agencies answer; those that join the roster are asked at once."""

REFERENCES = """
SELECT (SELECT i.kind FROM instruments i WHERE i.id = $1) AS kind,
    (SELECT i.status FROM instruments i WHERE i.id = $1) AS status,
    (SELECT a.kind FROM audits a WHERE a.id = $2) AS previous_kind
"""
ASK = """
INSERT INTO audit_responses (audit_id, agency_id, duty_basis, previous_response_id)
SELECT e.audit_id, e.agency_id, e.duty_basis, p.id
FROM roster_entries e JOIN audits a ON a.id = e.audit_id
LEFT JOIN audit_responses p ON p.audit_id = a.previous_audit_id AND p.agency_id = e.agency_id
WHERE e.audit_id = $1
ON CONFLICT ON CONSTRAINT audit_responses_audit_agency_key DO NOTHING
RETURNING id
"""
CARRY_FORWARD = f"""
INSERT INTO answers (response_id, audit_id, agency_id, question_id, previous_grade,
    previous_narrative, is_carried_forward)
SELECT r.id, r.audit_id, r.agency_id, q.id,
    CASE WHEN old_scale.code = scale.code AND old_scale.version = scale.version
        OR old_scale.code = ANY (scale.comparable_with)
        OR scale.code = ANY (old_scale.comparable_with) THEN coalesce(o.moderated_grade, o.grade)
    END, o.narrative, true
FROM audit_responses r
JOIN agencies g ON g.id = r.agency_id
JOIN audits a ON a.id = r.audit_id
JOIN instruments i ON i.id = a.instrument_id
JOIN grade_scales scale ON scale.id = i.grade_scale_id
JOIN questions q ON q.instrument_id = i.id
JOIN audit_responses p ON p.id = r.previous_response_id AND p.revision > 0
JOIN answers o ON o.response_id = p.id AND NOT o.is_carried_forward
JOIN questions before ON before.id = o.question_id AND before.code = q.code
JOIN instruments old ON old.id = before.instrument_id
JOIN grade_scales old_scale ON old_scale.id = old.grade_scale_id
WHERE r.id = ANY ($1) AND {APPLIES}
    AND (o.grade IS NOT NULL OR o.moderated_grade IS NOT NULL OR o.narrative IS NOT NULL)
"""
MOVE_RESPONSES = """
WITH moved AS (
    UPDATE audit_responses SET status = $2, reason = coalesce($4, reason)
    WHERE audit_id = $1 AND status = ANY ($3) AND (revision = 0 OR $2 <> 'non_return')
    RETURNING id, agency_id, old.status AS was
)
INSERT INTO transitions (subject, record_id, agency_id, from_state, to_state, reason, actor_id)
SELECT 'audit_responses', id, agency_id, was, $2, $4, (SELECT actor.id()) FROM moved
"""


CARRIED_AT_ONCE = 2000
"""Responses that one statement fills, so that none runs into the time limit of statements."""


class InstrumentNotPublished(Conflict):
    """Only a published instrument is asked: a draft may change, a retired one is out of use."""

    code = "instrument_not_published"


class AnotherKind(Conflict):
    """Answers are carried forward from an audit of the same kind only."""

    code = "another_kind"


class AuditFixed(Conflict):
    """The audit is closed, or has opened: what was sent no longer changes."""

    code = "audit_fixed"


async def plan_audit(db: ActorSession, values: dict[str, Any]) -> UUID:
    """Record a draft of the kind of its instrument.

    Raises `UnknownReference`, `InstrumentNotPublished` and `AnotherKind`.
    """
    found = await db.fetchrow(REFERENCES, values["instrument_id"], values["previous_audit_id"])
    assert found is not None  # noqa: S101 - a SELECT without FROM has one row
    if found["kind"] is None:
        raise UnknownReference.at("/instrument_id")
    if found["status"] != "published":
        raise InstrumentNotPublished.at("/instrument_id")
    if values["previous_audit_id"] is not None:
        if found["previous_kind"] is None:
            raise UnknownReference.at("/previous_audit_id")
        if found["previous_kind"] != found["kind"]:
            raise AnotherKind.at("/previous_audit_id")
    return await insert(db, Audit, values | {"kind": found["kind"]})


async def change_audit(db: ActorSession, before: dict[str, Any], values: dict[str, Any]) -> None:
    """Change an audit that is not closed; the day it opened stays. Raises `AuditFixed`."""
    if before["status"] not in PLANNED | RUNNING:
        raise AuditFixed
    if before["status"] in RUNNING and "opens_on" in values:
        raise AuditFixed.at("/opens_on")
    await update(db, Audit, UUID(before["id"]), values)


async def ask_agencies(db: ActorSession, audit_id: UUID) -> None:
    """Give each agency on the roster a response, and what it said in the audit before.

    Agencies that have a response keep it. Of the past comes what was submitted, to questions of
    the same code that are put to the agency; a grade only where the scales are comparable.
    """
    asked = [row["id"] for row in await db.fetch(ASK, audit_id)]
    for first in range(0, len(asked), CARRIED_AT_ONCE):
        await db.fetch(CARRY_FORWARD, asked[first : first + CARRIED_AT_ONCE])


def effects(reason: str | None = None) -> dict[str, Effect]:
    """Return what each move of an audit entails; `reason` is why an audit is cancelled."""

    async def opened(db: ActorSession, before: dict[str, Any]) -> None:
        await ask_agencies(db, UUID(before["id"]))

    async def closed(db: ActorSession, before: dict[str, Any]) -> None:
        await _move_responses(db, before, ResponseStatus.non_return)

    async def concluded(db: ActorSession, before: dict[str, Any]) -> None:
        await _move_responses(db, before, ResponseStatus.locked)

    async def cancelled(db: ActorSession, before: dict[str, Any]) -> None:
        await _move_responses(db, before, ResponseStatus.withdrawn, reason)

    return {
        AuditStatus.open: opened,
        AuditStatus.closed: closed,
        AuditStatus.concluded: concluded,
        AuditStatus.cancelled: cancelled,
    }


async def _move_responses(
    db: ActorSession, before: dict[str, Any], to: ResponseStatus, reason: str | None = None
) -> None:
    """Move every response of an audit that may get there, and leave a line about each."""
    sources = [move.source for move in RESPONSE_LIFECYCLE.moves if move.target == to]
    await db.fetch(MOVE_RESPONSES, UUID(before["id"]), to, sources, reason)
