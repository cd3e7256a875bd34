"""Feedback on the wire: what was said, and what was done about it (Framework section 8).

Every text names nobody: a name is refused.
"""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.feedback import (
    FEEDBACK_LIFECYCLE,
    FeedbackItem,
    FeedbackSource,
    FeedbackStatus,
)
from app.pagination import Paging
from app.schemas.base import (
    CreateSchema,
    Date,
    Prose,
    ReadSchema,
    RecordRead,
    UpdateSchema,
)
from app.schemas.transitions import AllowedTransitions, TransitionCreate
from app.sensitivity import Computed, Level

Source = Annotated[FeedbackSource, Field(description="Who fed back.")]
AgencyOfFeedback = Annotated[
    UUID | None, Field(description="The agency that fed back, or whose users did; null for none.")
]
ReceivedOn = Annotated[Date, Field(description="Day it was received.")]
Text = Annotated[
    Prose, Field(description="What was said.", examples=["Nobody told us what came of it."])
]
RecommendationId = Annotated[
    UUID | None, Field(description="The recommendation it bears on; null for none.")
]
ActionId = Annotated[UUID | None, Field(description="The action it bears on; null for none.")]
YouSaid = Annotated[
    Prose | None,
    Field(description="What was said, for all to read.", examples=["You want to hear back."]),
]
WeDid = Annotated[
    Prose | None,
    Field(description="What was done about it.", examples=["Every referral gets an answer."]),
]
PublishedOn = Annotated[Date | None, Field(description="Day it was published; null until then.")]


class FeedbackCreate(CreateSchema):
    """Feedback to record: what was said, in words that name nobody."""

    source: Source
    agency_id: AgencyOfFeedback = None
    received_on: ReceivedOn
    text: Text
    recommendation_id: RecommendationId = None
    action_id: ActionId = None


class FeedbackUpdate(UpdateSchema):
    """What it bears on, and what came of it."""

    recommendation_id: RecommendationId | MISSING = MISSING
    action_id: ActionId | MISSING = MISSING
    you_said: YouSaid | MISSING = MISSING
    we_did: WeDid | MISSING = MISSING


class FeedbackRead(RecordRead, table=FeedbackItem, level=Level.partnership):
    """What users or agencies told the Board, and what came of it."""

    source: Source
    agency_id: AgencyOfFeedback
    received_on: ReceivedOn
    text: Text
    recommendation_id: RecommendationId
    action_id: ActionId
    you_said: YouSaid
    we_did: WeDid
    published_on: PublishedOn
    status: Annotated[FeedbackStatus, Field(description="Where it stands.")]
    allowed_transitions: Annotated[AllowedTransitions, Computed(FEEDBACK_LIFECYCLE.allowed)]


class FeedbackFilters(Paging):
    """Query parameters of the list."""

    source: Annotated[
        list[FeedbackSource], Field(max_length=5, description="From any of these.")
    ] = []
    status: Annotated[
        list[FeedbackStatus], Field(max_length=4, description="Standing in any of these.")
    ] = []
    recommendation_id: Annotated[
        UUID | None, Field(description="Bearing on this recommendation.")
    ] = None
    action_id: Annotated[UUID | None, Field(description="Bearing on this action.")] = None


class FeedbackTransitionCreate(TransitionCreate):
    """A move of feedback."""

    to: Annotated[FeedbackStatus, Field(description="State to move to.", examples=["considered"])]


class YouSaidWeDidRead(ReadSchema, table=FeedbackItem, level=Level.public):
    """What people said and what was done about it, as published."""

    id: Annotated[UUID, Field(description="Identifier of the feedback.")]
    source: Source
    you_said: YouSaid
    we_did: WeDid
    published_on: PublishedOn


class YouSaidWeDidFilters(Paging):
    """Query parameters of the list."""
