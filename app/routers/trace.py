"""`/…/{id}/trace`: the way from a finding to a verified impact, and back again.

Framework sections 3, 16 and 21 to 23.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.schemas.trace import TraceRead, TraceSubject
from app.services.trace import show_trace

router = APIRouter(tags=["trace"])

Read = Annotated[Caller, Requires(Scope.learning_read)]
FindingId = Annotated[UUID, Path(description="The finding.")]
RecommendationId = Annotated[UUID, Path(description="The recommendation.")]
ActionId = Annotated[UUID, Path(description="The action.")]


@router.get("/findings/{finding_id}/trace", response_model=TraceRead)
async def read_finding_trace(caller: Read, finding_id: FindingId) -> Response:
    """Read what came of a finding: recommendations, actions, decisions, and their impact."""
    return await show_trace(caller, TraceSubject.findings, finding_id)


@router.get("/recommendations/{recommendation_id}/trace", response_model=TraceRead)
async def read_recommendation_trace(caller: Read, recommendation_id: RecommendationId) -> Response:
    """Read where a recommendation comes from, what was decided and done, and what it changed."""
    return await show_trace(caller, TraceSubject.recommendations, recommendation_id)


@router.get("/actions/{action_id}/trace", response_model=TraceRead)
async def read_action_trace(caller: Read, action_id: ActionId) -> Response:
    """Read why an action is done, by whose decision, what goes on from it, and what it changed."""
    return await show_trace(caller, TraceSubject.actions, action_id)
