"""Submitting a response: a whole return pushed in one call, or a senior's sign-off.

Both end in the same place: what stands is checked for completeness and kept as it was.
"""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.access.caller import ActorSession
from app.errors import Conflict, Forbidden, Invalid, ProblemError
from app.models.access import PrincipalKind
from app.models.audits import SIGN_OFF, ResponseStatus
from app.schemas.audit_responses import AuditResponseTransitionCreate
from app.schemas.submissions import SubmissionCreate
from app.services.answers import GIVEN, MEMBERS, contributors, leave_line, put_answers
from app.services.forms import AuditForm, refusal
from app.services.responses import SUBMITTABLE, Draft, lock, lock_own

NOT_EXPIRED = "(e.expires_on IS NULL OR e.expires_on >= $3)"
MISSING = f"""
SELECT q.code, missing.code AS rule FROM unnest($2::uuid[]) AS asked (id)
JOIN questions q ON q.id = asked.id JOIN standards s ON s.id = q.standard_id
LEFT JOIN answers a ON a.response_id = $1 AND a.question_id = q.id
CROSS JOIN LATERAL (VALUES
    ('carried_forward', a.is_carried_forward),
    ('unanswered', q.is_mandatory AND NOT a.is_carried_forward IS TRUE AND {GIVEN} IS NOT TRUE),
    ('evidence_missing', q.evidence = 'required' AND NOT a.is_not_applicable AND {GIVEN}
        AND a.narrative IS NULL AND NOT EXISTS (SELECT FROM evidence e
            WHERE e.response_id = $1 AND e.question_id = q.id AND {NOT_EXPIRED})),
    ('improvement_incomplete', EXISTS (SELECT FROM jsonb_array_elements(a.improvements) AS i
        WHERE i ->> 'lead' IS NULL OR i ->> 'due_on' IS NULL))
) AS missing (code, applies) WHERE missing.applies ORDER BY s.position, q.position
"""
SNAPSHOT = f"""
SELECT coalesce(jsonb_agg(jsonb_build_object('question', q.code,
    {", ".join(f"'{name}', a.{name}" for name in MEMBERS)},
    'evidence', (SELECT coalesce(jsonb_agg(jsonb_build_object('file_name', e.file_name,
        'sha256', e.sha256) ORDER BY e.id), '[]') FROM evidence e
        WHERE e.response_id = $1 AND e.question_id = q.id)) ORDER BY s.position, q.position), '[]')
FROM answers a JOIN questions q ON q.id = a.question_id JOIN standards s ON s.id = q.standard_id
WHERE a.response_id = $1
"""
RECORD = f"""
WITH made AS (
    INSERT INTO submissions (response_id, audit_id, agency_id, revision, completed_by,
        signed_off_by, submitted_on, external_ref, content_sha256, submitted_by_id, answers)
    SELECT t.id, t.audit_id, t.agency_id, t.revision + 1, $2, $3, $4, $5, $6, $7, ({SNAPSHOT})
    FROM audit_responses t WHERE t.id = $1
    RETURNING *
), moved AS (
    UPDATE audit_responses t SET status = 'submitted', revision = made.revision,
        completed_by = $2, signed_off_by = $3, submitted_on = $4, external_ref = $5,
        submitted_by_id = $7, submitted_at = now(), is_late = $4 > $8, contributor_ids = $9,
        reason = NULL, unanswered = 0,
        answered = (SELECT count(*) FROM answers a WHERE a.response_id = $1 AND {GIVEN})
    FROM made WHERE t.id = made.response_id
    RETURNING t.id
)
SELECT made.id FROM made JOIN moved ON moved.id = made.response_id
"""
BY_EXTERNAL_REF = """
SELECT id, response_id, content_sha256 FROM submissions WHERE agency_id = $1 AND external_ref = $2
"""


class ResponseIncomplete(Conflict):
    """The response cannot be submitted: `errors` says what is missing, question by question."""

    code = "response_incomplete"


class SoleContributor(Conflict):
    """Nobody signs off what nobody else has worked on."""

    code = "sole_contributor"


class ExternalRefReused(Conflict):
    """The external reference belongs to another submission of the agency."""

    code = "external_ref_reused"


@dataclass(frozen=True, slots=True)
class SignOff:
    """Whose work a submission is, and the day it counts for."""

    completed_by: str
    signed_off_by: str
    submitted_on: date
    external_ref: str | None
    content_sha256: bytes

    def errors(self) -> list[ProblemError]:
        """Return what is wrong with the two people."""
        is_same = self.completed_by.strip().casefold() == self.signed_off_by.strip().casefold()
        return [refusal("/signed_off_by", "same_person")] if is_same else []


async def submit(db: ActorSession, audit_id: UUID, body: SubmissionCreate) -> UUID:
    """Submit the whole return of the actor's agency to an audit; return the submission.

    The same external reference with the same content is the same submission. Raises `NotFound`
    where the agency is not asked, `ResponseNotOpen`, `ExternalRefReused`, `SoleContributor`,
    `Invalid` for answers that do not fit and `ResponseIncomplete` for what is missing.
    """
    form = await AuditForm.load(db, audit_id)
    draft = await lock_own(db, audit_id)
    content = sha256(body.model_dump_json().encode()).digest()
    if body.external_ref is not None:
        earlier = await _earlier(db, draft, body.external_ref, content)
        if earlier is not None:
            return earlier
    draft.refuse_outside(SUBMITTABLE)
    day = body.submitted_on or draft.today
    signed = SignOff(body.completed_by, body.signed_off_by, day, body.external_ref, content)
    errors = form.errors(draft, body.answers) + signed.errors() + _day_errors(form, draft, day)
    if errors:
        raise Invalid(*errors)
    _refuse_alone(db, draft)
    await put_answers(db, form, draft, body.answers)
    return await _record(db, form, draft, signed)


async def sign_off(
    db: ActorSession, response_id: UUID, body: AuditResponseTransitionCreate
) -> UUID:
    """Submit a response as it stands, signed off by a senior; return the submission.

    Raises `Invalid` where it is not said who, and `ResponseIncomplete`.
    """
    draft = await lock(db, response_id)
    form = await AuditForm.load(db, draft.audit_id)
    completed_by = body.completed_by or draft.completed_by
    if completed_by is None or body.signed_off_by is None:
        member = "completed_by" if completed_by is None else "signed_off_by"
        raise Invalid(refusal(f"/{member}", "missing"))
    content = sha256(body.model_dump_json().encode()).digest()
    signed = SignOff(completed_by, body.signed_off_by, draft.today, None, content)
    if errors := signed.errors():
        raise Invalid(*errors)
    return await _record(db, form, draft, signed)


async def _earlier(
    db: ActorSession, draft: Draft, external_ref: str, content: bytes
) -> UUID | None:
    """Return the submission made under a reference before; null if the reference is free."""
    row = await db.fetchrow(BY_EXTERNAL_REF, draft.agency_id, external_ref)
    if row is None:
        return None
    if row["response_id"] != draft.id or row["content_sha256"] != content:
        raise ExternalRefReused
    earlier: UUID = row["id"]
    return earlier


def _day_errors(form: AuditForm, draft: Draft, day: date) -> list[ProblemError]:
    """Return what is wrong with the day of a submission."""
    if day == draft.today:
        return []
    if not form.is_retrospective:
        return [refusal("/submitted_on", "not_retrospective")]
    if day > draft.today:
        return [refusal("/submitted_on", "too_late")]
    return [refusal("/submitted_on", "too_early")] if day < form.opens_on else []


def _refuse_alone(db: ActorSession, draft: Draft) -> None:
    """Refuse a person who would sign off alone. A system says in its push who did both."""
    if db.actor.kind != PrincipalKind.person:
        return
    if not db.actor.can(SIGN_OFF):
        raise Forbidden
    if set(draft.contributor_ids) <= {db.actor.id}:
        raise SoleContributor


async def _record(db: ActorSession, form: AuditForm, draft: Draft, signed: SignOff) -> UUID:
    """Keep a response as it stands as its next submission. Raises `ResponseIncomplete`."""
    asked = [question.id for question in form.put_to(draft)]
    missing = await db.fetch(MISSING, draft.id, asked, draft.today)
    if missing:
        raise ResponseIncomplete(*(refusal(f"/answers/{m['code']}", m["rule"]) for m in missing))
    values: list[Any] = [signed.completed_by, signed.signed_off_by, signed.submitted_on]
    values += [signed.external_ref, signed.content_sha256, db.actor.id, form.due_on]
    row = await db.fetchrow(RECORD, draft.id, *values, contributors(db, draft))
    if row is None:
        raise Forbidden
    if draft.status != ResponseStatus.submitted:
        await leave_line(db, draft, ResponseStatus.submitted)
    made: UUID = row["id"]
    return made
