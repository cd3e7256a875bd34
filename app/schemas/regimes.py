"""Regimes of case reviews on the wire: who decides, which reviews, clocks and criteria there are.

They are shipped with the product, the same for everybody, and change with its version only.
"""

from typing import Annotated

from pydantic import BaseModel, Field

from app.pagination import Paging
from app.reference.clocks import (
    ClockBound,
    ClockDirection,
    ClockTrigger,
    ClockUnit,
    Strictness,
)
from app.reference.regimes import Decides
from app.reference.review_types import ReviewHandling, ReviewLifecycle
from app.reference.shipped import SourceCertainty
from app.schemas.base import Code, Date, Label
from app.schemas.health import Said

Sentence = Annotated[str, Field(min_length=1, max_length=400, pattern="^[^\\u0000]+$")]
FirstDay = Annotated[Date | None, Field(description="First day; null where no bound is known.")]
LastDay = Annotated[
    Date | None, Field(description="Last day, inclusive; null where it has no end, or none known.")
]
Source = Annotated[Sentence, Field(description="Where it comes from.")]
Certain = Annotated[
    SourceCertainty,
    Field(
        description="How well it is known: read in a document, read on a public page, or believed:"
        " then confirm it before you rely on it."
    ),
]


class RecipientRead(Said):
    """A body that is told of something."""

    code: Annotated[Code, Field(description="The body.", examples=["ofsted"])]
    title: Annotated[Sentence, Field(description="In words.", examples=["Ofsted"])]


class ReviewTypeRead(Said):
    """A type of review that a regime knows."""

    code: Annotated[Code, Field(description="The type.", examples=["scr"])]
    title: Annotated[Label, Field(description="In words.", examples=["Serious case review"])]
    handling: Annotated[
        ReviewHandling,
        Field(description="Whether it is run here, or run elsewhere and only referred to."),
    ]
    run_by: Annotated[Sentence, Field(description="Who runs it.")]
    source: Source


class DecisionMakerRead(Said):
    """Who decides whether there is a statutory review."""

    code: Annotated[Code, Field(description="Who.", examples=["independent_chair"])]
    title: Annotated[Sentence, Field(description="In words.", examples=["Independent Chair"])]
    decides: Annotated[Decides, Field(description="Alone, or several who must agree.")]
    roles: Annotated[
        list[Code],
        Field(max_length=10, description="Roles that may record it.", examples=[["chair"]]),
    ]


class ClockRead(Said):
    """A statutory period: what is due when, and to whom."""

    id: Annotated[Code, Field(description="Name of the clock.", examples=["RAPID_REVIEW"])]
    title: Annotated[Sentence, Field(description="What is due, or allowed, on the day.")]
    trigger: Annotated[ClockTrigger, Field(description="Event whose day it counts from.")]
    direction: Annotated[ClockDirection, Field(description="On from the event, or back from it.")]
    offset: Annotated[
        int | None,
        Field(
            ge=1,
            le=1000,
            description="How many `unit`s; null where no period is stated: at once.",
            examples=[15],
        ),
    ]
    unit: Annotated[
        ClockUnit | None,
        Field(description="What is counted; working days are England's. Null as `offset` is."),
    ]
    bound: Annotated[
        ClockBound, Field(description="Whether the day is the last in time, or the first.")
    ]
    strictness: Annotated[
        Strictness, Field(description="Bound by statute, by statutory guidance, or an aim.")
    ]
    recipients: Annotated[
        list[RecipientRead],
        Field(max_length=10, description="Who is told; empty for nobody outside."),
    ]
    certainty: Certain


class LimbRead(Said):
    """One question of criteria, put so that yes speaks for a review."""

    code: Annotated[Code, Field(description="The limb.", examples=["abuse_or_neglect"])]
    text: Annotated[Sentence, Field(description="The limb in the words of its source.")]
    source: Source


class CriteriaRead(Said):
    """Criteria, limb by limb. The service shows what answers come to; a human decides."""

    code: Annotated[Code, Field(description="Name.", examples=["lscb_regulation_5_2"])]
    title: Annotated[Label, Field(description="What they are for.")]
    limbs: Annotated[list[LimbRead], Field(max_length=50, description="The limbs.")]
    met_when: Annotated[
        list[Annotated[list[Code], Field(min_length=1, max_length=50)]],
        Field(
            max_length=50,
            description="Combinations of limbs: the criteria are met when every limb of one of them"
            " is answered with yes.",
            examples=[[["abuse_or_neglect", "child_died"], ["died_in_custody"]]],
        ),
    ]
    source: Source
    certainty: Certain


class RegimeRead(Said):
    """The law and guidance that case reviews follow for a time."""

    code: Annotated[Code, Field(description="Name of the regime.", examples=["LSCB_WT2015"])]
    title: Annotated[Label, Field(description="Title.")]
    body: Annotated[Sentence, Field(description="The body in charge.")]
    valid_from: Annotated[Date, Field(description="First day.", examples=["2015-03-26"])]
    valid_to: LastDay
    transition_to: Annotated[
        Date | None,
        Field(
            description="Last day on which a review may begin under it in an area that has not"
            " moved on; null where there is no transition."
        ),
    ]
    running_to: Annotated[
        Date | None,
        Field(description="Last day for reviews that began under it; null where none is set."),
    ]
    lifecycle: Annotated[ReviewLifecycle, Field(description="The path a review takes first.")]
    decision_maker: Annotated[DecisionMakerRead, Field(description="Who decides.")]
    statutory_review: Annotated[Code, Field(description="Its statutory type of review.")]
    review_types: Annotated[list[ReviewTypeRead], Field(max_length=50, description="Its types.")]
    notified_bodies: Annotated[
        list[RecipientRead],
        Field(max_length=10, description="Who is told of incidents and decisions."),
    ]
    yearly_report: Annotated[Sentence, Field(description="The yearly report.")]
    clocks: Annotated[list[ClockRead], Field(max_length=50, description="Its clocks.")]
    criteria: Annotated[CriteriaRead, Field(description="When there is a statutory review.")]
    notification_criteria: Annotated[
        CriteriaRead, Field(description="When the local authority notifies an incident.")
    ]
    source: Source
    certainty: Certain


class ValidOnFilters(Paging):
    """Query parameters of lists of what holds for a time."""

    valid_on: Annotated[
        Date | None, Field(description="In force on this day, times of transition included.")
    ] = None


def as_read(schema: type[BaseModel], shipped: BaseModel) -> BaseModel:
    """Return a shipped entry as the API shows it."""
    return schema.model_validate(shipped, from_attributes=True)
