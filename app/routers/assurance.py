"""`/assurance-statements`: how far the Board is assured, and what it knows that by.

Framework sections 3, 9 and 23.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.models.assurance import AssuranceStatement
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.assurance import (
    AssuranceStatementCreate,
    AssuranceStatementFilters,
    AssuranceStatementRead,
    AssuranceStatementUpdate,
    AssuranceTransitionCreate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.assurance import draft_statement, move_statement, redraft_statement
from app.services.nested import page_of_moves
from app.services.records import page, show
from app.services.transitions import DecisionNeeded
from app.services.wording import RecordFixed

router = APIRouter(tags=["assurance-statements"])

StatementId = Annotated[UUID, Path(description="The statement.")]
Read = Annotated[Caller, Requires(Scope.learning_read)]
Write = Annotated[Caller, Requires(Scope.assurance_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)


@router.get("/assurance-statements", response_model=Page[AssuranceStatementRead])
async def list_assurance_statements(
    caller: Read, filters: Annotated[AssuranceStatementFilters, Query()]
) -> Response:
    """List statements, newest first; drafts for who writes them alone."""
    return await page(caller, AssuranceStatementRead, filters)


@router.post(
    "/assurance-statements",
    status_code=201,
    response_model=AssuranceStatementRead,
    responses=responses(*OF_TEXTS),
)
async def create_assurance_statement(caller: Write, body: AssuranceStatementCreate) -> Response:
    """Draft a statement, or the next version of one. A text that names somebody is refused."""
    return await draft_statement(caller, body)


@router.get("/assurance-statements/{statement_id}", response_model=AssuranceStatementRead)
async def read_assurance_statement(caller: Read, statement_id: StatementId) -> Response:
    """Read one statement, with what it rests on."""
    return await show(caller, AssuranceStatementRead, statement_id)


@router.patch(
    "/assurance-statements/{statement_id}",
    response_model=AssuranceStatementRead,
    responses=responses(RecordFixed, *OF_TEXTS),
)
async def update_assurance_statement(
    caller: Write, statement_id: StatementId, body: AssuranceStatementUpdate
) -> Response:
    """Change a draft. What was agreed stays; draft its next version instead."""
    return await redraft_statement(caller, statement_id, body)


@router.post(
    "/assurance-statements/{statement_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(DecisionNeeded, *OF_TEXTS),
)
async def create_assurance_statement_transition(
    caller: Write, statement_id: StatementId, body: AssuranceTransitionCreate
) -> Response:
    """Agree a statement by decision of the Board; the one before it is superseded."""
    return await move_statement(caller, statement_id, body)


@router.get("/assurance-statements/{statement_id}/transitions", response_model=Page[TransitionRead])
async def list_assurance_statement_transitions(
    caller: Read, statement_id: StatementId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a statement, newest first."""
    return await page_of_moves(caller, AssuranceStatement, statement_id, filters)
