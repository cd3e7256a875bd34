"""`/stakeholders` and `/officer-briefings`: whom the Board answers to, and what it told them.

Framework section 8.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.stakeholders import (
    OfficerBriefingCreate,
    OfficerBriefingFilters,
    OfficerBriefingRead,
    OfficerBriefingUpdate,
    StakeholderCreate,
    StakeholderFilters,
    StakeholderRead,
    StakeholderUpdate,
)
from app.services.records import page, show
from app.services.wording import reword, word

router = APIRouter(tags=["stakeholders"])

StakeholderId = Annotated[UUID, Path(description="The stakeholder.")]
BriefingId = Annotated[UUID, Path(description="The briefing.")]
Read = Annotated[Caller, Requires(Scope.governance_read)]
Write = Annotated[Caller, Requires(Scope.governance_write)]
OF_TEXTS = responses(UnresolvedIdentifiers, InvalidToken)


@router.get("/stakeholders", response_model=Page[StakeholderRead])
async def list_stakeholders(
    caller: Read, filters: Annotated[StakeholderFilters, Query()]
) -> Response:
    """List whom the Board answers to or works with, the newest on record first."""
    return await page(caller, StakeholderRead, filters)


@router.post("/stakeholders", status_code=201, response_model=StakeholderRead, responses=OF_TEXTS)
async def create_stakeholder(caller: Write, body: StakeholderCreate) -> Response:
    """Put a stakeholder on the map, with what it receives and when."""
    return await word(caller, StakeholderRead, body)


@router.get("/stakeholders/{stakeholder_id}", response_model=StakeholderRead)
async def read_stakeholder(caller: Read, stakeholder_id: StakeholderId) -> Response:
    """Read one stakeholder."""
    return await show(caller, StakeholderRead, stakeholder_id)


@router.patch("/stakeholders/{stakeholder_id}", response_model=StakeholderRead, responses=OF_TEXTS)
async def update_stakeholder(
    caller: Write, stakeholder_id: StakeholderId, body: StakeholderUpdate
) -> Response:
    """Change how the Board stands to a stakeholder, and what it receives."""
    return await reword(caller, StakeholderRead, stakeholder_id, body)


@router.get("/officer-briefings", response_model=Page[OfficerBriefingRead])
async def list_officer_briefings(
    caller: Read, filters: Annotated[OfficerBriefingFilters, Query()]
) -> Response:
    """List what the chair told officers, the newest on record first."""
    return await page(caller, OfficerBriefingRead, filters)


@router.post(
    "/officer-briefings", status_code=201, response_model=OfficerBriefingRead, responses=OF_TEXTS
)
async def create_officer_briefing(caller: Write, body: OfficerBriefingCreate) -> Response:
    """Record what the chair told an officer, by the post. A text that names somebody is refused."""
    return await word(caller, OfficerBriefingRead, body)


@router.get("/officer-briefings/{briefing_id}", response_model=OfficerBriefingRead)
async def read_officer_briefing(caller: Read, briefing_id: BriefingId) -> Response:
    """Read one briefing of an officer."""
    return await show(caller, OfficerBriefingRead, briefing_id)


@router.patch(
    "/officer-briefings/{briefing_id}", response_model=OfficerBriefingRead, responses=OF_TEXTS
)
async def update_officer_briefing(
    caller: Write, briefing_id: BriefingId, body: OfficerBriefingUpdate
) -> Response:
    """Record what came back, and when."""
    return await reword(caller, OfficerBriefingRead, briefing_id, body)
