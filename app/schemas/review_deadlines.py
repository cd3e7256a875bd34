"""Deadlines of a review on the wire: clocks of the regime that run (section 16)."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.review_work import Deadline
from app.pagination import Matches, Paging
from app.schemas.base import Code, Date, RecordRead, UpdateSchema
from app.schemas.review_decisions import ReviewId
from app.sensitivity import Computed, Level

OVERDUE = (
    "(t.met_on IS NULL AND NOT t.is_earliest"
    " AND t.due_on < (now() AT TIME ZONE 'Europe/London')::date)"
)
MetOn = Annotated[
    Date | None, Field(description="Day it was done; null while it is not.", examples=[None])
]


class DeadlineUpdate(UpdateSchema):
    """That what a clock counts was done."""

    met_on: MetOn | MISSING = MISSING


class DeadlineRead(RecordRead, table=Deadline, level=Level.partnership):
    """A clock of the regime that runs for a review. It is for the team of the case."""

    case_id: Annotated[UUID, Field(description="The case.")]
    case_review_id: ReviewId
    clock: Annotated[
        Code, Field(description="Clock of the regime, by its id.", examples=["CHAIR_DECISION"])
    ]
    recipient: Annotated[
        Code | None,
        Field(description="Body that is to be told; null for none.", examples=["ofsted"]),
    ]
    starts_on: Annotated[Date, Field(description="Day it counts from.")]
    due_on: Annotated[Date, Field(description="Last day in time, or the first: `is_earliest`.")]
    is_earliest: Annotated[
        bool, Field(description="Whether `due_on` is the first day on which it may be done.")
    ]
    met_on: MetOn
    is_overdue: Annotated[
        bool,
        Computed(OVERDUE),
        Field(description="Whether its day is past and it is not done; worked out."),
    ]


class DeadlineFilters(Paging):
    """Query parameters of the list."""

    clock: Annotated[Code | None, Field(description="Only of this clock.")] = None
    is_overdue: Annotated[
        bool | None,
        Matches(f"{OVERDUE} = {{}}"),
        Field(description="Only what is overdue, or what is not."),
    ] = None
