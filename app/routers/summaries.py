"""`/audits/{audit_id}/…`: what an audit shows across agencies (Framework section 15)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.models.audits import Audit
from app.pagination import Page
from app.schemas.summaries import (
    AgencyReturnFilters,
    AgencyReturnRead,
    AuditSummaryRead,
    MatrixFilters,
    MatrixRowRead,
)
from app.services.nested import page_within
from app.services.summaries import show_summary

router = APIRouter(tags=["audit-summaries"])

AuditId = Annotated[UUID, Path(description="The audit.")]
Read = Annotated[Caller, Requires(Scope.audit_summaries_read)]
OF_AUDIT = "t.audit_id = $3"


@router.get("/audits/{audit_id}/summary", response_model=AuditSummaryRead)
async def read_audit_summary(caller: Read, audit_id: AuditId) -> Response:
    """Read who returned, and what they answered, by standard and question."""
    return await show_summary(caller, audit_id)


@router.get("/audits/{audit_id}/matrix", response_model=Page[MatrixRowRead])
async def list_audit_matrix(
    caller: Read, audit_id: AuditId, filters: Annotated[MatrixFilters, Query()]
) -> Response:
    """List agencies of the roster with their figures under every standard.

    Moderated grades are for all partners; own grades for the agency and the Board's inner roles.
    """
    return await page_within(caller, Audit, audit_id, MatrixRowRead, filters, OF_AUDIT)


@router.get("/audits/{audit_id}/returns", response_model=Page[AgencyReturnRead])
async def list_audit_returns(
    caller: Read, audit_id: AuditId, filters: Annotated[AgencyReturnFilters, Query()]
) -> Response:
    """List agencies of the roster with where their returns stand: with `missing`, who owes one."""
    return await page_within(caller, Audit, audit_id, AgencyReturnRead, filters, OF_AUDIT)
