"""Statutory clocks: what starts them, what is due when, and to whom."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Self

from pydantic import model_validator

from app.reference.shipped import Shipped, SourceCertainty, Value
from app.reference.working_days import add_months, add_working_days


class ClockTrigger(StrEnum):
    """The event whose day a clock counts from."""

    incident_known = "incident_known"
    """The local authority becomes aware of the incident."""
    notification = "notification"
    """The Board or the partners are notified."""
    information_requested = "information_requested"
    decision = "decision"
    """It is decided whether there is a statutory review."""
    review_initiated = "review_initiated"
    publication = "publication"
    looked_after_child_death = "looked_after_child_death"


class ClockUnit(StrEnum):
    """What a clock counts. Working days are England's."""

    working_days = "working_days"
    calendar_days = "calendar_days"
    months = "months"


class ClockDirection(StrEnum):
    """Whether a clock runs on from its event or back from it."""

    after = "after"
    before = "before"


class ClockBound(StrEnum):
    """Whether the day is the last on which something is in time, or the first."""

    no_later_than = "no_later_than"
    no_earlier_than = "no_earlier_than"


class Strictness(StrEnum):
    """How strictly a period binds: by statute, by statutory guidance, or as an aim."""

    must = "must"
    should = "should"
    aim = "aim"


class Clock(Shipped):
    """A clock of one regime. Without an offset no period is stated: what is due is due at once."""

    id: str
    title: str
    trigger: ClockTrigger
    direction: ClockDirection
    offset: int | None
    unit: ClockUnit | None
    bound: ClockBound
    strictness: Strictness
    recipients: tuple[Value, ...]
    certainty: SourceCertainty

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.offset is None) != (self.unit is None) or (self.offset or 1) < 1:
            message = "A clock has an offset of one at least with its unit, or neither."
            raise ValueError(message)
        return self

    def due_on(self, triggered_on: date) -> date | None:
        """Return the day this clock ends on; null where no period is stated.

        The day of the event itself is not counted. Raises `BeyondCalendar`.
        """
        if self.offset is None:
            return None
        n = self.offset if self.direction == ClockDirection.after else -self.offset
        if self.unit == ClockUnit.working_days:
            return add_working_days(triggered_on, n)
        if self.unit == ClockUnit.months:
            return add_months(triggered_on, n)
        return triggered_on + timedelta(days=n)
