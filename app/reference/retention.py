"""When records are looked at again and may be disposed of, worked out from a rule and its days.

Takes whatever rule it is given: the product's (`retention_rules`), or an area's in its place.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from app.reference.retention_rules import Period, RetentionException, RetentionRule, RetentionStart
from app.reference.working_days import add_months

ADULT_AT_MONTHS = 18 * 12


@dataclass(frozen=True, slots=True)
class DueDates:
    """When a record is looked at again, and from which day on it may be disposed of.

    `dispose_on` is null where there is no end, or none that the facts tell yet.
    """

    review_on: tuple[date, ...]
    dispose_on: date | None


def due_dates(rule: RetentionRule, facts: Mapping[RetentionStart, date | None]) -> DueDates:
    """Work out when a record is reviewed and may be disposed of, from the days that are known."""
    period = _period_of(rule, facts)
    start = None if period is None else facts.get(period.start)
    if period is None or start is None:
        return DueDates((), None)
    end = period.ends_on(facts)
    reviews = [add_months(start, 12 * years) for years in rule.review_at_years]
    return DueDates(tuple(day for day in reviews if end is None or day < end), end)


def longest(found: Iterable[DueDates]) -> DueDates:
    """Join the due dates of several rules: the last end holds, and every review before it.

    No end, for whatever reason, is later than any.
    """
    every = [*found]
    ends = [each.dispose_on for each in every]
    end = None if None in ends else max((day for day in ends if day is not None), default=None)
    reviews = {day for each in every for day in each.review_on}
    return DueDates(tuple(sorted(reviews)), end)


def _period_of(rule: RetentionRule, facts: Mapping[RetentionStart, date | None]) -> Period | None:
    """Return the period that holds: the rule's own, or that of an exception that is the case."""
    for exception in rule.exceptions:
        if _CASES[exception.when](facts):
            return exception.period
    return rule.period


def _died_before_18(facts: Mapping[RetentionStart, date | None]) -> bool:
    birth, death = facts.get(RetentionStart.birth), facts.get(RetentionStart.death)
    return bool(birth and death and death < add_months(birth, ADULT_AT_MONTHS))


_CASES = {RetentionException.died_before_18: _died_before_18}
