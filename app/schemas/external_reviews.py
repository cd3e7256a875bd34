"""Reviews of others on the wire: what they found, and whether it applies here.

Framework section 16. Every text names nobody: a name is refused.
"""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.external_reviews import (
    Applicability,
    ApplicabilityJudgement,
    ExternalReview,
    ExternalReviewKind,
    ReviewConflict,
)
from app.pagination import Matches, Paging
from app.schemas.base import Code, CreateSchema, Date, Label, Prose, RecordRead, UpdateSchema
from app.sensitivity import Computed, Level

CONFLICTING = (
    "EXISTS (SELECT FROM review_conflicts c WHERE c.resolved_on IS NULL"
    " AND (c.external_review_id = t.id OR c.conflicts_with_id = t.id))"
)
NEEDS_JUDGEMENT = (
    "NOT EXISTS (SELECT FROM applicability_judgements j WHERE j.external_review_id = t.id)"
)
NEWEST = (
    "(SELECT j.applies FROM applicability_judgements j WHERE j.external_review_id = t.id"
    " ORDER BY j.id DESC LIMIT 1)"
)

Title = Annotated[Label, Field(description="Title.", examples=["Review of a neighbouring board"])]
Publisher = Annotated[
    Label, Field(description="Who published it.", examples=["A neighbouring Board"])
]
Kind = Annotated[ExternalReviewKind, Field(description="Where it comes from.")]
PublishedOn = Annotated[Date, Field(description="Day it was published.")]
Url = Annotated[
    str | None,
    Field(
        max_length=2000,
        pattern=r"^https://[A-Za-z0-9.\-]+(:[0-9]+)?(/[!-~]*)?$",
        description="Address where it is published; null where it is not online.",
        examples=["https://example.org/reviews/2017"],
    ),
]
Topic = Annotated[Label, Field(examples=["neglect"])]
Topics = Annotated[list[Topic], Field(max_length=50, description="What it is about.")]
Summary = Annotated[
    Prose,
    Field(description="What it found and asks for.", examples=["Visits were not followed up."]),
]
Reasons = Annotated[Prose, Field(description="Why.", examples=["The same pathway is in use here."])]
Explanation = Annotated[
    Prose,
    Field(
        description="What the one asks for and the other does not.",
        examples=["One asks health visitors to wait a week, the other a day."],
    ),
]
ResolvedOn = Annotated[
    Date | None, Field(description="Day on which it was settled; null while it is not.")
]
ConflictsWithId = Annotated[
    UUID | None, Field(description="The other external review; null for a recommendation of ours.")
]
RecommendationReference = Annotated[
    Code | None,
    Field(
        description="The Board's own reference of its recommendation; null for another review.",
        examples=[None],
    ),
]


class ExternalReviewCreate(CreateSchema):
    """A review of others to register."""

    title: Title
    publisher: Publisher
    kind: Kind
    published_on: PublishedOn
    url: Url = None
    topics: Topics = []
    summary: Summary


class ExternalReviewUpdate(UpdateSchema):
    """Changes to what is registered."""

    title: Title | MISSING = MISSING
    publisher: Publisher | MISSING = MISSING
    kind: Kind | MISSING = MISSING
    published_on: PublishedOn | MISSING = MISSING
    url: Url | MISSING = MISSING
    topics: Topics | MISSING = MISSING
    summary: Summary | MISSING = MISSING


class ExternalReviewRead(RecordRead, table=ExternalReview, level=Level.partnership):
    """A review that others have published, and what the Board makes of it."""

    title: Title
    publisher: Publisher
    kind: Kind
    published_on: PublishedOn
    url: Url
    topics: Topics
    summary: Summary
    applies: Annotated[
        Applicability | None,
        Computed(NEWEST),
        Field(description="Whether it applies here, as judged last; null until it is judged."),
    ]
    needs_judgement: Annotated[
        bool, Computed(NEEDS_JUDGEMENT), Field(description="Whether it has not been judged.")
    ]
    is_conflicting: Annotated[
        bool,
        Computed(CONFLICTING),
        Field(description="Whether agencies that work across boundaries are asked for two things."),
    ]


class ExternalReviewFilters(Paging):
    """Query parameters of the list."""

    kind: Annotated[
        list[ExternalReviewKind], Field(max_length=4, description="Any of these kinds.")
    ] = []
    topic: Annotated[
        Label | None, Matches("t.topics @> ARRAY[{}::text]"), Field(description="On this topic.")
    ] = None
    published_on_from: Annotated[
        Date | None, Field(description="Published on this day or later.")
    ] = None
    published_on_before: Annotated[Date | None, Field(description="Published before this day.")] = (
        None
    )
    is_conflicting: Annotated[
        bool | None,
        Matches(f"{CONFLICTING} = {{}}"),
        Field(description="Only those in conflict, or not."),
    ] = None
    needs_judgement: Annotated[
        bool | None,
        Matches(f"({NEEDS_JUDGEMENT}) = {{}}"),
        Field(description="Only those that were not judged, or were."),
    ] = None


class ApplicabilityJudgementCreate(CreateSchema):
    """What the sub group holds of a review. A later one takes its place and leaves it on record."""

    applies: Annotated[Applicability, Field(description="Whether it applies here.")]
    reasons: Reasons


class ApplicabilityJudgementRead(RecordRead, table=ApplicabilityJudgement, level=Level.partnership):
    """What the sub group held of a review of others."""

    external_review_id: Annotated[UUID, Field(description="The review.")]
    applies: Annotated[Applicability, Field(description="Whether it applies here.")]
    reasons: Reasons
    decided_on: Annotated[Date, Field(description="Day of the judgement.")]
    decided_by_id: Annotated[UUID, Field(description="Who judged, for the sub group.")]


class ApplicabilityJudgementFilters(Paging):
    """Query parameters of the list."""


class ReviewConflictCreate(CreateSchema):
    """A conflict with another review, or with a recommendation of the Board: one of the two."""

    conflicts_with_id: ConflictsWithId = None
    recommendation_reference: RecommendationReference = None
    explanation: Explanation


class ReviewConflictUpdate(UpdateSchema):
    """Changes to a conflict."""

    explanation: Explanation | MISSING = MISSING
    resolved_on: ResolvedOn | MISSING = MISSING


class ReviewConflictRead(RecordRead, table=ReviewConflict, level=Level.partnership):
    """That a review asks for other than another one, or than the Board has recommended."""

    external_review_id: Annotated[UUID, Field(description="The review.")]
    conflicts_with_id: ConflictsWithId
    recommendation_reference: RecommendationReference
    explanation: Explanation
    resolved_on: ResolvedOn


class ReviewConflictFilters(Paging):
    """Query parameters of the list."""
