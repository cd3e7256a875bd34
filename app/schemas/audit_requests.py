"""Audits that the Board asks agencies for, on the wire (Framework section 15)."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.feedback import AUDIT_REQUEST_LIFECYCLE, AuditRequest, AuditRequestStatus
from app.pagination import Paging
from app.schemas.base import Code, CreateSchema, Date, Label, Prose, RecordRead, UpdateSchema
from app.schemas.transitions import AllowedTransitions, DecidedTransitionCreate
from app.sensitivity import Computed, Level

AgencyId = Annotated[UUID, Field(description="The agency.")]
BodyId = Annotated[UUID, Field(description="The body that asks, and considers the plan.")]
Title = Annotated[Label, Field(description="Title.", examples=["Review of missed visits"])]
Area = Annotated[
    Prose, Field(description="What is to be audited or reviewed.", examples=["Missed visits."])
]
Gateway = Annotated[
    Code,
    Field(
        description="Legal gateway, by its code in `/v1/legal-gateways`; one that the Board may use"
        " today.",
        examples=["ca2004_s16H"],
    ),
]
DueOn = Annotated[Date, Field(description="Day by which the agency reports.")]
Findings = Annotated[
    Prose | None,
    Field(description="What the agency found; null until it has.", examples=["Visits are kept."]),
]
ActionPlan = Annotated[
    Prose | None,
    Field(description="What it does about it; null until then.", examples=["Alerts are added."]),
]
ImplementedBy = Annotated[
    Date | None, Field(description="Day by which the plan is carried out; null until then.")
]


class AuditRequestCreate(CreateSchema):
    """An audit or review to ask an agency for."""

    agency_id: AgencyId
    body_id: BodyId
    title: Title
    area: Area
    gateway: Gateway
    due_on: DueOn


class AuditRequestUpdate(UpdateSchema):
    """What the agency reports: findings, its plan, and by when it is carried out."""

    findings: Findings | MISSING = MISSING
    action_plan: ActionPlan | MISSING = MISSING
    implemented_by: ImplementedBy | MISSING = MISSING


class AuditRequestRead(RecordRead, table=AuditRequest, level=Level.partnership):
    """That the Board asked an agency to audit or review an area, and what came of it."""

    agency_id: AgencyId
    body_id: BodyId
    title: Title
    area: Area
    gateway: Gateway
    due_on: DueOn
    findings: Findings
    action_plan: ActionPlan
    implemented_by: ImplementedBy
    status: Annotated[AuditRequestStatus, Field(description="Where it stands.")]
    allowed_transitions: Annotated[AllowedTransitions, Computed(AUDIT_REQUEST_LIFECYCLE.allowed)]


class AuditRequestFilters(Paging):
    """Query parameters of the list."""

    agency_id: Annotated[UUID | None, Field(description="Only to this agency.")] = None
    status: Annotated[
        list[AuditRequestStatus], Field(max_length=6, description="Standing in any of these.")
    ] = []
    due_on_before: Annotated[Date | None, Field(description="Due before this day.")] = None


class AuditRequestTransitionCreate(DecidedTransitionCreate):
    """A move of a request."""

    to: Annotated[AuditRequestStatus, Field(description="State to move to.", examples=["accepted"])]
