"""Search on the wire (Framework section 7)."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.schemas.agency_reports import AgencyReportRead
from app.schemas.base import Code, CreateSchema, Label
from app.schemas.case_notifications import CaseNotificationRead
from app.schemas.case_reviews import CaseReviewRead
from app.schemas.chronology import ChronologyEntryRead
from app.schemas.review_decisions import DecisionRead, ReviewRecommendationRead
from app.schemas.review_work import FamilyContactRead, ReviewFindingRead
from app.schemas.reviewers import PanelMeetingRead

SEARCHED = (
    CaseReviewRead,
    CaseNotificationRead,
    AgencyReportRead,
    ChronologyEntryRead,
    ReviewRecommendationRead,
    DecisionRead,
    PanelMeetingRead,
    FamilyContactRead,
    ReviewFindingRead,
)
"""Records whose narratives are searched."""


class SearchCreate(CreateSchema):
    """Words to look for. They travel in the body, never in an address, and are not kept."""

    text: Annotated[
        Label,
        Field(
            description='Words in English, `"in a row"`, `or`, `-without`. Nobody is found by name:'
            " narratives hold none.",
            examples=["supervision handover"],
        ),
    ]
    case_id: Annotated[
        UUID | None,
        Field(description="Only in this case; null for all you may read.", examples=[None]),
    ] = None


class Found(BaseModel):
    """A narrative in which the words stand."""

    subject: Annotated[Code, Field(description="Kind of record.", examples=["case_reviews"])]
    record_id: Annotated[UUID, Field(description="The record.")]
    case_id: Annotated[UUID, Field(description="The case.")]
    member: Annotated[Code, Field(description="The narrative in it.", examples=["summary"])]


class SearchResult(BaseModel):
    """Where the words stand, best first: at most a hundred places that you may read."""

    items: Annotated[list[Found], Field(max_length=100, description="The places.")]
