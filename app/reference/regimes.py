"""Regimes of case reviews: who decides, which reviews there are, which clocks run, by date.

From Local Safeguarding Children Boards under Working Together 2013 and 2015 (Framework section
16) to the safeguarding partners of today. They are data: a review keeps the regime it began in.
"""

import json
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, Self

from pydantic import model_validator

from app.errors import Conflict
from app.reference.clocks import Clock
from app.reference.criteria import Criteria
from app.reference.review_types import ReviewLifecycle, ReviewType, review_values
from app.reference.shipped import Shipped, SourceCertainty, Value, no_code_twice, read


class NoRegime(Conflict):
    """No regime of case reviews has this code, or was in force on this day."""

    code = "no_regime"


class Decides(StrEnum):
    """Whether one person decides, or several must agree."""

    alone = "alone"
    jointly = "jointly"


class DecisionMaker(Value):
    """Who decides whether there is a statutory review: a capability, and the roles it is for."""

    decides: Decides
    capability: str
    roles: tuple[str, ...]


class Regime(Shipped):
    """The law and guidance that case reviews follow for a time. All days are inclusive.

    Until `transition_to` an area that has not moved on may still begin under it; until
    `running_to` reviews that began under it may be finished. Null where there is no such time.
    """

    code: str
    title: str
    body: str
    valid_from: date
    valid_to: date | None
    transition_to: date | None
    running_to: date | None
    lifecycle: ReviewLifecycle
    decision_maker: DecisionMaker
    statutory_review: str
    review_types: tuple[ReviewType, ...]
    notified_bodies: tuple[Value, ...]
    yearly_report: str
    clocks: tuple[Clock, ...]
    criteria: Criteria
    notification_criteria: Criteria
    source: str
    certainty: SourceCertainty

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        no_code_twice(clock.id for clock in self.clocks)
        if self.statutory_review not in {each.code for each in self.review_types}:
            message = "The statutory review is a type that the regime knows."
            raise ValueError(message)
        return self

    def clock(self, id: str) -> Clock:
        """Return a clock of this regime. Raises `KeyError`."""
        return {each.id: each for each in self.clocks}[id]

    def allows(self, review_type: str) -> bool:
        """Tell whether a review of this type may be begun, or referred to, under the regime."""
        return review_type in {each.code for each in self.review_types}

    def is_open_on(self, day: date) -> bool:
        """Tell whether a review may begin under it on a day, transition included."""
        last = self.transition_to or self.valid_to
        return self.valid_from <= day and (last is None or day <= last)

    def is_running_on(self, day: date) -> bool:
        """Tell whether reviews that began under it may still run on a day."""
        return self.is_open_on(day) or (
            self.running_to is not None and self.valid_from <= day <= self.running_to
        )


@cache
def regimes() -> Mapping[str, Regime]:
    """Return all regimes by code, oldest first."""
    file: dict[str, Any] = json.loads(read("regimes.json"))
    found = (_resolved(file, entry) for entry in file["regimes"])
    return MappingProxyType({each.code: each for each in found})


def regime(code: str) -> Regime:
    """Return a regime. Raises `NoRegime`."""
    if code not in regimes():
        raise NoRegime
    return regimes()[code]


def regime_on(day: date) -> Regime:
    """Return the regime in force on a day; in a time of transition the new one.

    Raises `NoRegime` for days before the first.
    """
    current = regimes_on(day)
    if not current:
        raise NoRegime
    return current[0]


def regimes_on(day: date) -> list[Regime]:
    """Return the regimes a review may begin under on a day, the newest first.

    Two in a time of transition: which one holds depends on the area, so the caller chooses. From
    29 June 2018 to 29 September 2019 that is the Board's and the partners'.
    """
    return [each for each in reversed([*regimes().values()]) if each.is_open_on(day)]


def criteria_met(regime: Regime, answers: Mapping[str, bool | None]) -> bool | None:
    """Tell whether answers meet a regime's criteria for its statutory review.

    Null while that is not decidable: some limb that matters is open. It decides nothing: the
    regime's decision maker does. Raises `ValueError` for an answer to no limb.
    """
    return regime.criteria.met(answers)


def _resolved(file: dict[str, Any], entry: dict[str, Any]) -> Regime:
    """Build a regime: in the file it names what is described once for several."""
    code = entry["code"]
    makers, criteria, recipients = (
        {each["code"]: each for each in file[name]}
        for name in ("decision_makers", "criteria", "recipients")
    )
    whole = entry | {
        "decision_maker": makers[entry["decision_maker"]],
        "criteria": criteria[entry["criteria"]],
        "notification_criteria": criteria[entry["notification_criteria"]],
        "notified_bodies": [recipients[each] for each in entry["notified_bodies"]],
        "clocks": [
            {name: value for name, value in clock.items() if name != "regimes"}
            | {
                "recipients": [recipients[each] for each in clock["recipients"]],
                "certainty": clock["regimes"][code],
            }
            for clock in file["clocks"]
            if code in clock["regimes"]
        ],
        "review_types": [
            each.model_dump(mode="json")
            for each in review_values().review_types
            if code in each.regimes
        ],
    }
    return Regime.model_validate_json(json.dumps(whole))
