"""Published reports for everybody: those taken down answer that they are gone, and why.

Framework section 16.
"""

from http import HTTPStatus
from uuid import UUID

from fastapi import Response

from app.access.caller import ENTER, Caller
from app.errors import ApiError, NotFound, Problem
from app.schemas.published_reports import PublishedReportRead
from app.services.records import show

REASON = f"""{ENTER} SELECT w.public_reason FROM caller LEFT JOIN LATERAL (
    SELECT public_reason FROM report_withdrawals
    WHERE report_id = $3 AND caller.id IS NOT NULL) w ON true"""
REVALIDATED = "public, no-cache"
"""Caches ask each time whether it is still there."""


class ReportWithdrawn(ApiError):  # noqa: N818 - an error is named after what went wrong
    """The report was taken down; `detail` says why."""

    status, code = HTTPStatus.GONE, "report_withdrawn"

    def __init__(self, reason: str | None = None) -> None:
        super().__init__()
        self.reason = reason

    def problem(self, request_id: str) -> Problem:
        """Describe the refusal with what the public is told."""
        said = super().problem(request_id)
        return said.model_copy(update={"detail": self.reason}) if self.reason else said


async def show_report(caller: Caller, report_id: UUID) -> Response:
    """Answer with a published report. Raises `ReportWithdrawn`, and `NotFound`."""
    try:
        response = await show(caller, PublishedReportRead, report_id)
    except NotFound:
        row = await caller.fetchrow(REASON, report_id)
        if row is None or row["public_reason"] is None:
            raise
        raise ReportWithdrawn(row["public_reason"]) from None
    response.headers["Cache-Control"] = REVALIDATED
    return response
