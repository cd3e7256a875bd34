"""`/findings`: what was found, whatever the source, and whether it stands.

Framework sections 1, 3, 9 and 23.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.findings import LearningFinding
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.reference.working_days import BeyondCalendar
from app.schemas.findings import (
    FindingCreate,
    FindingFilters,
    FindingRead,
    FindingTransitionCreate,
    FindingUpdate,
)
from app.schemas.forums import LearningBalanceQuery, LearningBalanceRead
from app.schemas.sources import ReleaseCreate
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.findings import (
    NotUnderCheck,
    accept_facts,
    change_finding,
    draft_finding,
    move_finding,
    show_balance,
)
from app.services.learning import NothingToRelease, ReviewIsLive, release
from app.services.nested import page_of_moves
from app.services.records import page, show
from app.services.transitions import DecisionNeeded
from app.services.wording import RecordFixed

router = APIRouter(tags=["findings"])

FindingId = Annotated[UUID, Path(description="The finding.")]
Read = Annotated[Caller, Requires(Scope.learning_read)]
Write = Annotated[Caller, Requires(Scope.findings_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)


@router.get("/learning-balance", response_model=LearningBalanceRead)
async def read_learning_balance(
    caller: Read, query: Annotated[LearningBalanceQuery, Query()]
) -> Response:
    """Read how much of what was found is good practice."""
    return await show_balance(caller, query)


@router.get("/findings", response_model=Page[FindingRead])
async def list_findings(caller: Read, filters: Annotated[FindingFilters, Query()]) -> Response:
    """List findings that you may read, newest first; concerns alone are their register."""
    return await page(caller, FindingRead, filters)


@router.post(
    "/findings", status_code=201, response_model=FindingRead, responses=responses(*OF_TEXTS)
)
async def create_finding(caller: Write, body: FindingCreate) -> Response:
    """Draft a finding, or take over one of a case review in words that name nobody."""
    return await draft_finding(caller, body)


@router.get("/findings/{finding_id}", response_model=FindingRead)
async def read_finding(caller: Read, finding_id: FindingId) -> Response:
    """Read one finding, and what you may do with it now."""
    return await show(caller, FindingRead, finding_id)


@router.patch(
    "/findings/{finding_id}",
    response_model=FindingRead,
    responses=responses(RecordFixed, *OF_TEXTS),
)
async def update_finding(caller: Write, finding_id: FindingId, body: FindingUpdate) -> Response:
    """Change a draft or what is disputed; weigh a finding until it is closed."""
    return await change_finding(caller, finding_id, body)


@router.post(
    "/findings/{finding_id}/acceptance",
    response_model=FindingRead,
    responses=responses(NotUnderCheck),
)
async def accept_finding_facts(caller: Write, finding_id: FindingId) -> Response:
    """Accept the facts of a finding, as the agency that it is of."""
    return await accept_facts(caller, finding_id)


@router.post(
    "/findings/{finding_id}/release",
    response_model=FindingRead,
    responses=responses(ReviewIsLive, NothingToRelease, DecisionNeeded, *OF_TEXTS),
)
async def release_finding(caller: Write, finding_id: FindingId, body: ReleaseCreate) -> Response:
    """Tell all partners what was learned from a case. It is not taken back."""
    return await release(caller, FindingRead, finding_id, body)


@router.get("/findings/{finding_id}/transitions", response_model=Page[TransitionRead])
async def list_finding_transitions(
    caller: Read, finding_id: FindingId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a finding, newest first."""
    return await page_of_moves(caller, LearningFinding, finding_id, filters)


@router.post(
    "/findings/{finding_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(BeyondCalendar, *OF_TEXTS),
)
async def create_finding_transition(
    caller: Write, finding_id: FindingId, body: FindingTransitionCreate
) -> Response:
    """Move a finding: to the agency's check, to confirmed, to what was settled."""
    return await move_finding(caller, finding_id, body)
