"""Objectives: planned, shown by evidence, reported on; in words that name nobody (section 9)."""

from uuid import UUID

from fastapi import Response

from app.access.caller import Caller
from app.errors import Invalid
from app.models.plans import ObjectiveEvidence, ObjectiveProgress
from app.schemas.base import CreateSchema, ReadSchema, UpdateSchema
from app.schemas.objectives import (
    ObjectiveEvidenceCreate,
    ObjectiveEvidenceRead,
    ObjectiveProgressCreate,
    ObjectiveProgressRead,
    ObjectiveRead,
)
from app.services.decisions import require_seen
from app.services.nameless import refuse_names_in
from app.services.records import change, create, creating, insert, show

TEXTS = frozenset(
    "title measure note text response recipient_title name receives receives_when"
    " description terms_of_reference".split()
)


async def create_nameless(caller: Caller, schema: type[ReadSchema], body: CreateSchema) -> Response:
    """Make a record whose texts name nobody. Raises `UnresolvedIdentifiers`."""
    await refuse_names_of(caller, body)
    return await create(caller, schema, body.model_dump())


async def change_nameless(
    caller: Caller, schema: type[ReadSchema], id: UUID, body: UpdateSchema
) -> Response:
    """Change a record whose texts name nobody. Raises `UnresolvedIdentifiers`."""
    await refuse_names_of(caller, body)
    return await change(caller, schema, id, body)


async def refuse_names_of(caller: Caller, body: CreateSchema | UpdateSchema) -> None:
    """Refuse a body whose texts name anybody. Raises `UnresolvedIdentifiers`."""
    sent = body.model_dump(exclude_unset=True)
    await refuse_names_in(
        caller, {f"/{name}": sent[name] for name in TEXTS & sent.keys() if sent[name]}
    )


async def add_evidence(
    caller: Caller, objective_id: UUID, body: ObjectiveEvidenceCreate
) -> Response:
    """Add what shows an objective. Raises `Invalid` unless it is one record or one address."""
    if (body.subject is None) != (body.record_id is None):
        raise Invalid.at("/record_id")
    if (body.record_id is None) == (body.url is None):
        raise Invalid.at("/url")
    await show(caller, ObjectiveRead, objective_id)
    await refuse_names_of(caller, body)
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
    await refuse_names_of(caller, body)
    async with creating(caller, ObjectiveProgressRead, [str(objective_id), body]) as creation:
        if creation.is_new:
            reported = {"objective_id": objective_id, "reported_by_id": creation.db.actor.id}
            creation.id = await insert(creation.db, ObjectiveProgress, reported | body.model_dump())
    return creation.response
