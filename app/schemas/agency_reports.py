"""Reports of agencies on a case under review, on the wire (Framework section 16)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.agency_reports import REPORT_LIFECYCLE, AgencyReport, ReportStatus
from app.pagination import Matches, Paging
from app.schemas.base import WHOLE, CreateSchema, Date, Narrative
from app.schemas.narratives import CaseRecordRead, NarratedUpdate
from app.schemas.transitions import AllowedTransitions, CaseTransitionCreate
from app.sensitivity import Classified, Computed, Level

OPEN = Classified(Level.partnership)
OVERDUE = (
    "t.status IN ('requested', 'in_progress', 'agency_signed_off', 'returned')"
    " AND t.due_on < (now() AT TIME ZONE 'Europe/London')::date"
)

CaseReviewId = Annotated[UUID, Field(description="The review of the case.")]
AgencyId = Annotated[UUID, Field(description="The agency that reports.")]
WorkingDays = Annotated[
    int,
    Field(
        ge=1,
        le=120,
        json_schema_extra={"format": "int32"},
        description="Working days from the request to the report.",
    ),
    WHOLE,
]
Involvement = Annotated[
    Narrative | None,
    Field(
        description="What the agency had to do with the family.",
        examples=["Visits from birth to school age."],
    ),
]
Analysis = Annotated[
    Narrative | None,
    Field(description="Why it acted as it did.", examples=["Records of two teams were apart."]),
]
GoodPractice = Annotated[
    Narrative | None, Field(description="What went well.", examples=["The child was seen alone."])
]
Learning = Annotated[
    Narrative | None,
    Field(description="What is to be learned.", examples=["Missed visits need a second look."]),
]
WhatDifference = Annotated[
    Narrative | None,
    Field(
        description="What difference it will make to children.",
        examples=["Nobody waits more than a week."],
    ),
]


class AgencyReportCreate(CreateSchema):
    """A report to ask an agency for that takes part in the case."""

    case_review_id: CaseReviewId
    agency_id: AgencyId
    working_days: WorkingDays = 20


class AgencyReportUpdate(NarratedUpdate):
    """Changes to the texts of a report, as its agency."""

    involvement: Involvement | MISSING = MISSING
    analysis: Analysis | MISSING = MISSING
    good_practice: GoodPractice | MISSING = MISSING
    learning: Learning | MISSING = MISSING
    what_difference: WhatDifference | MISSING = MISSING


class AgencyReportRead(CaseRecordRead, table=AgencyReport, level=Level.restricted):
    """What one agency reports to one review."""

    case_review_id: Annotated[CaseReviewId, OPEN]
    agency_id: Annotated[AgencyId, OPEN]
    working_days: Annotated[WorkingDays, OPEN]
    due_on: Annotated[Date, OPEN, Field(description="Last day for the report.")]
    status: Annotated[ReportStatus, OPEN, Field(description="Where it stands.")]
    is_overdue: Annotated[
        bool,
        OPEN,
        Computed(f"({OVERDUE})"),
        Field(description="Whether it is owed and its last day has passed."),
    ]
    involvement: Involvement
    analysis: Analysis
    good_practice: GoodPractice
    learning: Learning
    what_difference: WhatDifference
    author_ids: Annotated[
        list[UUID] | None,
        Field(max_length=1000, description="Who wrote it, the last one at the end."),
    ]
    requested_by_id: Annotated[UUID, OPEN, Field(description="Who asked for it.")]
    signed_off_by_id: Annotated[
        UUID | None, Field(description="Who signed it off for the agency; null until then.")
    ]
    signed_off_at: Annotated[
        datetime | None, Field(description="When it was signed off; null until then.")
    ]
    submitted_on: Annotated[
        Date | None, OPEN, Field(description="Day it was last submitted; null until then.")
    ]
    times_returned: Annotated[
        int,
        OPEN,
        Field(
            ge=0,
            lt=2**15,
            json_schema_extra={"format": "int32"},
            description="How often it was returned.",
        ),
    ]
    allowed_transitions: Annotated[AllowedTransitions, OPEN, Computed(REPORT_LIFECYCLE.allowed)]


class AgencyReportFilters(Paging):
    """Query parameters of the list."""

    case_id: Annotated[UUID | None, Field(description="On this case.")] = None
    case_review_id: Annotated[UUID | None, Field(description="To this review.")] = None
    agency_id: Annotated[UUID | None, Field(description="Of this agency.")] = None
    status: Annotated[
        list[ReportStatus], Field(max_length=6, description="In any of these states.")
    ] = []
    is_overdue: Annotated[
        bool | None,
        Matches(f"({OVERDUE}) = {{}}"),
        Field(description="Only those that are overdue, or are not."),
    ] = None


class AgencyReportTransitionCreate(CaseTransitionCreate):
    """A move of a report."""

    to: Annotated[ReportStatus, Field(description="State to move to.", examples=["submitted"])]
