"""A house number with a street, whoever lives there."""

import re
from collections.abc import Collection

from app.privacy.recognition.kinds import Certainty, Span, SpanKind, found
from app.privacy.recognition.lexicon import MONTHS, STREET_TYPES
from app.privacy.recognition.reading import Reading
from app.privacy.recognition.surroundings import BEFORE_MONTHS

NUMBER = re.compile(r"[0-9]{1,4}[A-Za-z]?")
YEAR = re.compile(r"(?:19|20)[0-9]{2}")
FLATS = frozenset("flat apartment apt unit room plot caravan".split())
ALSO_LOWER = frozenset("street st road rd lane ln avenue ave crescent terrace".split())
"""Types that are no other word in lower case."""
NUMBERED = frozenset(
    "section s year years stage article standard chapter ward page paragraph band tier level group"
    " class form grade phase regulation schedule act part question version table figure appendix"
    " annex step key aged age day week case recommendation objective priority".split()
)
"""Words whose numbers belong to no house."""
GAPS = frozenset({" ", "-", "'s ", "' ", ". "})
FIRST_GAPS = frozenset({" ", ", ", ",", "  "})
MOST_NAMES = 4


def find_streets(reading: Reading, full_names: Collection[tuple[int, int]]) -> list[Span]:
    """Find house numbers with streets; `full_names` are spans of persons, who are no street."""
    spans: list[Span] = []
    for index in reading.counted:
        if not reading.words[index].text[0].isdigit() or not _is_house(reading, index):
            continue
        first, last = _street(reading, index)
        if last is None or _bounds(reading, first, last) in full_names:
            continue
        start, end = _with_flat(reading, index, last)
        bounds = _bounds(reading, start, end)
        spans.append(found(*bounds, SpanKind.address, Certainty.certain))
    return spans


def _bounds(reading: Reading, first: int, last: int) -> tuple[int, int]:
    return reading.words[first].start, reading.words[last].end


def _is_house(reading: Reading, index: int) -> bool:
    word, previous = reading.words[index], reading.words[index - 1].key if index else ""
    if not NUMBER.fullmatch(word.text) or previous in NUMBERED:
        return False
    is_dated = previous in MONTHS or previous in BEFORE_MONTHS
    return not (is_dated and YEAR.fullmatch(word.text))


def _street(reading: Reading, index: int) -> tuple[int, int | None]:
    """Return the first word of the street after a number, and the last; null for no street."""
    words = reading.words
    at, last = index + 1, None
    if at < len(words) and words[at].text[0].isdigit() and reading.between(index) in {"-", "/"}:
        index, at = at, at + 1
    first = at
    if at >= len(words) or reading.between(index) not in FIRST_GAPS or words[at].key in MONTHS:
        return first, None
    while at < len(words) and at - first <= MOST_NAMES:
        if at > first and reading.between(at - 1) not in GAPS:
            break
        is_lower = words[at].text.islower() and words[at].key in ALSO_LOWER
        if at > first and words[at].key in STREET_TYPES and (words[at].is_capitalised or is_lower):
            last = at
        if not words[at].is_capitalised:
            break
        at += 1
    return first, last


def _with_flat(reading: Reading, index: int, last: int) -> tuple[int, int]:
    """Take in `Flat 3,` before the number or after the street, and `No.`."""
    words = reading.words
    start = index
    if start and words[start - 1].key in {"no", "number"}:
        start -= 1
    if start > 1 and words[start - 2].key in FLATS and len(reading.before(start)) < 3:  # noqa: PLR2004
        start -= 2
    elif start and words[start - 1].key in FLATS and reading.before(start) == " ":
        start -= 1
    is_short = last + 2 < len(words) and len(reading.between(last)) < 3  # noqa: PLR2004
    if is_short and words[last + 1].key in FLATS and words[last + 2].text[0].isdigit():
        last += 2
    return start, last
