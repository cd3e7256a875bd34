"""Reference data: regimes of case reviews, legal gateways, retention rules, working days.

The product ships it, the same for everybody (Framework sections 7 and 16).
"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import responses
from app.pagination import Page, Paging
from app.reference.gateways import gateways_on, legal_values
from app.reference.regimes import regimes, regimes_on
from app.reference.retention_rules import retention_schedule
from app.reference.working_days import BeyondCalendar
from app.schemas.base import Code
from app.schemas.legal_gateways import LegalGatewayRead
from app.schemas.regimes import RegimeRead, ValidOnFilters
from app.schemas.retention_rules import RetentionRuleRead
from app.schemas.working_days import WorkingDaysAsked, WorkingDaysRead
from app.services.shipped import page_of, show_due_date, show_shipped

router = APIRouter(tags=["reference"])

RegimeCode = Annotated[Code, Path(description="The regime.", examples=["LSCB_WT2015"])]
Read = Annotated[Caller, Requires(Scope.reference_read)]


@router.get("/regimes", response_model=Page[RegimeRead])
async def list_regimes(caller: Read, filters: Annotated[ValidOnFilters, Query()]) -> Response:
    """List regimes of case reviews, oldest first; on a day of transition there are two."""
    day = filters.valid_on
    found = [*regimes().values()] if day is None else regimes_on(day)[::-1]
    return await page_of(caller, RegimeRead, found, filters)


@router.get("/regimes/{regime_code}", response_model=RegimeRead)
async def read_regime(caller: Read, regime_code: RegimeCode) -> Response:
    """Read who decides in a regime, and its types of review, clocks and criteria."""
    return await show_shipped(caller, RegimeRead, regimes().get(regime_code))


@router.get("/legal-gateways", response_model=Page[LegalGatewayRead])
async def list_legal_gateways(
    caller: Read, filters: Annotated[ValidOnFilters, Query()]
) -> Response:
    """List the legal grounds for sharing information."""
    day = filters.valid_on
    found = [*legal_values().gateways] if day is None else gateways_on(day)
    return await page_of(caller, LegalGatewayRead, found, filters)


@router.get("/retention-rules", response_model=Page[RetentionRuleRead])
async def list_retention_rules(caller: Read, filters: Annotated[Paging, Query()]) -> Response:
    """List how long records of each class are kept where no area has rules of its own."""
    return await page_of(caller, RetentionRuleRead, retention_schedule().rules, filters)


@router.get("/working-days", response_model=WorkingDaysRead, responses=responses(BeyondCalendar))
async def find_due_date(caller: Read, asked: Annotated[WorkingDaysAsked, Query()]) -> Response:
    """Find the day that lies so many working days of England after a day, or before it.

    The day itself is never counted, the day found is. Bank holidays are known for the years from
    2010 to 2028; a period that leaves them is refused.
    """
    return await show_due_date(caller, asked)
