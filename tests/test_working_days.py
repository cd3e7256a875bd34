"""Working days in England, counted over real bank holidays."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.reference.working_days import (
    BeyondCalendar,
    Calendar,
    add_months,
    add_working_days,
    bank_holidays,
    bank_holidays_between,
    calendar,
    is_working_day,
    working_days_between,
)

DAYS = st.dates(date(2012, 1, 1), date(2026, 12, 31))
MOVED = {
    date(2012, 5, 28): date(2012, 6, 4),
    date(2020, 5, 4): date(2020, 5, 8),
    date(2022, 5, 30): date(2022, 6, 2),
}
"""Regular bank holidays that were held on another day: two jubilees, and VE Day."""
ONE_OFF = {
    date(2011, 4, 29),
    date(2012, 6, 5),
    date(2022, 6, 3),
    date(2022, 9, 19),
    date(2023, 5, 8),
}
"""A royal wedding, two jubilees, a state funeral, a coronation."""


def easter_sunday(year: int) -> date:
    """Work out Easter by the Gregorian rule (Meeus, Jones and Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    j = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * j) // 451
    month, day = divmod(h + j - 7 * m + 114, 31)
    return date(year, month, day + 1)


def first_weekday(*days: date) -> list[date]:
    """Move holidays that fall on a weekend to the next weekdays that are free."""
    found: list[date] = [day for day in days if day.weekday() < 5]
    for day in days:
        free = day
        while free.weekday() >= 5 or (free in found and day.weekday() >= 5):
            free += timedelta(days=1)
        found += [] if free in found else [free]
    return found


def regular(year: int) -> set[date]:
    """Work out the bank holidays of a year as the Act of 1971 and custom have them."""
    may, end_of_may, end_of_august = date(year, 5, 1), date(year, 5, 31), date(year, 8, 31)
    easter = easter_sunday(year)
    return {
        *first_weekday(date(year, 1, 1)),
        easter - timedelta(days=2),
        easter + timedelta(days=1),
        may + timedelta(days=-may.weekday() % 7),
        end_of_may - timedelta(days=end_of_may.weekday()),
        end_of_august - timedelta(days=end_of_august.weekday()),
        *first_weekday(date(year, 12, 25), date(year, 12, 26)),
    }


def test_the_table_is_what_the_rules_give_but_for_the_days_that_proclamations_moved() -> None:
    ruled = set().union(*(regular(year) for year in range(2010, 2029)))

    assert MOVED.keys() <= ruled
    assert set(bank_holidays()) == (ruled - MOVED.keys()) | {*MOVED.values()} | ONE_OFF


def test_a_holiday_on_a_weekend_has_its_substitute() -> None:
    substitutes = {each.on for each in calendar().holidays if each.is_substitute}

    assert {date(2010, 12, 28), date(2011, 1, 3), date(2016, 12, 27), date(2021, 12, 28)} <= (
        substitutes
    )
    assert date(2017, 12, 25) not in substitutes


@pytest.mark.duty("X9")
@pytest.mark.parametrize(
    ("start", "n", "due_on"),
    [
        (date(2017, 11, 3), 1, date(2017, 11, 6)),
        (date(2017, 11, 4), 1, date(2017, 11, 6)),
        (date(2017, 12, 22), 5, date(2018, 1, 3)),
        (date(2018, 12, 14), 15, date(2019, 1, 9)),
        (date(2022, 9, 16), 1, date(2022, 9, 20)),
        (date(2020, 5, 1), 5, date(2020, 5, 11)),
        (date(2017, 12, 29), -7, date(2017, 12, 18)),
        (date(2017, 12, 25), 0, date(2017, 12, 25)),
    ],
)
def test_a_period_of_working_days_passes_over_weekends_and_bank_holidays(
    start: date, n: int, due_on: date
) -> None:
    assert add_working_days(start, n) == due_on


@settings(deadline=None, database=None)
@given(DAYS, st.integers(-500, 500))
def test_counting_undoes_adding(start: date, n: int) -> None:
    due_on = add_working_days(start, n)

    assert working_days_between(start, due_on) == n
    assert n == 0 or is_working_day(due_on)


@settings(deadline=None, database=None)
@given(DAYS, st.integers(0, 200), st.integers(0, 200))
def test_two_periods_in_a_row_are_one(start: date, first: int, second: int) -> None:
    assert add_working_days(add_working_days(start, first), second) == (
        add_working_days(start, first + second)
    )


@settings(deadline=None, database=None)
@given(DAYS, DAYS)
def test_every_day_is_a_working_day_or_a_weekend_or_a_bank_holiday(a: date, b: date) -> None:
    step = 1 if b >= a else -1
    passed = [a + timedelta(days=step * n) for n in range(1, abs((b - a).days) + 1)]
    weekend = sum(day.weekday() >= 5 for day in passed)
    holidays = bank_holidays_between(a, b)

    assert {each.on for each in holidays} == {day for day in passed if day in bank_holidays()}
    assert abs(working_days_between(a, b)) + weekend + len(holidays) == len(passed)


@pytest.mark.parametrize(
    "count",
    [
        lambda: is_working_day(date(2009, 12, 31)),
        lambda: is_working_day(date(2029, 1, 6)),
        lambda: add_working_days(date(2028, 12, 29), 1),
        lambda: add_working_days(date(2010, 1, 1), -1),
        lambda: add_working_days(date(2029, 1, 1), 0),
        lambda: working_days_between(date(2028, 12, 29), date(2029, 1, 2)),
        lambda: bank_holidays_between(date(2009, 12, 29), date(2010, 1, 2)),
    ],
)
def test_nothing_is_guessed_beyond_the_calendar(count: Any) -> None:
    with pytest.raises(BeyondCalendar):
        count()


def test_a_moment_is_no_day() -> None:
    with pytest.raises(TypeError):
        is_working_day(datetime(2017, 12, 25, tzinfo=UTC))


@pytest.mark.parametrize("lost", [date(2017, 12, 25), date(2022, 6, 2)])
def test_a_calendar_with_a_hole_is_not_loaded(lost: date) -> None:
    whole = calendar().model_dump()
    kept = [each for each in whole["holidays"] if each["on"].year != lost.year]

    with pytest.raises(ValidationError):
        Calendar.model_validate(whole | {"holidays": kept})


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        (date(2017, 1, 31), 1, date(2017, 2, 28)),
        (date(2016, 1, 31), 1, date(2016, 2, 29)),
        (date(2016, 2, 29), 12, date(2017, 2, 28)),
        (date(2016, 2, 29), 48, date(2020, 2, 29)),
        (date(2017, 8, 31), 6, date(2018, 2, 28)),
        (date(2018, 1, 15), -1, date(2017, 12, 15)),
        (date(2017, 3, 31), -1, date(2017, 2, 28)),
        (date(2017, 11, 1), 0, date(2017, 11, 1)),
    ],
)
def test_a_month_ends_on_its_corresponding_day_or_its_last(
    day: date, n: int, expected: date
) -> None:
    assert add_months(day, n) == expected


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(-1200, 1200))
def test_months_keep_the_day_unless_the_month_is_too_short(day: date, n: int) -> None:
    later = add_months(day, n)

    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == n
    assert later.day == day.day or (later + timedelta(days=1)).day == 1
    assert later.day <= day.day


def test_there_are_no_months_after_the_last_year() -> None:
    with pytest.raises(ValueError, match="no such year"):
        add_months(date(9999, 12, 1), 1)
