"""`/objectives`: the business plan, and how it is known how far it is (Framework section 9)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.plans import Objective
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.objectives import (
    ObjectiveCreate,
    ObjectiveEvidenceCreate,
    ObjectiveEvidenceFilters,
    ObjectiveEvidenceRead,
    ObjectiveFilters,
    ObjectiveProgressCreate,
    ObjectiveProgressFilters,
    ObjectiveProgressRead,
    ObjectiveRead,
    ObjectiveUpdate,
)
from app.services.nested import page_within
from app.services.objectives import add_evidence, report_progress
from app.services.records import page, show
from app.services.wording import reword, word

router = APIRouter(tags=["objectives"])

ObjectiveId = Annotated[UUID, Path(description="The objective.")]
EvidenceId = Annotated[UUID, Path(description="The item of evidence.")]
ProgressId = Annotated[UUID, Path(description="The report of progress.")]
Read = Annotated[Caller, Requires(Scope.governance_read)]
Write = Annotated[Caller, Requires(Scope.governance_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)
WITHIN = "t.objective_id = $4"
OF_OBJECTIVE = "t.objective_id = $3"


@router.get("/objectives", response_model=Page[ObjectiveRead])
async def list_objectives(caller: Read, filters: Annotated[ObjectiveFilters, Query()]) -> Response:
    """List objectives of the business plan, the newest on record first."""
    return await page(caller, ObjectiveRead, filters)


@router.post(
    "/objectives", status_code=201, response_model=ObjectiveRead, responses=responses(*OF_TEXTS)
)
async def create_objective(caller: Write, body: ObjectiveCreate) -> Response:
    """Put an objective into the business plan. A text that names somebody is refused."""
    return await word(caller, ObjectiveRead, body)


@router.get("/objectives/{objective_id}", response_model=ObjectiveRead)
async def read_objective(caller: Read, objective_id: ObjectiveId) -> Response:
    """Read one objective."""
    return await show(caller, ObjectiveRead, objective_id)


@router.patch(
    "/objectives/{objective_id}", response_model=ObjectiveRead, responses=responses(*OF_TEXTS)
)
async def update_objective(
    caller: Write, objective_id: ObjectiveId, body: ObjectiveUpdate
) -> Response:
    """Change what is to be reached, by when, and who sees to it."""
    return await reword(caller, ObjectiveRead, objective_id, body)


@router.get("/objectives/{objective_id}/evidence", response_model=Page[ObjectiveEvidenceRead])
async def list_objective_evidence(
    caller: Read, objective_id: ObjectiveId, filters: Annotated[ObjectiveEvidenceFilters, Query()]
) -> Response:
    """List what shows how far an objective is, newest first."""
    return await page_within(
        caller, Objective, objective_id, ObjectiveEvidenceRead, filters, OF_OBJECTIVE
    )


@router.post(
    "/objectives/{objective_id}/evidence",
    status_code=201,
    response_model=ObjectiveEvidenceRead,
    responses=responses(*OF_TEXTS),
)
async def create_objective_evidence(
    caller: Write, objective_id: ObjectiveId, body: ObjectiveEvidenceCreate
) -> Response:
    """Link what shows how far an objective is."""
    return await add_evidence(caller, objective_id, body)


@router.get(
    "/objectives/{objective_id}/evidence/{evidence_id}", response_model=ObjectiveEvidenceRead
)
async def read_objective_evidence(
    caller: Read, objective_id: ObjectiveId, evidence_id: EvidenceId
) -> Response:
    """Read one item of evidence."""
    return await show(caller, ObjectiveEvidenceRead, evidence_id, WITHIN, objective_id)


@router.get("/objectives/{objective_id}/progress", response_model=Page[ObjectiveProgressRead])
async def list_objective_progress(
    caller: Read, objective_id: ObjectiveId, filters: Annotated[ObjectiveProgressFilters, Query()]
) -> Response:
    """List how far an objective was held to be, newest first."""
    return await page_within(
        caller, Objective, objective_id, ObjectiveProgressRead, filters, OF_OBJECTIVE
    )


@router.post(
    "/objectives/{objective_id}/progress",
    status_code=201,
    response_model=ObjectiveProgressRead,
    responses=responses(*OF_TEXTS),
)
async def create_objective_progress(
    caller: Write, objective_id: ObjectiveId, body: ObjectiveProgressCreate
) -> Response:
    """Report how far an objective is, and why it is held to be so."""
    return await report_progress(caller, objective_id, body)


@router.get(
    "/objectives/{objective_id}/progress/{progress_id}", response_model=ObjectiveProgressRead
)
async def read_objective_progress(
    caller: Read, objective_id: ObjectiveId, progress_id: ProgressId
) -> Response:
    """Read one report of progress."""
    return await show(caller, ObjectiveProgressRead, progress_id, WITHIN, objective_id)
