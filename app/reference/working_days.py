"""Working days in England, and periods of months: how statutory clocks count (duty X9).

A working day is any day but Saturday, Sunday and a bank holiday of England and Wales. The bank
holidays are a table, as the government publishes them, since proclamations move them: outside the
years of the table nothing is guessed.
"""

from bisect import bisect_left, bisect_right
from calendar import SATURDAY, monthrange
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Self

from pydantic import model_validator

from app.errors import Conflict
from app.reference.shipped import Shipped, read

LEAST_IN_A_YEAR = 8
"""Bank holidays of a year without one-off days."""


class BeyondCalendar(Conflict):
    """The period leaves the years whose bank holidays are known."""

    code = "beyond_calendar"


class BankHoliday(Shipped):
    """A bank holiday. A substitute is the weekday taken for one that falls on a weekend."""

    on: date
    name: str
    is_substitute: bool


class Calendar(Shipped):
    """The bank holidays of all years from the first to the last, in order."""

    division: str
    source: str
    first_year: int
    last_year: int
    holidays: tuple[BankHoliday, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        days = [each.on for each in self.holidays]
        years = [day.year for day in days]
        known = range(self.first_year, self.last_year + 1)
        if days != sorted(set(days)) or any(day.weekday() >= SATURDAY for day in days):
            message = "Bank holidays are weekdays, in order, each once."
            raise ValueError(message)
        if set(years) != set(known) or min(map(years.count, known)) < LEAST_IN_A_YEAR:
            message = "A year of the calendar lacks bank holidays."
            raise ValueError(message)
        return self


@cache
def calendar() -> Calendar:
    """Return the calendar this version ships."""
    return Calendar.model_validate_json(read("bank_holidays.json"))


@cache
def bank_holidays() -> Mapping[date, str]:
    """Return every known bank holiday with its name."""
    return MappingProxyType({each.on: each.name for each in calendar().holidays})


def is_working_day(day: date) -> bool:
    """Tell whether a day is a working day. Raises `BeyondCalendar`."""
    _require_known(day)
    return day.weekday() < SATURDAY and day not in bank_holidays()


def add_working_days(start: date, n: int) -> date:
    """Return the `n`th working day after `start`, or before it where `n` is negative.

    `start` itself is never counted, the day returned is: one working day after a Friday is
    Monday. So for "at least 7 working days before", -7 gives the last day that is in time. 0
    gives `start`, working day or not. Raises `BeyondCalendar`.
    """
    _require_known(start)
    step = timedelta(days=1 if n > 0 else -1)
    day = start
    for _ in range(abs(n)):
        day += step
        while not is_working_day(day):
            day += step
    return day


def working_days_between(a: date, b: date) -> int:
    """Count the working days after `a` up to and including `b`; negative where `b` is earlier.

    It undoes `add_working_days`: between `a` and `n` working days from it there are `n`. Raises
    `BeyondCalendar`.
    """
    _require_known(a)
    _require_known(b)
    step = 1 if b >= a else -1
    days = (a + timedelta(days=step * each) for each in range(1, abs((b - a).days) + 1))
    return step * sum(map(is_working_day, days))


def bank_holidays_between(a: date, b: date) -> tuple[BankHoliday, ...]:
    """Return the bank holidays that a count from `a` to `b` passes over, earliest first.

    `a` itself is never passed over; it may lie before `b` or after. Raises `BeyondCalendar`.
    """
    _require_known(a)
    _require_known(b)
    holidays = calendar().holidays
    if b >= a:
        start, end = (bisect_right(holidays, day, key=_day_of) for day in (a, b))
    else:
        start, end = (bisect_left(holidays, day, key=_day_of) for day in (b, a))
    return holidays[start:end]


def add_months(day: date, n: int) -> date:
    """Return the same day of the month `n` months on, or the month's last where it has no such day.

    `n` may be negative. This is the rule of corresponding dates (Dodds v Walker, House of Lords
    1981): where the period ends is a date, working day or not. Raises `ValueError` outside
    the years 1 to 9999.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    if not date.min.year <= year <= date.max.year:
        message = "There is no such year."
        raise ValueError(message)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _day_of(holiday: BankHoliday) -> date:
    return holiday.on


def _require_known(day: date) -> None:
    """Refuse days outside the table, and moments: what day a moment is depends on the zone."""
    if isinstance(day, datetime):
        message = "A working day is a date, not a moment."
        raise TypeError(message)
    if not calendar().first_year <= day.year <= calendar().last_year:
        raise BeyondCalendar
