"""The ladder of an obligation: which step falls on which day (Framework section 23).

Reminders count calendar days back from the day it is due; escalation counts working days from the
last day on which it is on time (duty X9).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from app.models.timetable import OPEN
from app.reference.working_days import add_working_days

DAY = timedelta(days=1)
FORWARD = {status: rank for rank, status in enumerate(OPEN)}
MEETING_WITHIN = timedelta(days=30)
"""A sub group that does not meet by then is passed over."""

working_day_after = lru_cache(maxsize=10_000)(add_working_days)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is sent on a day."""

    name: str
    on: date


@dataclass(frozen=True, slots=True)
class Ladder:
    """The days of an obligation; `meeting_on` is that of the meeting it is on the agenda of."""

    opens_on: date
    due_on: date
    locks_on: date
    reminder_days: Sequence[int]
    escalation_days: Sequence[int]
    meeting_on: date | None = None

    def steps(self, day: date) -> list[Step]:
        """Return the steps in order. Those after the day it is due are left out before it."""
        steps = [Step("opened", self.opens_on), *self._reminders(), Step("due", self.due_on)]
        if day < self.due_on:
            return steps
        first, second, third = (
            working_day_after(self.locks_on, days) for days in self.escalation_days
        )
        steps += [Step("overdue_1", first), Step("overdue_2", second)]
        if self.meeting_on is not None and self.meeting_on < third:
            steps.append(Step("escalated_subgroup", max(self.meeting_on, second)))
        return [*steps, Step("escalated_chair", third)]

    def _reminders(self) -> list[Step]:
        """Return the reminders between opening and the day it is due, the earliest first."""
        days = {days: self.due_on - timedelta(days=days) for days in self.reminder_days}
        return [
            Step(f"reminder_{days}", on)
            for days, on in sorted(days.items(), reverse=True)
            if on > self.opens_on
        ]

    @property
    def soon_on(self) -> date:
        """Return the day from which it is due soon."""
        before = timedelta(days=max(self.reminder_days, default=0))
        return max(self.opens_on, self.due_on - before)

    def status(self, day: date) -> str:
        """Return where an obligation that is still owed stands on a day."""
        reached = [step.name for step in self.steps(day) if step.on <= day]
        later = [name for name in reached if name in FORWARD]
        if later:
            return later[-1]
        return "due_soon" if day >= self.soon_on else "upcoming"

    def waits_for_meeting(self, day: date) -> bool:
        """Tell whether a sub group is to consider it, and no meeting is known that will."""
        return self.meeting_on is None and self.status(day) == "overdue_2"

    def next_on(self, day: date) -> date | None:
        """Return the next day on which there is something to do; null after the last step."""
        if self.waits_for_meeting(day):
            return day + DAY
        days = [step.on for step in self.steps(max(day, self.due_on)) if step.on > day]
        if self.soon_on > day:
            days.append(self.soon_on)
        return min(days, default=None)
