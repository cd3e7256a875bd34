"""Checks of publications: that nothing in them says who somebody is (section 16)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import ConcurrentChange, responses
from app.models.publications import Publication
from app.pagination import Page
from app.privacy.errors import InvalidToken
from app.schemas.publication_checks import (
    ConfirmationCreate,
    PublicationCheckCreate,
    PublicationCheckFilters,
    PublicationCheckRead,
)
from app.services.nested import page_within
from app.services.publication_checks import CheckOutdated, confirm_check, inspect, keep_check
from app.services.records import answer, creating, show

router = APIRouter(tags=["publication_checks"])

PublicationId = Annotated[UUID, Path(description="The publication.")]
CheckId = Annotated[UUID, Path(description="The check.")]
Read = Annotated[Caller, Requires(Scope.case_reviews_read)]
Write = Annotated[Caller, Requires(Scope.case_reviews_write)]
WITHIN = "t.publication_id = $3"
OF = "t.publication_id = $4"


@router.get("/publications/{publication_id}/checks", response_model=Page[PublicationCheckRead])
async def list_publication_checks(
    caller: Read,
    publication_id: PublicationId,
    filters: Annotated[PublicationCheckFilters, Query()],
) -> Response:
    """List the checks of a publication, newest first."""
    return await page_within(
        caller, Publication, publication_id, PublicationCheckRead, filters, WITHIN
    )


@router.post(
    "/publications/{publication_id}/checks",
    status_code=201,
    response_model=PublicationCheckRead,
    responses=responses(ConcurrentChange, InvalidToken),
)
async def create_publication_check(
    caller: Write, publication_id: PublicationId, body: PublicationCheckCreate
) -> Response:
    """Check that nothing in a publication says who the people of the case are; it is logged.

    What is found comes back by place and kind. The check holds for this text, and for the people
    registered by now.
    """
    inspection = await inspect(caller, publication_id, body.accepted)
    async with creating(caller, PublicationCheckRead, [str(publication_id), body]) as creation:
        if creation.is_new:
            creation.id = await keep_check(creation.db, publication_id, inspection)
    return creation.response


@router.get("/publications/{publication_id}/checks/{check_id}", response_model=PublicationCheckRead)
async def read_publication_check(
    caller: Read, publication_id: PublicationId, check_id: CheckId
) -> Response:
    """Read one check of a publication."""
    return await show(caller, PublicationCheckRead, check_id, OF, publication_id)


@router.post(
    "/publications/{publication_id}/checks/{check_id}/confirmations",
    response_model=PublicationCheckRead,
    responses=responses(CheckOutdated),
)
async def confirm_publication_check(
    caller: Write, publication_id: PublicationId, check_id: CheckId, body: ConfirmationCreate
) -> Response:
    """Confirm a check as a second person, who neither wrote the text nor ran the check."""
    async with caller.transaction() as db:
        check = await confirm_check(db, publication_id, check_id, body.sha256)
    return answer(check)
