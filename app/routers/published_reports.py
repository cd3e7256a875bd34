"""Published reports of case reviews, for everybody: nobody has to sign in (section 16)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.public import Everybody
from app.errors import responses
from app.pagination import Page
from app.schemas.published_reports import (
    PublishedReportFilters,
    PublishedReportItem,
    PublishedReportRead,
)
from app.services.published_reports import REVALIDATED, ReportWithdrawn, show_report
from app.services.records import page

router = APIRouter(tags=["published_reports"])

ReportId = Annotated[UUID, Path(description="The report.")]


@router.get("/published-reports", response_model=Page[PublishedReportItem])
async def list_published_reports(
    caller: Everybody, filters: Annotated[PublishedReportFilters, Query()]
) -> Response:
    """List published reports by the day of their publication. Those taken down are left out."""
    response = await page(
        caller, PublishedReportItem, filters, where="NOT t.is_withdrawn", sort="published_on"
    )
    response.headers["Cache-Control"] = REVALIDATED
    return response


@router.get(
    "/published-reports/{report_id}",
    response_model=PublishedReportRead,
    responses=responses(ReportWithdrawn),
)
async def read_published_report(caller: Everybody, report_id: ReportId) -> Response:
    """Read a published report. One that was taken down answers 410 with the reason."""
    return await show_report(caller, report_id)
