"""`/audits`: the rounds in which the Board asks agencies, and whom (Framework section 15)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.audits import AUDIT_LIFECYCLE, Audit
from app.pagination import Page
from app.schemas.audits import (
    AuditCreate,
    AuditFilters,
    AuditRead,
    AuditTransitionCreate,
    AuditUpdate,
    RosterAdd,
    RosterAdded,
    RosterEntryRead,
    RosterFilters,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.audits import (
    AnotherKind,
    AuditFixed,
    InstrumentNotPublished,
    change_audit,
    effects,
    plan_audit,
)
from app.services.nested import page_of_moves, page_within
from app.services.records import changing, creating, page, patch, show
from app.services.roster import RosterFixed, add_to_roster, remove_from_roster
from app.services.transitions import move

router = APIRouter(tags=["audits"])

AuditId = Annotated[UUID, Path(description="The audit.")]
EntryId = Annotated[UUID, Path(description="The agency's entry on the roster.")]
Read = Annotated[Caller, Requires(Scope.audits_read)]
Write = Annotated[Caller, Requires(Scope.audits_write)]


@router.get("/audits", response_model=Page[AuditRead])
async def list_audits(caller: Read, filters: Annotated[AuditFilters, Query()]) -> Response:
    """List audits, newest first. Agencies see no drafts."""
    return await page(caller, AuditRead, filters)


@router.post(
    "/audits",
    status_code=201,
    response_model=AuditRead,
    responses=responses(InstrumentNotPublished, AnotherKind),
)
async def create_audit(caller: Write, body: AuditCreate) -> Response:
    """Plan an audit on a published instrument, as a draft."""
    async with creating(caller, AuditRead, body) as creation:
        if creation.is_new:
            creation.id = await plan_audit(creation.db, body.model_dump())
    return creation.response


@router.get("/audits/{audit_id}", response_model=AuditRead)
async def read_audit(caller: Read, audit_id: AuditId) -> Response:
    """Read one audit, and what you may do with it now."""
    return await show(caller, AuditRead, audit_id)


@router.patch("/audits/{audit_id}", response_model=AuditRead, responses=responses(AuditFixed))
async def update_audit(caller: Write, audit_id: AuditId, body: AuditUpdate) -> Response:
    """Change title or days of an audit that is not closed; one that has opened stays opened."""
    async with changing(caller, AuditRead, audit_id, body) as changed:
        await change_audit(changed.db, changed.before, patch(body))
    return changed.response


@router.get("/audits/{audit_id}/transitions", response_model=Page[TransitionRead])
async def list_audit_transitions(
    caller: Read, audit_id: AuditId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of an audit, newest first."""
    return await page_of_moves(caller, Audit, audit_id, filters)


@router.post("/audits/{audit_id}/transitions", status_code=201, response_model=TransitionRead)
async def move_audit(caller: Read, audit_id: AuditId, body: AuditTransitionCreate) -> Response:
    """Move an audit to another state; `allowed_transitions` says which you may choose.

    To open it gives every agency on the roster a response, with what it said in the audit before.
    To close it makes what was not submitted a non-return. To cancel it withdraws responses.
    """
    return await move(
        caller, AuditRead, AUDIT_LIFECYCLE, audit_id, body.to, body.reason, effects(body.reason)
    )


@router.get("/audits/{audit_id}/roster", response_model=Page[RosterEntryRead])
async def list_roster(
    caller: Read, audit_id: AuditId, filters: Annotated[RosterFilters, Query()]
) -> Response:
    """List whom an audit asks, newest first; an agency sees its own entry."""
    return await page_within(caller, Audit, audit_id, RosterEntryRead, filters, "t.audit_id = $3")


@router.post("/audits/{audit_id}/roster", responses=responses(RosterFixed))
async def add_agencies(caller: Write, audit_id: AuditId, body: RosterAdd) -> RosterAdded:
    """Put agencies on the roster, all or none; those that are on it stay.

    An agency that joins an audit that runs gets its response at once.
    """
    return await add_to_roster(caller, audit_id, body)


@router.get("/audits/{audit_id}/roster/{entry_id}", response_model=RosterEntryRead)
async def read_roster_entry(caller: Read, audit_id: AuditId, entry_id: EntryId) -> Response:
    """Read one entry of a roster."""
    return await show(caller, RosterEntryRead, entry_id, "t.audit_id = $4", audit_id)


@router.delete(
    "/audits/{audit_id}/roster/{entry_id}", status_code=204, responses=responses(RosterFixed)
)
async def remove_agency(caller: Write, audit_id: AuditId, entry_id: EntryId) -> Response:
    """Take an agency off the roster of an audit that has not opened."""
    return await remove_from_roster(caller, audit_id, entry_id)
