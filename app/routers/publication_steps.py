"""What becomes of a publication: decisions, notices and withdrawals (section 16)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import TransitionNotAllowed, responses
from app.models.publications import Publication
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.publication_steps import (
    PublicationDecisionCreate,
    PublicationDecisionFilters,
    PublicationDecisionRead,
    PublicationNoticeCreate,
    PublicationNoticeFilters,
    PublicationNoticeRead,
    PublicationWithdrawalCreate,
    PublicationWithdrawalFilters,
    PublicationWithdrawalRead,
)
from app.services.nested import page_within
from app.services.publication_decisions import (
    DecisionDoesNotFit,
    NotChecked,
    PublicationPaused,
    decide,
)
from app.services.publication_notices import SentBeforeDecision, record_notice
from app.services.publishing import StillToBeAvailable, withdraw
from app.services.records import creating, show

router = APIRouter(tags=["publication_steps"])

PublicationId = Annotated[UUID, Path(description="The publication.")]
DecisionId = Annotated[UUID, Path(description="The decision.")]
NoticeId = Annotated[UUID, Path(description="The notice.")]
WithdrawalId = Annotated[UUID, Path(description="The withdrawal.")]
Read = Annotated[Caller, Requires(Scope.case_reviews_read)]
Write = Annotated[Caller, Requires(Scope.case_reviews_write)]
WITHIN = "t.publication_id = $3"
OF = "t.publication_id = $4"
NARRATES = {"x-narrates": True}


@router.get(
    "/publications/{publication_id}/decisions", response_model=Page[PublicationDecisionRead]
)
async def list_publication_decisions(
    caller: Read,
    publication_id: PublicationId,
    filters: Annotated[PublicationDecisionFilters, Query()],
) -> Response:
    """List the decisions about a publication, newest first: the first of them holds."""
    return await page_within(
        caller, Publication, publication_id, PublicationDecisionRead, filters, WITHIN
    )


@router.post(
    "/publications/{publication_id}/decisions",
    status_code=201,
    response_model=PublicationDecisionRead,
    responses=responses(
        TransitionNotAllowed, NotChecked, DecisionDoesNotFit, UnresolvedIdentifiers, InvalidToken
    ),
    openapi_extra=NARRATES,
)
async def create_publication_decision(
    caller: Read, publication_id: PublicationId, body: PublicationDecisionCreate
) -> Response:
    """Decide, as the decision maker of the regime, that it is published or withheld, and why.

    What is to be published was checked as it stands, and confirmed. The review moves with it.
    """
    async with creating(caller, PublicationDecisionRead, [str(publication_id), body]) as creation:
        if creation.is_new:
            creation.id = await decide(creation.db, caller, publication_id, body)
    return creation.response


@router.get(
    "/publications/{publication_id}/decisions/{decision_id}",
    response_model=PublicationDecisionRead,
)
async def read_publication_decision(
    caller: Read, publication_id: PublicationId, decision_id: DecisionId
) -> Response:
    """Read one decision about a publication."""
    return await show(caller, PublicationDecisionRead, decision_id, OF, publication_id)


@router.get("/publications/{publication_id}/notices", response_model=Page[PublicationNoticeRead])
async def list_publication_notices(
    caller: Read,
    publication_id: PublicationId,
    filters: Annotated[PublicationNoticeFilters, Query()],
) -> Response:
    """List the notices that went before a publication, newest first."""
    return await page_within(
        caller, Publication, publication_id, PublicationNoticeRead, filters, WITHIN
    )


@router.post(
    "/publications/{publication_id}/notices",
    status_code=201,
    response_model=PublicationNoticeRead,
    responses=responses(TransitionNotAllowed, PublicationPaused, SentBeforeDecision),
)
async def create_publication_notice(
    caller: Write, publication_id: PublicationId, body: PublicationNoticeCreate
) -> Response:
    """Record that a body was sent the report ahead of its publication, after the decision.

    With the last body of the regime `can_publish_on` of the publication is known.
    """
    async with creating(caller, PublicationNoticeRead, [str(publication_id), body]) as creation:
        if creation.is_new:
            creation.id = await record_notice(creation.db, publication_id, body)
    return creation.response


@router.get(
    "/publications/{publication_id}/notices/{notice_id}", response_model=PublicationNoticeRead
)
async def read_publication_notice(
    caller: Read, publication_id: PublicationId, notice_id: NoticeId
) -> Response:
    """Read one notice that went before a publication."""
    return await show(caller, PublicationNoticeRead, notice_id, OF, publication_id)


@router.get(
    "/publications/{publication_id}/withdrawals", response_model=Page[PublicationWithdrawalRead]
)
async def list_publication_withdrawals(
    caller: Read,
    publication_id: PublicationId,
    filters: Annotated[PublicationWithdrawalFilters, Query()],
) -> Response:
    """List when, why and by whom a published report was taken down."""
    return await page_within(
        caller, Publication, publication_id, PublicationWithdrawalRead, filters, WITHIN
    )


@router.post(
    "/publications/{publication_id}/withdrawals",
    status_code=201,
    response_model=PublicationWithdrawalRead,
    responses=responses(
        TransitionNotAllowed, StillToBeAvailable, UnresolvedIdentifiers, InvalidToken
    ),
    openapi_extra=NARRATES,
)
async def create_publication_withdrawal(
    caller: Read, publication_id: PublicationId, body: PublicationWithdrawalCreate
) -> Response:
    """Take a published report down. Before it was available long enough the chair alone does."""
    async with creating(caller, PublicationWithdrawalRead, [str(publication_id), body]) as creation:
        if creation.is_new:
            creation.id = await withdraw(creation.db, caller, publication_id, body)
    return creation.response


@router.get(
    "/publications/{publication_id}/withdrawals/{withdrawal_id}",
    response_model=PublicationWithdrawalRead,
)
async def read_publication_withdrawal(
    caller: Read, publication_id: PublicationId, withdrawal_id: WithdrawalId
) -> Response:
    """Read that a published report was taken down."""
    return await show(caller, PublicationWithdrawalRead, withdrawal_id, OF, publication_id)
