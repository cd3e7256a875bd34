"""How long records are kept, and what becomes of them then (Framework section 7).

The schedule is configuration: starting values, each with what speaks for it. An area may put rules
of its own in their place. The calculation stands in `retention`.
"""

from collections.abc import Collection, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Self

from pydantic import Field, model_validator

from app.reference.shipped import Shipped, SourceCertainty, Value, no_code_twice, read
from app.reference.working_days import add_months

SUBJECT_RECORD = "subject_record"
"""Kept as long as the record it is about, whatever that is."""


class RetentionStart(StrEnum):
    """The day a period counts from. An `event` is named in the rule's title."""

    closure = "closure"
    birth = "birth"
    death = "death"
    event = "event"
    publication = "publication"


class RetentionCircumstance(StrEnum):
    """What makes a stricter rule of a class apply."""

    child_sexual_abuse = "child_sexual_abuse"
    looked_after_child = "looked_after_child"


class RetentionException(StrEnum):
    """What puts another period in the place of a rule's own."""

    died_before_18 = "died_before_18"


class Disposition(StrEnum):
    """What is proposed when the period is over. Nothing happens without two people's approval."""

    destroy = "destroy"
    anonymise = "anonymise"
    review = "review"
    permanent_archive = "permanent_archive"


class Period(Shipped):
    """Years and months from a day on, together more than none."""

    years: int = Field(ge=0, le=200)
    months: int = Field(ge=0, le=11)
    start: RetentionStart

    @model_validator(mode="after")
    def _is_some_time(self) -> Self:
        if not self.years and not self.months:
            message = "A period is longer than none."
            raise ValueError(message)
        return self

    def ends_on(self, facts: Mapping[RetentionStart, date | None]) -> date | None:
        """Return the first day after the period; null while the day it counts from is not known."""
        start = facts.get(self.start)
        return None if start is None else add_months(start, self.years * 12 + self.months)


class ExceptionalPeriod(Shipped):
    """A period that takes the place of a rule's own in an exceptional case."""

    when: RetentionException
    period: Period


class RetentionRule(Shipped):
    """How long records of a class are kept.

    `period` is null for what is kept for good, or as long as something else (`kept_with`: another
    class, or `subject_record`). `alternatives` are other values that were found, in words.
    """

    code: str
    record_class: str
    title: str
    circumstance: RetentionCircumstance | None
    period: Period | None
    exceptions: tuple[ExceptionalPeriod, ...]
    review_at_years: tuple[int, ...]
    kept_with: str | None
    disposition: Disposition
    alternatives: tuple[str, ...]
    source: str
    certainty: SourceCertainty

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        years = self.period.years if self.period else 0
        if any(not 0 < each < years for each in self.review_at_years):
            message = "A review lies within the period."
            raise ValueError(message)
        if self.period and self.kept_with:
            message = "A rule has a period of its own, or follows another, not both."
            raise ValueError(message)
        if not self.period and not self.kept_with and not self.is_permanent:
            message = "Only a permanent archive has no end."
            raise ValueError(message)
        return self

    @property
    def is_permanent(self) -> bool:
        """Whether the record is archived for good from the start."""
        return self.period is None and self.disposition == Disposition.permanent_archive


class RetentionSchedule(Shipped):
    """Everything in the file of retention rules."""

    rules: tuple[RetentionRule, ...]
    hold_reasons: tuple[Value, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        no_code_twice(rule.code for rule in self.rules)
        no_code_twice(f"{rule.record_class} {rule.circumstance}" for rule in self.rules)
        no_code_twice(reason.code for reason in self.hold_reasons)
        known = {rule.record_class for rule in self.rules} | {SUBJECT_RECORD, None}
        if not {rule.kept_with for rule in self.rules} <= known:
            message = "A rule follows a class that there is."
            raise ValueError(message)
        return self


@cache
def retention_schedule() -> RetentionSchedule:
    """Return the rules this version ships, and the reasons for a hold."""
    return RetentionSchedule.model_validate_json(read("retention_schedule.json"))


def rules_for(
    record_class: str, circumstances: Collection[RetentionCircumstance] = ()
) -> list[RetentionRule]:
    """Return the shipped rules that apply to a record: that of its class, then the stricter ones.

    Where there are several, `longest` of their due dates holds. Empty for an unknown class.
    """
    return [
        rule
        for rule in retention_schedule().rules
        if rule.record_class == record_class
        and (rule.circumstance is None or rule.circumstance in circumstances)
    ]
