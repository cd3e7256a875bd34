"""Retention: the review queue, areas' own periods, and legal holds (Framework section 7)."""

import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import IdentitiesDestroyed, responses
from app.models.retention import HOLD_LIFECYCLE, OVERRIDE_LIFECYCLE, CaseRetention, LegalHold
from app.pagination import Page, Paging
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.retention import (
    LegalHoldCreate,
    LegalHoldFilters,
    LegalHoldRead,
    LegalHoldTransitionCreate,
    RetentionExtensionCreate,
    RetentionExtensionRead,
    RetentionFilters,
    RetentionOverrideCreate,
    RetentionOverrideFilters,
    RetentionOverrideRead,
    RetentionOverrideTransitionCreate,
    RetentionRead,
    RetentionUpdate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.casework import vault_of
from app.services.nested import page_of_moves, page_within
from app.services.reading import read
from app.services.records import changing, creating, insert, page, patch, show, update
from app.services.retention import create_signed, work_out
from app.services.transitions import move

router = APIRouter(tags=["retention"])

RetentionId = Annotated[UUID, Path(description="The retention of a case.")]
ExtensionId = Annotated[UUID, Path(description="The extension.")]
OverrideId = Annotated[UUID, Path(description="The period of an area's own.")]
HoldId = Annotated[UUID, Path(description="The hold.")]
Read = Annotated[Caller, Requires(Scope.retention_read)]
Write = Annotated[Caller, Requires(Scope.retention_write)]
NARRATES = {"x-narrates": True}
OF_CASE = "t.case_id = (SELECT r.case_id FROM case_retentions r WHERE r.id = $3)"


@router.get("/retentions", response_model=Page[RetentionRead])
async def list_retentions(caller: Read, filters: Annotated[RetentionFilters, Query()]) -> Response:
    """List how long cases are kept: the review queue, by day and by where they stand."""
    return await page(caller, RetentionRead, filters)


@router.get("/retentions/{retention_id}", response_model=RetentionRead)
async def read_retention(caller: Read, retention_id: RetentionId) -> Response:
    """Read how long it is kept who the people of a case are."""
    return await show(caller, RetentionRead, retention_id)


@router.patch("/retentions/{retention_id}", response_model=RetentionRead)
async def update_retention(
    caller: Write, retention_id: RetentionId, body: RetentionUpdate
) -> Response:
    """Confirm the class of a case, in the own name; its days are worked out anew."""
    async with changing(caller, RetentionRead, retention_id, body) as changed:
        confirmed = patch(body) | {"classified_by_id": changed.db.actor.id}
        await update(changed.db, CaseRetention, retention_id, confirmed)
        await work_out(changed.db, vault_of(caller), UUID(changed.before["case_id"]))
    return changed.response


@router.get("/retentions/{retention_id}/extensions", response_model=Page[RetentionExtensionRead])
async def list_retention_extensions(
    caller: Read, retention_id: RetentionId, filters: Annotated[Paging, Query()]
) -> Response:
    """List until when a case was kept longer, and why; newest first."""
    return await page_within(
        caller, CaseRetention, retention_id, RetentionExtensionRead, filters, OF_CASE
    )


@router.post(
    "/retentions/{retention_id}/extensions",
    status_code=201,
    response_model=RetentionExtensionRead,
    responses=responses(UnresolvedIdentifiers, InvalidToken),
    openapi_extra=NARRATES,
)
async def create_retention_extension(
    caller: Write, retention_id: RetentionId, body: RetentionExtensionCreate
) -> Response:
    """Keep a case until a day, on which it is looked at again."""
    found = json.loads(await read(caller, RetentionRead, retention_id))
    case_id = UUID(found["case_id"])
    return await create_signed(caller, RetentionExtensionRead, case_id, body, "decided_by_id")


@router.get(
    "/retentions/{retention_id}/extensions/{extension_id}", response_model=RetentionExtensionRead
)
async def read_retention_extension(
    caller: Read, retention_id: RetentionId, extension_id: ExtensionId
) -> Response:
    """Read one extension."""
    within = OF_CASE.replace("$3", "$4")
    return await show(caller, RetentionExtensionRead, extension_id, within, retention_id)


@router.get("/retention-overrides", response_model=Page[RetentionOverrideRead])
async def list_retention_overrides(
    caller: Read, filters: Annotated[RetentionOverrideFilters, Query()]
) -> Response:
    """List the periods that areas have of their own; newest first."""
    return await page(caller, RetentionOverrideRead, filters)


@router.post("/retention-overrides", status_code=201, response_model=RetentionOverrideRead)
async def create_retention_override(caller: Write, body: RetentionOverrideCreate) -> Response:
    """Propose a period of an area's own. It counts once another person has approved it."""
    async with creating(caller, RetentionOverrideRead, body) as creation:
        if creation.is_new:
            proposed = body.model_dump() | {"proposed_by_id": creation.db.actor.id}
            creation.id = await insert(creation.db, RetentionOverrideRead.table, proposed)
    return creation.response


@router.get("/retention-overrides/{override_id}", response_model=RetentionOverrideRead)
async def read_retention_override(caller: Read, override_id: OverrideId) -> Response:
    """Read a period of an area's own."""
    return await show(caller, RetentionOverrideRead, override_id)


@router.post(
    "/retention-overrides/{override_id}/transitions", status_code=201, response_model=TransitionRead
)
async def move_retention_override(
    caller: Read, override_id: OverrideId, body: RetentionOverrideTransitionCreate
) -> Response:
    """Approve a period of an area's own that somebody else proposed, or withdraw it."""
    return await move(
        caller, RetentionOverrideRead, OVERRIDE_LIFECYCLE, override_id, body.to, body.reason
    )


@router.get("/legal-holds", response_model=Page[LegalHoldRead])
async def list_legal_holds(caller: Read, filters: Annotated[LegalHoldFilters, Query()]) -> Response:
    """List legal holds; newest first."""
    return await page(caller, LegalHoldRead, filters)


@router.post(
    "/legal-holds",
    status_code=201,
    response_model=LegalHoldRead,
    responses=responses(UnresolvedIdentifiers, InvalidToken, IdentitiesDestroyed),
    openapi_extra=NARRATES,
)
async def create_legal_hold(caller: Write, body: LegalHoldCreate) -> Response:
    """Hold a case: no destruction is proposed, approved or carried out until it is released.

    An objection of a person to what is done with their data is held as `dsar_in_progress`.
    """
    return await create_signed(caller, LegalHoldRead, body.case_id, body, "placed_by_id")


@router.get("/legal-holds/{hold_id}", response_model=LegalHoldRead)
async def read_legal_hold(caller: Read, hold_id: HoldId) -> Response:
    """Read one hold."""
    return await show(caller, LegalHoldRead, hold_id)


@router.get("/legal-holds/{hold_id}/transitions", response_model=Page[TransitionRead])
async def list_legal_hold_transitions(
    caller: Read, hold_id: HoldId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a hold: who released it, and why."""
    return await page_of_moves(caller, LegalHold, hold_id, filters)


@router.post(
    "/legal-holds/{hold_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(UnresolvedIdentifiers, InvalidToken),
    openapi_extra=NARRATES,
)
async def move_legal_hold(
    caller: Write, hold_id: HoldId, body: LegalHoldTransitionCreate
) -> Response:
    """Release a hold, with the reason."""
    return await move(
        caller,
        LegalHoldRead,
        HOLD_LIFECYCLE,
        hold_id,
        body.to,
        body.reason,
        resolutions=body.resolutions,
    )
