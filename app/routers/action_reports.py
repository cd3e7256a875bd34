"""What is said of an action: progress and evidence by its agency, new days by a body.

Framework section 21.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.errors import responses
from app.models.actions import SmartAction
from app.pagination import Page
from app.routers.actions import OF_TEXTS, ActionId, Read, Write
from app.schemas.action_reports import (
    ActionDueChangeCreate,
    ActionDueChangeFilters,
    ActionDueChangeRead,
    ActionEvidenceCreate,
    ActionEvidenceFilters,
    ActionEvidenceRead,
    ActionUpdateCreate,
    ActionUpdateFilters,
    ActionUpdateRead,
)
from app.services.action_reports import (
    ActionNotOpen,
    add_evidence,
    change_due_day,
    report_progress,
)
from app.services.nested import page_within
from app.services.records import show
from app.services.transitions import DecisionNeeded

router = APIRouter(tags=["actions"])

UpdateId = Annotated[UUID, Path(description="The report.")]
EvidenceId = Annotated[UUID, Path(description="The piece of evidence.")]
ChangeId = Annotated[UUID, Path(description="The change.")]
OF_ACTION = "t.action_id = $3"
IN_ACTION = "t.action_id = $4"


@router.get("/actions/{action_id}/updates", response_model=Page[ActionUpdateRead])
async def list_action_updates(
    caller: Read, action_id: ActionId, filters: Annotated[ActionUpdateFilters, Query()]
) -> Response:
    """List what the agency reported of its action, newest first."""
    return await page_within(caller, SmartAction, action_id, ActionUpdateRead, filters, OF_ACTION)


@router.post(
    "/actions/{action_id}/updates",
    status_code=201,
    response_model=ActionUpdateRead,
    responses=responses(ActionNotOpen, *OF_TEXTS),
)
async def create_action_update(
    caller: Write, action_id: ActionId, body: ActionUpdateCreate
) -> Response:
    """Report progress on an action of one's own agency, and when it is expected to be done."""
    return await report_progress(caller, action_id, body)


@router.get("/actions/{action_id}/updates/{update_id}", response_model=ActionUpdateRead)
async def read_action_update(caller: Read, action_id: ActionId, update_id: UpdateId) -> Response:
    """Read one report of progress."""
    return await show(caller, ActionUpdateRead, update_id, IN_ACTION, action_id)


@router.get("/actions/{action_id}/evidence", response_model=Page[ActionEvidenceRead])
async def list_action_evidence(
    caller: Read, action_id: ActionId, filters: Annotated[ActionEvidenceFilters, Query()]
) -> Response:
    """List what shows that an action was done, newest first."""
    return await page_within(caller, SmartAction, action_id, ActionEvidenceRead, filters, OF_ACTION)


@router.post(
    "/actions/{action_id}/evidence",
    status_code=201,
    response_model=ActionEvidenceRead,
    responses=responses(ActionNotOpen, *OF_TEXTS),
)
async def create_action_evidence(
    caller: Write, action_id: ActionId, body: ActionEvidenceCreate
) -> Response:
    """Add evidence for an action of one's own agency: a page, or a file that was sent before."""
    return await add_evidence(caller, action_id, body)


@router.get("/actions/{action_id}/evidence/{evidence_id}", response_model=ActionEvidenceRead)
async def read_action_evidence(
    caller: Read, action_id: ActionId, evidence_id: EvidenceId
) -> Response:
    """Read one piece of evidence."""
    return await show(caller, ActionEvidenceRead, evidence_id, IN_ACTION, action_id)


@router.get("/actions/{action_id}/due-date-changes", response_model=Page[ActionDueChangeRead])
async def list_action_due_changes(
    caller: Read, action_id: ActionId, filters: Annotated[ActionDueChangeFilters, Query()]
) -> Response:
    """List how the last day of an action was moved, newest first."""
    return await page_within(
        caller, SmartAction, action_id, ActionDueChangeRead, filters, OF_ACTION
    )


@router.post(
    "/actions/{action_id}/due-date-changes",
    status_code=201,
    response_model=ActionDueChangeRead,
    responses=responses(ActionNotOpen, DecisionNeeded, *OF_TEXTS),
)
async def create_action_due_change(
    caller: Write, action_id: ActionId, body: ActionDueChangeCreate
) -> Response:
    """Move the last day of an agreed action by a decision on it; the days before stay on record."""
    return await change_due_day(caller, action_id, body)


@router.get("/actions/{action_id}/due-date-changes/{change_id}", response_model=ActionDueChangeRead)
async def read_action_due_change(
    caller: Read, action_id: ActionId, change_id: ChangeId
) -> Response:
    """Read one change of the last day."""
    return await show(caller, ActionDueChangeRead, change_id, IN_ACTION, action_id)
