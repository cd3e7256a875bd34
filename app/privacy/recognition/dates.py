"""Dates of birth: a registered one in any form, another one only where birth is spoken of."""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from app.privacy.recognition.kinds import Certainty, RegisteredPerson, Span, SpanKind, found
from app.privacy.recognition.lexicon import MONTHS
from app.privacy.recognition.reading import Reading, matches, windows

MONTH = r"(?P<month>" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\.?"
GAP = r"[ ,./\n-]{1,3}"
ORDINALS = {
    word: number
    for number, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
        " thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
        " twenty-first twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth"
        " twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first".split(),
        start=1,
    )
}
ORDINAL_WORDS = frozenset(part for word in ORDINALS for part in word.split("-"))
DAY = r"(?P<day>[0-3]?[0-9](?: ?(?:st|nd|rd|th))?)"
WORDED = (
    "(?P<day>"
    + "|".join(sorted((word.replace("-", "[ -]") for word in ORDINALS), key=len, reverse=True))
    + ")"
)
YEAR = r"(?P<year>'?[0-9]{2}(?:[0-9]{2})?)"
FORMS_OF_DATES = (
    rf"(?<!\w){DAY}(?: day)?(?: of |[ ,./\n-]{{0,3}}){MONTH}(?:{GAP}|)(?:of )?{YEAR}(?!\w)",
    rf"(?<!\w){MONTH}[ .-]{{0,2}}(?:the )?{DAY}{GAP}(?:of )?{YEAR}(?!\w)",
    rf"(?<!\w)(?P<year>[0-9]{{4}}){GAP}{MONTH}{GAP}{DAY}(?!\w)",
)
FORMS, WORDED_FORMS = (
    tuple(re.compile(form.replace(DAY, day), re.IGNORECASE) for form in FORMS_OF_DATES)
    for day in (DAY, WORDED)
)
FIGURES = re.compile(
    r"(?<![\w])([0-9]{1,4})(?: ?[./\\-] ?| )([0-9]{1,2})(?: ?[./\\-] ?| )'?([0-9]{1,4})(?!\w)"
)
SOLID = re.compile(r"(?<!\w)(?:[0-9]{8}|[0-9]{6})(?!\w)")
AMERICAN_DAY = r"(?P<american_day>[0-3]?[0-9](?:st|nd|rd|th)?)"
SHORT = re.compile(
    rf"(?<!\w)(?:{DAY}(?: of | ){MONTH}"
    rf"|{MONTH.replace('<month>', '<american_month>')} {AMERICAN_DAY})(?!\w)",
    re.IGNORECASE,
)
"""A day without its year."""
CUE = re.compile(
    r"(?:\bd\.?\s?o\.?\s?b\b\.?|\bborn\b|\bbirth\b|\bbirthday\b|\bbirthdate\b|\bb\.)[^0-9\n]{0,24}$",
    re.IGNORECASE,
)
CUE_REACH = 40
REACH = 4
"""Words around a month that may belong to the date."""


class BirthDates:
    """The dates of birth of a case."""

    def __init__(self, persons: Sequence[RegisteredPerson]) -> None:
        self._born: dict[tuple[int, int, int], set[int]] = {}
        for person in persons:
            for born in person.dates_of_birth:
                for year in (born.year, born.year % 100 - 100):
                    self._born.setdefault((year, born.month, born.day), set()).add(person.number)
        self._days: dict[tuple[int, int], set[int]] = {}
        for (_, month, day), numbers in self._born.items():
            self._days.setdefault((month, day), set()).update(numbers)

    def find(self, reading: Reading) -> list[Span]:
        """Return registered dates of birth, and the dates that follow a birth."""
        text, months = reading.text, _windows(reading)
        spans: list[Span] = []
        for start, end, readings in _dates(reading, months):
            persons = {number for meant in readings for number in self._born.get(meant, ())}
            if persons:
                kind, certainty = SpanKind.date_of_birth, Certainty.certain
                spans.append(found(start, end, kind, certainty, persons))
            elif any(_exists(*meant) for meant in readings) and _has_cue(text, start):
                spans.append(found(start, end, SpanKind.date_of_birth, Certainty.likely))
        return spans + self._birthdays(text, months)

    def _birthdays(self, text: str, months: list[tuple[int, int]]) -> list[Span]:
        spans: list[Span] = []
        for match in matches(SHORT, text, months):
            if _has_cue(text, match.start()):
                month = MONTHS[(match["month"] or match["american_month"]).lower()]
                persons = self._days.get(
                    (month, _day(match["day"] or match["american_day"])), set()
                )
                kind, certainty = SpanKind.date_of_birth, Certainty.likely
                spans.append(found(*match.span(), kind, certainty, persons))
        return spans


def _windows(reading: Reading) -> list[tuple[int, int]]:
    """Return where a month is named, with some words around."""
    words = reading.words
    months = [index for index, word in enumerate(words) if word.key in MONTHS]
    glued = [index for index in reading.counted if _is_glued(words[index].key)]
    return windows(words, sorted(months + glued), REACH)


def _is_glued(key: str) -> bool:
    """Whether a month may stand between figures without blanks, as in 9Jul2012."""
    return len(key) > len("9Jul") and not key.isdecimal()


def _dates(
    reading: Reading, months: list[tuple[int, int]]
) -> Iterator[tuple[int, int, set[tuple[int, int, int]]]]:
    """Yield every date with all it can mean as year, month and day.

    A year of two figures is negative: minus 100 plus the figures.
    """
    is_worded = any(word.key in ORDINAL_WORDS for word in reading.words) and bool(months)
    for form in FORMS + WORDED_FORMS if is_worded else FORMS:
        for match in matches(form, reading.text, months):
            year = _year(match["year"].lstrip("'"))
            month, day = MONTHS[match["month"].lower()], _day(match["day"])
            yield match.start(), match.end(), {(year, month, day)}
    for match in matches(FIGURES, reading.text, reading.figures):
        yield match.start(), match.end(), set(_orders(*match.groups()))
    for match in matches(SOLID, reading.text, reading.figures):
        yield match.start(), match.end(), set(_solid_orders(match.group()))


def _orders(first: str, second: str, third: str) -> Iterator[tuple[int, int, int]]:
    """Read three figures as day, month, year; as Americans do; and with the year first."""
    if len(third) in {2, 4} and len(first) <= 2:  # noqa: PLR2004
        yield _year(third), int(second), int(first)
        yield _year(third), int(first), int(second)
    if len(first) in {2, 4} and len(third) <= 2:  # noqa: PLR2004
        yield _year(first), int(second), int(third)


def _solid_orders(figures: str) -> Iterator[tuple[int, int, int]]:
    long = len(figures) == 8  # noqa: PLR2004
    yield from _orders(figures[:2], figures[2:4], figures[4:])
    cut = 4 if long else 2
    yield from _orders(figures[:cut], figures[cut : cut + 2], figures[cut + 2 :])


def _year(figures: str) -> int:
    return int(figures) if len(figures) == 4 else int(figures) - 100  # noqa: PLR2004


def _day(written: str) -> int:
    figures = re.match(r"[0-9]+", written)
    return int(figures.group()) if figures else ORDINALS[written.lower().replace(" ", "-")]


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year if year > 0 else 2100 + year, month, day)
    except ValueError:
        return False
    return True


def _has_cue(text: str, start: int) -> bool:
    return CUE.search(text, max(0, start - CUE_REACH), start) is not None
