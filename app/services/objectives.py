"""Objectives: planned, shown by evidence, reported on; in words that name nobody (section 9)."""

from uuid import UUID

from fastapi import Response

from app.access.caller import Caller
from app.errors import Invalid
from app.models.plans import ObjectiveEvidence, ObjectiveProgress
from app.schemas.objectives import (
    ObjectiveEvidenceCreate,
    ObjectiveEvidenceRead,
    ObjectiveProgressCreate,
    ObjectiveProgressRead,
    ObjectiveRead,
)
from app.services.decisions import require_seen
from app.services.nameless import refuse_names_in
from app.services.records import creating, insert, show
from app.services.wording import texts_of


async def add_evidence(
    caller: Caller, objective_id: UUID, body: ObjectiveEvidenceCreate
) -> Response:
    """Add what shows an objective. Raises `Invalid` unless it is one record or one address."""
    if (body.subject is None) != (body.record_id is None):
        raise Invalid.at("/record_id")
    if (body.record_id is None) == (body.url is None):
        raise Invalid.at("/url")
    await show(caller, ObjectiveRead, objective_id)
    await refuse_names_in(caller, texts_of(body))
    async with creating(caller, ObjectiveEvidenceRead, [str(objective_id), body]) as creation:
        if creation.is_new:
            if body.subject is not None:
                await require_seen(creation.db, body.subject, body.record_id)
            values = {"objective_id": objective_id} | body.model_dump()
            creation.id = await insert(creation.db, ObjectiveEvidence, values)
    return creation.response


async def report_progress(
    caller: Caller, objective_id: UUID, body: ObjectiveProgressCreate
) -> Response:
    """Record how far an objective is."""
    await show(caller, ObjectiveRead, objective_id)
    await refuse_names_in(caller, texts_of(body))
    async with creating(caller, ObjectiveProgressRead, [str(objective_id), body]) as creation:
        if creation.is_new:
            reported = {"objective_id": objective_id, "reported_by_id": creation.db.actor.id}
            creation.id = await insert(creation.db, ObjectiveProgress, reported | body.model_dump())
    return creation.response
