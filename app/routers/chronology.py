"""`/case-reviews/…/chronology`: what happened, agency by agency (Framework section 16)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import DisclosureRefused, StepUpRequired, UndertakingRequired, responses
from app.models.case_reviews import CaseReview
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.chronology import (
    ChronologyEntryCreate,
    ChronologyEntryFilters,
    ChronologyEntryRead,
    ChronologyEntryUpdate,
    ChronologyPushed,
    ChronologyWrite,
)
from app.services.chronology import change_entry, record_entry
from app.services.chronology_push import push_chronology
from app.services.disclosure import DISCLOSES, show_disclosed
from app.services.nested import page_within
from app.services.records import creating

router = APIRouter(tags=["agency-reports"])

CaseReviewId = Annotated[UUID, Path(description="The review of the case.")]
EntryId = Annotated[UUID, Path(description="The entry.")]
Read = Annotated[Caller, Requires(Scope.case_reviews_read)]
Write = Annotated[Caller, Requires(Scope.agency_reports_write)]
NARRATES = {"x-narrates": True}
OF_TEXTS = responses(UnresolvedIdentifiers, InvalidToken)
IN_ORDER = ("happened_on", "agency_id")


@router.get("/case-reviews/{case_review_id}/chronology", response_model=Page[ChronologyEntryRead])
async def list_chronology(
    caller: Read, case_review_id: CaseReviewId, filters: Annotated[ChronologyEntryFilters, Query()]
) -> Response:
    """List what happened, by day and then by agency; an agency sees its own entries."""
    return await page_within(
        caller,
        CaseReview,
        case_review_id,
        ChronologyEntryRead,
        filters,
        "t.case_review_id = $3",
        sort=IN_ORDER,
    )


@router.put(
    "/case-reviews/{case_review_id}/chronology",
    responses=OF_TEXTS,
    openapi_extra=NARRATES,
)
async def push_chronology_entries(
    caller: Write, case_review_id: CaseReviewId, body: ChronologyWrite
) -> ChronologyPushed:
    """Push up to 500 entries of your agency, each under your own reference: all, or none.

    What is on record under a reference is changed, and what was sent just so before is left as it
    is. Every entry that is refused is named by its pointer.
    """
    return await push_chronology(caller, case_review_id, body)


@router.post(
    "/chronology-entries",
    status_code=201,
    response_model=ChronologyEntryRead,
    responses=OF_TEXTS,
    openapi_extra=NARRATES,
)
async def create_chronology_entry(caller: Write, body: ChronologyEntryCreate) -> Response:
    """Record what happened, as your agency knows it."""
    async with creating(caller, ChronologyEntryRead, body) as creation:
        if creation.is_new:
            creation.id = await record_entry(creation.db, caller, body)
    return creation.response


@router.get(
    "/chronology-entries/{entry_id}",
    response_model=ChronologyEntryRead,
    responses=responses(DisclosureRefused, StepUpRequired, UndertakingRequired),
    openapi_extra=DISCLOSES,
)
async def read_chronology_entry(caller: Read, entry_id: EntryId) -> Response:
    """Read one entry."""
    return await show_disclosed(caller, ChronologyEntryRead, entry_id)


@router.patch(
    "/chronology-entries/{entry_id}",
    response_model=ChronologyEntryRead,
    responses=OF_TEXTS,
    openapi_extra=NARRATES,
)
async def update_chronology_entry(
    caller: Write, entry_id: EntryId, body: ChronologyEntryUpdate
) -> Response:
    """Change an entry of your agency, or take it back with `is_withdrawn`."""
    return await change_entry(caller, entry_id, body)
