"""Types of review and the value lists of case reviews (Framework section 16).

No value is `sar`: it means a safeguarding adults review to some, a subject access request to
others, and in the framework itself a single agency review.
"""

import json
from enum import StrEnum
from functools import cache
from typing import Any, Self

from pydantic import model_validator

from app.reference.shipped import Shipped, Value, no_code_twice, read


class ReviewLifecycle(StrEnum):
    """The path a review takes first: the Board's, or the safeguarding partners'."""

    lscb = "lscb"
    partnership = "partnership"


class ReviewHandling(StrEnum):
    """Whether a review is run here, or elsewhere and only referred to."""

    review = "review"
    link_only = "link_only"


class ReviewType(Value):
    """A type of review, and the regimes that know it. All of them where it is no statute's."""

    handling: ReviewHandling
    run_by: str
    regimes: tuple[str, ...]
    source: str


class DecisionOutcome(Value):
    """What may be decided about an incident, on which lifecycles."""

    lifecycles: tuple[ReviewLifecycle, ...]


class PublicationDecision(Value):
    """What becomes of a report. `is_published` tells whether something goes to the public."""

    is_published: bool


class WithholdReason(Value):
    """Why a report is not published.

    A reason that only defers needs a day to look again, and never withholds for good.
    """

    is_defer_only: bool
    needs_text: bool


class ParallelProcess(Value):
    """A process beside the review. One that pauses publication makes it wait while it is open."""

    pauses_publication: bool


class ReviewValues(Shipped):
    """Everything in the file of review types."""

    review_types: tuple[ReviewType, ...]
    trigger_harms: tuple[Value, ...]
    decision_outcomes: tuple[DecisionOutcome, ...]
    methodologies: tuple[Value, ...]
    publication_decisions: tuple[PublicationDecision, ...]
    withhold_reasons: tuple[WithholdReason, ...]
    parallel_processes: tuple[ParallelProcess, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        for name in type(self).model_fields:
            no_code_twice(value.code for value in getattr(self, name))
        return self


@cache
def review_values() -> ReviewValues:
    """Return the types of review and the value lists that go with them."""
    file: dict[str, Any] = json.loads(read("review_types.json"))
    every = regime_codes()
    for entry in file["review_types"]:
        if entry["regimes"] == "all":
            entry["regimes"] = every
    return ReviewValues.model_validate_json(json.dumps(file))


def review_type(code: str) -> ReviewType:
    """Return a type of review. Raises `KeyError`."""
    return {each.code: each for each in review_values().review_types}[code]


@cache
def regime_codes() -> tuple[str, ...]:
    """Return the codes of all regimes, oldest first."""
    return tuple(entry["code"] for entry in json.loads(read("regimes.json"))["regimes"])
