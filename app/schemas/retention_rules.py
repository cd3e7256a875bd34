"""Retention rules on the wire: how long records are kept, before an area puts its own in place."""

from typing import Annotated

from pydantic import Field

from app.reference.retention_rules import (
    Disposition,
    RetentionCircumstance,
    RetentionException,
    RetentionStart,
)
from app.schemas.base import Code
from app.schemas.health import Said
from app.schemas.regimes import Certain, Sentence, Source


class RetentionPeriodRead(Said):
    """Years and months from a day on."""

    years: Annotated[int, Field(ge=0, le=200, description="Years.")]
    months: Annotated[int, Field(ge=0, le=11, description="Months besides.")]
    start: Annotated[
        RetentionStart,
        Field(description="The day it counts from; the rule's title names an `event`."),
    ]


class RetentionExceptionRead(Said):
    """A period that takes the place of a rule's own."""

    when: Annotated[RetentionException, Field(description="The case it is for.")]
    period: Annotated[RetentionPeriodRead, Field(description="The period then.")]


class RetentionRuleRead(Said):
    """How long records of a class are kept, and what is proposed then. Two people approve it."""

    code: Annotated[Code, Field(description="Name.", examples=["case_review_papers"])]
    record_class: Annotated[
        Code, Field(description="Class of records.", examples=["case_review_papers"])
    ]
    title: Annotated[Sentence, Field(description="What the class holds.")]
    circumstance: Annotated[
        RetentionCircumstance | None,
        Field(description="What makes it apply besides the rule of the class; null for that rule."),
    ]
    period: Annotated[
        RetentionPeriodRead | None,
        Field(description="How long; null for what is kept for good or with something else."),
    ]
    exceptions: Annotated[
        list[RetentionExceptionRead], Field(max_length=10, description="Other periods.")
    ]
    review_at_years: Annotated[
        list[Annotated[int, Field(ge=1, le=199)]],
        Field(
            max_length=50,
            description="Years after the start at which keeping it is looked at again.",
            examples=[[10, 25]],
        ),
    ]
    kept_with: Annotated[
        Code | None,
        Field(
            description="Class whose records it is kept as long as; `subject_record` for the record"
            " it is about; null for a period of its own."
        ),
    ]
    disposition: Annotated[Disposition, Field(description="What is proposed at the end.")]
    alternatives: Annotated[
        list[Sentence],
        Field(max_length=20, description="Other periods that were found.", examples=[["30 years"]]),
    ]
    source: Source
    certainty: Certain
