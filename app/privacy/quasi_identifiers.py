"""What narrows down who somebody is without a name: warned of in what is to be published.

Framework section 7: ages to the year, days, schools, small places, and facts that few share, such
as being a twin. A warning refuses nothing: whoever edits decides.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

from app.privacy.recognition.folding import fold, key
from app.privacy.recognition.lexicon import COMMON, SCHOOL_TYPES
from app.privacy.recognition.reading import read


class QuasiIdentifier(StrEnum):
    """Kinds of facts that narrow down who somebody is."""

    exact_age = "exact_age"
    exact_date = "exact_date"
    school = "school"
    small_place = "small_place"
    ordinal_fact = "ordinal_fact"


NUMBERS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen twenty"
).split()
NUMBER = r"(?:[0-9]{1,2}(?:[.][0-9])?(?: ?½| and a half)?|" + "|".join(NUMBERS) + ")"
UNIT = r"(?:year|yr|month|mth|week|wk|day)s?"
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
DAY = r"[0-3]?[0-9](?:st|nd|rd|th)?"
RANK = (
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
    r"|[0-9]{1,2}(?:st|nd|rd|th))"
)
CHILD = r"(?:child(?:ren)?|son|daughter|sibling|brother|sister|baby|pregnancy|boy|girl)"

FORMS: tuple[tuple[QuasiIdentifier, str], ...] = (
    (
        QuasiIdentifier.exact_age,
        rf"\b{NUMBER}[ -]{UNIT}[ -](?:and[ -]{NUMBER}[ -]{UNIT}[ -])?old\b",
    ),
    (QuasiIdentifier.exact_age, rf"\b(?:aged?|age of|turned) {NUMBER}\b(?: {UNIT}\b)?"),
    (QuasiIdentifier.exact_age, rf"\b(?:{NUMBER}(?:st|nd|rd|th)?|{RANK}) birthday\b"),
    (QuasiIdentifier.exact_date, rf"\b{DAY}(?: day)?(?: of)? {MONTH}\b\.?,?(?: [0-9]{{4}}\b)?"),
    (QuasiIdentifier.exact_date, rf"\b{MONTH} {DAY}\b(?!:)(?:,? [0-9]{{4}}\b)?"),
    (QuasiIdentifier.exact_date, r"\b[0-3]?[0-9][/.-][01]?[0-9][/.-](?:[0-9]{2}){1,2}\b"),
    (QuasiIdentifier.exact_date, r"\b[12][0-9]{3}[/.-][01][0-9][/.-][0-3][0-9]\b"),
    (QuasiIdentifier.ordinal_fact, r"\b(?:twin|triplet|quadruplet)s?\b"),
    (QuasiIdentifier.ordinal_fact, rf"\b{RANK}(?:-born\b| {CHILD}\b)"),
    (QuasiIdentifier.ordinal_fact, rf"\b(?:eldest|oldest|youngest|only|middle) {CHILD}\b"),
    (QuasiIdentifier.ordinal_fact, rf"\b{RANK} of (?:{NUMBER}) {CHILD}\b"),
    (QuasiIdentifier.ordinal_fact, rf"\b(?:one of|family of) {NUMBER}(?: {CHILD})?\b"),
    (QuasiIdentifier.ordinal_fact, r"\b(?:eldest|youngest|firstborn|middle) of\b"),
)
COMPILED = tuple((kind, re.compile(form, re.IGNORECASE)) for kind, form in FORMS)
CAPITALS = r"[A-Z][a-z'-]+(?:[ -](?:(?:on|upon|in|the|le|de)[ -])?[A-Z][a-z'-]+){0,3}"
SCHOOL = re.compile(
    rf"\b{CAPITALS} (?:" + "|".join(kind.capitalize() for kind in sorted(SCHOOL_TYPES)) + r")\b"
)
PLACES = (
    re.compile(rf"\b(?:village|hamlet|parish|estate|town|suburb|ward|island) of ({CAPITALS})"),
    re.compile(rf"\b({CAPITALS}) (?:[Ee]state|village|[Pp]arish|[Ww]ard|Road|Street|Lane|Close)\b"),
    re.compile(rf"\b(?:in|near|at|from|outside|around|to) ({CAPITALS})"),
)


def lint(text: str, labelled: Iterable[tuple[int, int]]) -> list[tuple[int, int, QuasiIdentifier]]:
    """Return start, length and kind of what narrows down who somebody is, in order.

    What stands at the places of labels is nobody's. Of places that overlap, the first kind stands.
    """
    folded = fold(text)
    taken = [*labelled]
    found = []
    for start, end, kind in _places(folded.text):
        first, last = folded.origin(start, end)
        if not any(begin < last and first < stop for begin, stop in taken):
            taken.append((first, last))
            found.append((first, last - first, kind))
    return sorted(found)


def _places(text: str) -> Iterator[tuple[int, int, QuasiIdentifier]]:
    for kind, form in COMPILED:
        for match in form.finditer(text):
            yield *match.span(), kind
    for match in SCHOOL.finditer(text):
        if not _is_general(match.group()):
            yield *match.span(), QuasiIdentifier.school
    for form in PLACES:
        for match in form.finditer(text):
            if not _is_general(match[1]):
                yield *match.span(1), QuasiIdentifier.small_place


def _is_general(words: str) -> bool:
    """Whether all words are those of agencies, counties, the calendar and the work."""
    return all(word.key in COMMON or key(word.text) in SCHOOL_TYPES for word in read(words).words)
