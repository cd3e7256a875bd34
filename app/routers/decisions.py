"""`/decisions`: what bodies decided. Whatever is "agreed by the Board" points to one.

Framework sections 13 and 21.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.decisions import (
    BodyDecisionCreate,
    BodyDecisionFilters,
    BodyDecisionRead,
    RatificationCreate,
)
from app.services.decisions import DoesNotRatify, NotTakenInMeeting, ratify, record_decision
from app.services.records import page, show

router = APIRouter(tags=["decisions"])

DecisionId = Annotated[UUID, Path(description="The decision.")]
Read = Annotated[Caller, Requires(Scope.governance_read)]
Decide = Annotated[Caller, Requires(Scope.decisions_write)]


@router.get("/decisions", response_model=Page[BodyDecisionRead])
async def list_decisions(
    caller: Read, filters: Annotated[BodyDecisionFilters, Query()]
) -> Response:
    """List decisions of bodies, the newest on record first."""
    return await page(caller, BodyDecisionRead, filters)


@router.post(
    "/decisions",
    status_code=201,
    response_model=BodyDecisionRead,
    responses=responses(NotTakenInMeeting, UnresolvedIdentifiers, InvalidToken),
)
async def create_decision(caller: Decide, body: BodyDecisionCreate) -> Response:
    """Record what a body decided: in a meeting with a quorum, or by its chair for it."""
    return await record_decision(caller, body)


@router.get("/decisions/{decision_id}", response_model=BodyDecisionRead)
async def read_decision(caller: Read, decision_id: DecisionId) -> Response:
    """Read one decision."""
    return await show(caller, BodyDecisionRead, decision_id)


@router.post(
    "/decisions/{decision_id}/ratification",
    response_model=BodyDecisionRead,
    responses=responses(DoesNotRatify),
)
async def ratify_decision(
    caller: Decide, decision_id: DecisionId, body: RatificationCreate
) -> Response:
    """Ratify what the chair decided, by a later decision of a meeting of the same body."""
    return await ratify(caller, decision_id, body)
