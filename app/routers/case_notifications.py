"""`/case-notifications`: an agency tells the Board of a serious incident (Framework section 16)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import DisclosureRefused, StepUpRequired, UndertakingRequired, responses
from app.pagination import Page
from app.privacy.errors import InvalidToken, LabelIdentifies, UnresolvedIdentifiers
from app.reference.regimes import NoRegime
from app.schemas.case_notifications import (
    CaseNotificationCreate,
    CaseNotificationFilters,
    CaseNotificationRead,
)
from app.services.disclosure import DISCLOSES, show_disclosed
from app.services.notifications import notify
from app.services.records import creating, page

router = APIRouter(tags=["case-notifications"])

NotificationId = Annotated[UUID, Path(description="The notification.")]
Read = Annotated[Caller, Requires(Scope.case_reviews_read)]
Notify = Annotated[Caller, Requires(Scope.case_notifications_write)]


@router.get("/case-notifications", response_model=Page[CaseNotificationRead])
async def list_case_notifications(
    caller: Read, filters: Annotated[CaseNotificationFilters, Query()]
) -> Response:
    """List notifications of incidents, newest first; an agency sees its own."""
    return await page(caller, CaseNotificationRead, filters)


@router.post(
    "/case-notifications",
    status_code=201,
    response_model=CaseNotificationRead,
    responses=responses(UnresolvedIdentifiers, InvalidToken, LabelIdentifies, NoRegime),
    openapi_extra={"x-narrates": True},
)
async def create_case_notification(caller: Notify, body: CaseNotificationCreate) -> Response:
    """Notify the Board of a serious incident, as an agency, with the people it is about.

    Opens the case and its review. Who the people are is sealed; what you write of them is kept
    with their labels. A system needs the scope `cases:read` besides.
    """
    async with creating(caller, CaseNotificationRead, body) as creation:
        if creation.is_new:
            creation.id = await notify(creation.db, caller, body)
    return creation.response


@router.get(
    "/case-notifications/{notification_id}",
    response_model=CaseNotificationRead,
    responses=responses(DisclosureRefused, StepUpRequired, UndertakingRequired),
    openapi_extra=DISCLOSES,
)
async def read_case_notification(caller: Read, notification_id: NotificationId) -> Response:
    """Read one notification; under a `Disclosure-Grant`, who its people are."""
    return await show_disclosed(caller, CaseNotificationRead, notification_id)
