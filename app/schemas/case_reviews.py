"""Case reviews on the wire (Framework section 16)."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from app.models.case_reviews import (
    CaseReview,
    Methodology,
    Outcome,
    PanelResponse,
    RegimeCode,
    ReviewStatus,
    ReviewTypeCode,
    TriggerHarm,
)
from app.models.review_lifecycle import REVIEW_LIFECYCLE
from app.pagination import Paging
from app.reference.criteria import Criteria
from app.reference.regimes import regimes
from app.schemas.base import Date, Narrative
from app.schemas.narratives import CaseRecordRead, NarratedCreate, NarratedUpdate
from app.schemas.transitions import AllowedTransitions, CaseTransitionCreate
from app.sensitivity import Classified, Computed, Level

OPEN = Classified(Level.partnership)

ReviewType = Annotated[
    ReviewTypeCode,
    Field(
        description="Type of review: first that of the regime for incidents; as decided"
        " afterwards. Reviews that others run are recorded as parallel processes."
    ),
]
Regime = Annotated[
    RegimeCode,
    Field(description="Regime it began under, and keeps.", examples=["LSCB_WT2015"]),
]
Harm = Annotated[TriggerHarm, Field(description="What happened to the child.")]
NotifiedOn = Annotated[
    Date, Field(description="Day the Board or the partners were notified: clocks run from it.")
]
AwareOn = Annotated[
    Date | None,
    Field(description="Day the local authority became aware of the incident; null if unknown."),
]
IsLookedAfterChildDeath = Annotated[
    bool,
    Field(
        strict=True,
        description="Whether a looked-after child died, whatever the cause: that is notified too.",
    ),
]
MethodologyOf = Annotated[
    Methodology | None, Field(description="How it is done; null if not settled.")
]
PanelResponseOf = Annotated[
    PanelResponse | None,
    Field(description="What the national Panel answered to the rapid review; null before."),
]
Title = Annotated[
    Narrative | None,
    Field(description="What the review is called; null if not named.", examples=["Review 2017/2"]),
]
Circumstances = Annotated[
    Narrative | None,
    Field(
        description="What happened, and what is known of it; null if not written.",
        examples=["The child was found injured at home."],
    ),
]
TermsOfReference = Annotated[
    Narrative | None,
    Field(
        description="What the review asks, and of which time; null if not written.",
        examples=["How agencies worked together from January 2015 to May 2016."],
    ),
]
Summary = Annotated[
    Narrative | None,
    Field(
        description="What the review came to; null if not written.",
        examples=["Agencies did not share what each of them knew."],
    ),
]
Learning = Annotated[
    Narrative | None,
    Field(
        description="What is to be learned; null if not written.",
        examples=["Ask what other agencies know before a plan is closed."],
    ),
]


class CaseReviewCreate(NarratedCreate):
    """A review of a case. It begins in the first state of its regime."""

    case_id: Annotated[UUID, Field(description="The case.")]
    regime: (
        Annotated[
            RegimeCode,
            Field(
                description="Regime to begin under, of those in force on the day of the"
                " notification. Absent: the newest of them."
            ),
        ]
        | MISSING
    ) = MISSING
    review_type: (
        Annotated[
            ReviewTypeCode,
            Field(
                description="Type of review, of those the regime knows. Absent: what follows the"
                " notification of an incident."
            ),
        ]
        | MISSING
    ) = MISSING
    notified_on: (
        Annotated[
            Date,
            Field(description="Day of the notification, today at the latest. Absent: today."),
        ]
        | MISSING
    ) = MISSING
    harm: Harm
    aware_on: AwareOn = None
    is_looked_after_child_death: IsLookedAfterChildDeath = False
    title: Title = None
    circumstances: Circumstances = None


class CaseReviewUpdate(NarratedUpdate):
    """Changes to a review. What was decided changes by decisions alone."""

    harm: Harm | MISSING = MISSING
    aware_on: AwareOn | MISSING = MISSING
    methodology: MethodologyOf | MISSING = MISSING
    panel_response: PanelResponseOf | MISSING = MISSING
    title: Title | MISSING = MISSING
    circumstances: Circumstances | MISSING = MISSING
    terms_of_reference: TermsOfReference | MISSING = MISSING
    summary: Summary | MISSING = MISSING
    learning: Learning | MISSING = MISSING


def criteria_met() -> str:
    """Write the result of the current answers over `t`: null while open limbs matter.

    SQL knows three truths as `Criteria.met` does.
    """
    branches = " ".join(
        f"WHEN '{each.code}' THEN {_all_limbs(each.criteria)}" for each in regimes().values()
    )
    return (
        f"(SELECT CASE t.regime {branches} END FROM (SELECT"
        " coalesce(jsonb_object_agg(c.limb, c.is_met), '{}') AS answers"
        " FROM case_review_criteria c WHERE c.case_review_id = t.id"
        " AND c.version = t.criteria_version) a)"
    )


def _all_limbs(criteria: Criteria) -> str:
    together = (
        " AND ".join(f"(a.answers ->> '{limb}')::boolean" for limb in limbs)
        for limbs in criteria.met_when
    )
    return "(" + " OR ".join(f"({each})" for each in together) + ")"


class CaseReviewRead(CaseRecordRead, table=CaseReview, level=Level.restricted):
    """The review of an incident, from its notification on."""

    review_type: Annotated[ReviewType, OPEN]
    regime: Annotated[Regime, OPEN]
    status: Annotated[ReviewStatus, OPEN, Field(description="Where it stands.")]
    harm: Annotated[TriggerHarm | None, Field(description="What happened to the child.")]
    notified_on: Annotated[
        Date | None, Field(description="Day the Board or the partners were notified.")
    ]
    aware_on: AwareOn
    is_looked_after_child_death: Annotated[
        bool | None, Field(description="Whether a looked-after child died.")
    ]
    methodology: MethodologyOf
    panel_response: PanelResponseOf
    criteria_version: Annotated[
        int | None,
        Field(
            ge=0,
            le=2**31 - 1,
            json_schema_extra={"format": "int32"},
            description="How often the criteria were answered; 0 before the first time.",
        ),
    ]
    criteria_met: Annotated[
        bool | None,
        Computed(criteria_met()),
        Field(
            description="Whether the answers in force meet the criteria of the statutory review;"
            " null while that is open. It decides nothing: the decision maker does."
        ),
    ]
    outcome: Annotated[
        Outcome | None, Field(description="What was decided; null before the decision.")
    ]
    decided_on: Annotated[Date | None, Field(description="Day of the decision; null before.")]
    initiated_on: Annotated[
        Date | None, Field(description="Day the review was commissioned; null before.")
    ]
    title: Title
    circumstances: Circumstances
    terms_of_reference: TermsOfReference
    summary: Summary
    learning: Learning
    allowed_transitions: Annotated[AllowedTransitions, OPEN, Computed(REVIEW_LIFECYCLE.allowed)]


class CaseReviewFilters(Paging):
    """Query parameters of the list."""

    case_id: Annotated[UUID | None, Field(description="Only of this case.")] = None
    status: Annotated[
        list[ReviewStatus], Field(max_length=40, description="Standing in any of these.")
    ] = []
    review_type: Annotated[
        list[ReviewTypeCode], Field(max_length=10, description="Of any of these types.")
    ] = []
    regime: Annotated[
        list[RegimeCode], Field(max_length=10, description="Under any of these regimes.")
    ] = []


class CaseReviewTransitionCreate(CaseTransitionCreate):
    """A move of a review."""

    to: Annotated[ReviewStatus, Field(description="State to move to.", examples=["triage"])]
