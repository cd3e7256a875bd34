"""Who works on a review on the wire: its reviewers and its panel (section 16)."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.review_work import PanelMeeting, Reviewer
from app.schemas.base import Date, Narrative
from app.schemas.narratives import CaseRecordRead, NarratedCreate, NarratedUpdate
from app.schemas.review_decisions import ReviewId
from app.sensitivity import Classified, Level

OPEN = Classified(Level.partnership)

UserId = Annotated[UUID, Field(description="The reviewer, who signs in.")]
StartsOn = Annotated[Date, Field(description="First day of the appointment.")]
EndsOn = Annotated[
    Date | None, Field(description="Last day of the appointment; null while it lasts.")
]
Independence = Annotated[
    Narrative,
    Field(
        description="Declares independence of the agencies involved, and of the case.",
        examples=["Has never worked for an agency of this area."],
    ),
]
Conflicts = Annotated[
    Narrative,
    Field(
        description="Declares conflicts of interest, or that there are none.",
        examples=["None to declare."],
    ),
]
HeldOn = Annotated[Date, Field(description="Day of the meeting.")]
IsQuorate = Annotated[bool, Field(description="Whether enough members were there.")]
AttendeeIds = Annotated[
    list[UUID], Field(max_length=100, description="Who was there, of those who sign in.")
]
Minutes = Annotated[
    Narrative | None,
    Field(description="Minutes; null until written.", examples=["The panel agreed the terms."]),
]


class ReviewerCreate(NarratedCreate):
    """Somebody to lead the review, with what is declared before. Joins the team of the case."""

    user_id: UserId
    starts_on: Annotated[Date, Field(description="First day. Absent: today.")] | MISSING = MISSING
    independence: Independence
    conflicts: Conflicts


class ReviewerUpdate(NarratedUpdate):
    """Changes to an appointment. With its last day the reviewer leaves the team of the case."""

    ends_on: EndsOn | MISSING = MISSING
    independence: Independence | MISSING = MISSING
    conflicts: Conflicts | MISSING = MISSING


class ReviewerRead(CaseRecordRead, table=Reviewer, level=Level.restricted):
    """Who leads a review, and what was declared."""

    case_review_id: ReviewId
    user_id: Annotated[UserId, OPEN]
    starts_on: StartsOn
    ends_on: EndsOn
    independence: Independence
    conflicts: Conflicts


class PanelMeetingCreate(NarratedCreate):
    """A meeting of the panel."""

    held_on: HeldOn
    is_quorate: Annotated[
        bool, Field(strict=True, description="Whether enough members were there.")
    ]
    attendee_ids: AttendeeIds = []
    minutes: Minutes = None


class PanelMeetingUpdate(NarratedUpdate):
    """Changes to a meeting of the panel."""

    held_on: HeldOn | MISSING = MISSING
    is_quorate: (
        Annotated[bool, Field(strict=True, description="Whether enough members were there.")]
        | MISSING
    ) = MISSING
    attendee_ids: AttendeeIds | MISSING = MISSING
    minutes: Minutes | MISSING = MISSING


class PanelMeetingRead(CaseRecordRead, table=PanelMeeting, level=Level.restricted):
    """A meeting of the panel of a review."""

    case_review_id: ReviewId
    held_on: HeldOn
    is_quorate: IsQuorate
    attendee_ids: AttendeeIds
    minutes: Minutes
