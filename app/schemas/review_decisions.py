"""Criteria, recommendations and decisions of a review on the wire (section 16)."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.case_reviews import Outcome
from app.models.review_work import CriterionAnswer, Decision, Recommendation
from app.pagination import Paging
from app.schemas.base import (
    WHOLE,
    Body,
    Code,
    Date,
    Narrative,
)
from app.schemas.narratives import CaseRecordRead, NarratedCreate
from app.sensitivity import Classified, Level

OPEN = Classified(Level.partnership)
ReviewId = Annotated[UUID, OPEN, Field(description="The review.")]

Limb = Annotated[Code, Field(description="Limb of the regime's criteria.", examples=["child_died"])]
IsMet = Annotated[bool | None, Field(description="Whether it is so; null while it cannot be said.")]
Why = Annotated[
    Narrative,
    Field(description="Why it is answered so.", examples=["The hospital said so on the day."]),
]
OutcomeOf = Annotated[Outcome, Field(description="What becomes of the incident.")]
Reasons = Annotated[
    Narrative,
    Field(description="Why.", examples=["The criteria are met: abuse is known, and a death."]),
]
Dissent = Annotated[
    Narrative | None,
    Field(
        description="What those say who do not agree; null where there are none.",
        examples=["One member held that agencies had worked together well."],
    ),
]
ReasonsForDifference = Annotated[
    Narrative | None,
    Field(
        description="Why it is not as the sub group recommended; null where it is.",
        examples=["What came to light since shows that the child was known to services."],
    ),
]
Votes = Annotated[
    int | None,
    Field(
        ge=0,
        le=100,
        json_schema_extra={"format": "int32"},
        description="Votes; null where the sub group was of one mind.",
    ),
    WHOLE,
]


class LimbAnswer(Body):
    """An answer to one limb."""

    limb: Limb
    is_met: Annotated[
        bool | None,
        Field(strict=True, description="Whether it is so; null while it cannot be said."),
    ]
    reason: Why


class CriteriaAnswers(NarratedCreate):
    """The answers to every limb of the criteria of the review's regime, each once."""

    answers: Annotated[
        list[LimbAnswer], Field(min_length=1, max_length=20, description="One for each limb.")
    ]


class CriterionRead(CaseRecordRead, table=CriterionAnswer, level=Level.restricted):
    """An answer to one limb of the criteria. Earlier versions stay."""

    case_review_id: ReviewId
    version: Annotated[
        int,
        OPEN,
        Field(
            ge=1,
            le=2**31 - 1,
            json_schema_extra={"format": "int32"},
            description="Version of the answers, from 1.",
        ),
    ]
    limb: Limb
    is_met: IsMet
    reason: Why
    answered_by_id: Annotated[UUID, Field(description="Who answered.")]


class CriterionFilters(Paging):
    """Query parameters of the list."""

    version: Annotated[
        int | None,
        Field(ge=1, le=2**31 - 1, description="Only of this version.", examples=[1]),
    ] = None


class ReviewRecommendationCreate(NarratedCreate):
    """What the sub group recommends: of one mind, or by votes. Dissent is recorded."""

    outcome: OutcomeOf
    recommended_on: (
        Annotated[Date, Field(description="Day of the meeting. Absent: today.")] | MISSING
    ) = MISSING
    is_consensus: Annotated[
        bool, Field(strict=True, description="Whether the sub group was of one mind.")
    ]
    votes_for: Votes = None
    votes_against: Votes = None
    votes_abstained: Votes = None
    reasons: Reasons
    dissent: Dissent = None


class ReviewRecommendationRead(CaseRecordRead, table=Recommendation, level=Level.restricted):
    """What the sub group recommended."""

    case_review_id: ReviewId
    outcome: OutcomeOf
    recommended_on: Annotated[Date, Field(description="Day of the meeting.")]
    is_consensus: Annotated[bool, Field(description="Whether the sub group was of one mind.")]
    votes_for: Votes
    votes_against: Votes
    votes_abstained: Votes
    reasons: Reasons
    dissent: Dissent
    recorded_by_id: Annotated[UUID, Field(description="Who recorded it.")]


class DecisionCreate(NarratedCreate):
    """What the regime's decision maker decides. Another outcome than recommended says why."""

    outcome: OutcomeOf
    decided_on: (
        Annotated[
            Date,
            Field(description="Day of the decision, today at the latest. Absent: today."),
        ]
        | MISSING
    ) = MISSING
    reasons: Reasons
    reasons_for_difference: ReasonsForDifference = None


class DecisionRead(CaseRecordRead, table=Decision, level=Level.restricted):
    """What the regime's decision maker decided, for good."""

    case_review_id: ReviewId
    outcome: OutcomeOf
    decided_on: Annotated[Date, Field(description="Day of the decision.")]
    decided_by_id: Annotated[UUID, Field(description="Who decided.")]
    recommendation_id: Annotated[
        UUID | None, Field(description="The last recommendation by then; null for none.")
    ]
    differs_from_recommendation: Annotated[
        bool, Field(description="Whether the outcome is another than was recommended.")
    ]
    reasons: Reasons
    reasons_for_difference: ReasonsForDifference
