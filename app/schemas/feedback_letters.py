"""Letters of the Board to agencies on the wire: what is on record of a period (section 9)."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.feedback import LETTER_LIFECYCLE, FeedbackLetter, LetterStatus
from app.pagination import Paging
from app.schemas.base import Body, Code, CreateSchema, Date, Label, Prose, RecordRead, UpdateSchema
from app.schemas.transitions import AllowedTransitions, TransitionCreate
from app.sensitivity import Computed, Level

AgencyId = Annotated[UUID, Field(description="The agency.")]
PeriodFrom = Annotated[Date, Field(description="First day of the period.")]
PeriodTo = Annotated[Date, Field(description="Last day of the period.")]
Message = Annotated[
    Prose | None,
    Field(description="What the Board adds; null for nothing.", examples=["Thank you all."]),
]
Count = Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})]


class LetterGrade(Body):
    """How often an agency has a grade in one audit, as moderated where it was."""

    audit_id: Annotated[UUID, Field(description="The audit.")]
    audit_title: Annotated[Label, Field(description="Its title.")]
    grade: Annotated[Code, Field(description="The grade.", examples=["met"])]
    answers: Annotated[Count, Field(description="Answers with it.")]


class LetterContents(Body):
    """What a letter tells of an agency's period, as it stood when the letter was drafted."""

    grades: Annotated[
        list[LetterGrade],
        Field(max_length=1000, description="Grades of returns moderated by then."),
    ]
    good_practice: Annotated[Count, Field(description="Good practice it shared in the period.")]
    shared_findings: Annotated[
        list[Label],
        Field(max_length=200, description="Titles of findings on it that all partners read."),
    ]
    open_actions: Annotated[Count, Field(description="Actions of it that are not closed.")]
    overdue_actions: Annotated[Count, Field(description="Of these, those past their day.")]
    outstanding_receipts: Annotated[Count, Field(description="Briefings it has not attested.")]
    outstanding_obligations: Annotated[Count, Field(description="What it owes otherwise.")]


class FeedbackLetterCreate(CreateSchema):
    """A letter to draft: what it says of the period is put together here."""

    agency_id: AgencyId
    period_from: PeriodFrom
    period_to: PeriodTo
    message: Message = None


class FeedbackLetterUpdate(UpdateSchema):
    """Changes to a draft."""

    message: Message | MISSING = MISSING


class FeedbackLetterRead(RecordRead, table=FeedbackLetter, level=Level.partnership):
    """What the Board tells an agency of its period. Nobody else reads it."""

    agency_id: AgencyId
    period_from: PeriodFrom
    period_to: PeriodTo
    contents: Annotated[LetterContents, Field(description="As it stood when it was drafted.")]
    message: Message
    issued_on: Annotated[Date | None, Field(description="Day it was issued; null until then.")]
    acknowledged_on: Annotated[
        Date | None, Field(description="Day the agency acknowledged it; null until then.")
    ]
    status: Annotated[LetterStatus, Field(description="Where it stands.")]
    allowed_transitions: Annotated[AllowedTransitions, Computed(LETTER_LIFECYCLE.allowed)]


class FeedbackLetterFilters(Paging):
    """Query parameters of the list."""

    agency_id: Annotated[UUID | None, Field(description="Only to this agency.")] = None
    status: Annotated[
        list[LetterStatus], Field(max_length=3, description="Standing in any of these.")
    ] = []


class FeedbackLetterTransitionCreate(TransitionCreate):
    """A move of a letter."""

    to: Annotated[LetterStatus, Field(description="State to move to.", examples=["issued"])]
