"""Addresses and schools: registered ones in whole or in part, others by their form."""

from collections.abc import Iterator

from app.privacy.recognition.kinds import Certainty, Span, SpanKind, found
from app.privacy.recognition.lexicon import (
    COMMON,
    SCHOOL_TYPES,
    STREET_NAMES,
    STREET_TYPES,
)
from app.privacy.recognition.reading import Reading, Word, read

DULL_STREETS = frozenset(
    "high station church main mill park new london victoria green king queen school north south"
    " east west".split()
)
"""First words of streets that are in every town: alone they betray little."""
TOO_COMMON = frozenset("the st saint school primary ce rc c e of and".split())


def address_phrases(address: str) -> Iterator[tuple[str, Certainty]]:
    """Yield the phrases that betray a registered address, and how sure each does."""
    lines = [line.strip() for line in address.split(",") if line.strip()]
    for count in range(1, len(lines) + 1):
        yield " ".join(lines[:count]), Certainty.certain
    for place, line in enumerate(lines):
        words = [word.key for word in read(line).words]
        if len(words) > 1 and words[-1] in STREET_TYPES:
            yield " ".join(lines[place:]), Certainty.certain
            yield line, Certainty.certain
            yield from _street(words)


def _street(words: list[str]) -> Iterator[tuple[str, Certainty]]:
    """Yield a street with its number, and without."""
    while len(words) > 2 and words[0].isalpha() and words[1][:1].isdigit():  # noqa: PLR2004
        words = words[2:]
    yield " ".join(words), Certainty.certain
    names = [word for word in words if not word[0].isdigit()]
    if len(names) > 1:
        is_dull = len(names) == 2 and names[0] in DULL_STREETS  # noqa: PLR2004
        yield " ".join(names), Certainty.likely if is_dull else Certainty.certain


def school_phrases(school: str) -> Iterator[tuple[str, Certainty]]:
    """Yield the ways a registered school is written: whole, without The, short."""
    words = [word.key for word in read(school).words]
    yield " ".join(words), Certainty.certain
    if words[:1] == ["the"]:
        words = words[1:]
        yield " ".join(words), Certainty.certain
    types = [place for place, word in enumerate(words) if word in SCHOOL_TYPES]
    names = words[: types[0]] if types else words
    for kind in sorted(SCHOOL_TYPES) if names else ():
        yield " ".join([*names, kind]), Certainty.certain
    short = [word for word in names if word not in TOO_COMMON]
    bare = names[: len(names) - sum(word in {"ce", "rc", "cofe", "catholic"} for word in names)]
    if bare != names:
        for kind in sorted(SCHOOL_TYPES):
            yield " ".join([*bare, kind]), Certainty.certain
    if short and not all(word in COMMON for word in short):
        yield " ".join(bare or names), Certainty.likely


def find_schools(reading: Reading) -> list[Span]:
    """Find capitals that end in a word for schools; nobody has registered them."""
    spans: list[Span] = []
    words = reading.words
    last = -1
    for index in reading.marked:
        if words[index].key not in SCHOOL_TYPES or index <= last:
            continue
        first, last = _first_of_school(reading, index), _last_of_school(reading, index)
        if first < index and not _is_general(words[first:index]):
            start, end = words[first].start, words[last].end
            spans.append(found(start, end, SpanKind.school, Certainty.likely))
    return spans


def _first_of_school(reading: Reading, index: int) -> int:
    """Go back over capitals, at most five."""
    words = reading.words
    first = index
    while first > max(0, index - 6) and words[first - 1].is_capitalised:
        if reading.between(first - 1) not in {" ", "-", ". ", " & ", "' ", "'s "}:
            break
        if reading.between(first - 1) == ". " and words[first - 1].key != "st":
            break
        first -= 1
    while (
        first < index
        and words[first].key in COMMON - TOO_COMMON
        and words[first].key not in {"north", "south", "east", "west", "upper", "lower"}
    ):
        first += 1
    return first


def _last_of_school(reading: Reading, index: int) -> int:
    words = reading.words
    while index + 1 < len(words) and words[index + 1].key in SCHOOL_TYPES | {"and"}:
        is_next = words[index + 1].is_capitalised or words[index + 1].key == "school"
        if reading.between(index) != " " or not is_next:
            break
        index += 1
    return index


def _is_general(words: list[Word]) -> bool:
    return all(word.key in COMMON | TOO_COMMON | SCHOOL_TYPES for word in words)


def is_street_word(key: str) -> bool:
    """Whether a word ends the name of a street."""
    return key in STREET_TYPES or key in STREET_NAMES
