"""Notifications of incidents on the wire (Framework section 16)."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.case_reviews import CaseNotification, RegimeCode, TriggerHarm
from app.pagination import Paging
from app.schemas.base import Narrative
from app.schemas.case_reviews import AwareOn, Circumstances, Harm, IsLookedAfterChildDeath
from app.schemas.cases import OccurredOn, PersonCreate
from app.schemas.narratives import CaseRecordRead, NarratedCreate
from app.sensitivity import Classified, Level

OPEN = Classified(Level.partnership)
WhatHappened = Annotated[
    Narrative,
    Field(
        description="What happened, and what the agency knows of it. May speak of the people of"
        " the notification by name, or by label as in `[Child A]`.",
        examples=["[Child A] was brought to hospital on Monday."],
    ),
]
ImmediateAction = Annotated[
    Narrative | None,
    Field(
        description="What was done at once to keep children safe; null if nothing.",
        examples=["A strategy discussion was held the same day."],
    ),
]


class CaseNotificationCreate(NarratedCreate):
    """A serious incident that an agency notifies the Board of, with the people it is about.

    Who they are is sealed before it is stored. A resolution cannot name a person here, since
    nobody has an identifier yet: write the label instead.
    """

    people: Annotated[
        list[PersonCreate],
        Field(min_length=1, max_length=50, description="The people it is about, each once."),
    ]
    harm: Harm
    occurred_on: OccurredOn = None
    aware_on: AwareOn = None
    is_looked_after_child_death: IsLookedAfterChildDeath = False
    circumstances: WhatHappened
    immediate_action: ImmediateAction = None
    regime: (
        Annotated[
            RegimeCode,
            Field(
                description="Regime of the area, where two are in force on the day. Absent: the"
                " newest of them."
            ),
        ]
        | MISSING
    ) = MISSING


class CaseNotificationRead(CaseRecordRead, table=CaseNotification, level=Level.restricted):
    """What an agency said when it notified the Board of an incident."""

    case_review_id: Annotated[UUID, OPEN, Field(description="The review that it led to.")]
    agency_id: Annotated[UUID, OPEN, Field(description="The agency that notified.")]
    harm: Annotated[TriggerHarm | None, Field(description="What happened to the child.")]
    occurred_on: OccurredOn
    aware_on: AwareOn
    is_looked_after_child_death: Annotated[
        bool | None, Field(description="Whether a looked-after child died.")
    ]
    circumstances: Circumstances
    immediate_action: ImmediateAction


class CaseNotificationFilters(Paging):
    """Query parameters of the list."""

    case_id: Annotated[UUID | None, Field(description="Only of this case.")] = None
    agency_id: Annotated[UUID | None, Field(description="Only by this agency.")] = None
