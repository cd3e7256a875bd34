"""What is registered of a case beside its names: addresses, schools, numbers and references."""

import re
from collections.abc import Collection, Iterable, Sequence

from app.privacy.recognition.folding import key
from app.privacy.recognition.kinds import Certainty, RegisteredPerson, Span, SpanKind, found
from app.privacy.recognition.phrases import Phrases
from app.privacy.recognition.places import address_phrases, school_phrases
from app.privacy.recognition.reading import Reading, matches, read

DIGITS = re.compile(r"[0-9](?:[ .()/-]{0,2}[0-9]){5,40}")
FEWEST_DIGITS = 6
NOT_ALNUM = re.compile(r"[\W_]+")
Owned = tuple[SpanKind, Certainty, int]


class Registered:
    """The identifiers of a case, compiled."""

    def __init__(self, persons: Sequence[RegisteredPerson], known_words: Collection[str]) -> None:
        self._phrases: Phrases[Owned] = Phrases()
        self._agencies: Phrases[None] = Phrases()
        self._digits: dict[str, list[tuple[SpanKind, int]]] = {}
        self._owners: dict[tuple[SpanKind, str], set[int]] = {}
        for person in persons:
            for kind, value in person.identifiers:
                self._add(person.number, kind, value)
        for phrase in known_words:
            if len(read(phrase).words) > 1:
                self._agencies.add(phrase, None)

    def find(self, reading: Reading) -> list[Span]:
        """Return the registered identifiers of a text."""
        words = reading.words
        spans = []
        for first, last, owned in self._phrases.find(reading):
            certain = [entry for entry in owned if entry[1] is Certainty.certain] or owned
            kind, certainty, _ = certain[0]
            if certainty is not Certainty.certain and not words[first].is_capitalised:
                continue
            numbers = {entry[2] for entry in certain if entry[0] is kind}
            spans.append(found(words[first].start, words[last].end, kind, certainty, numbers))
        return spans + self._in_digits(reading)

    def agencies(self, reading: Reading) -> list[tuple[int, int]]:
        """Return where known names of several words stand."""
        words = reading.words
        places = self._agencies.find(reading)
        return [(words[first].start, words[last].end) for first, last, _ in places]

    def owned(self, spans: Iterable[Span], text: str) -> list[Span]:
        """Say whose the identifiers are that were found by their form."""
        return [
            found(
                span.start,
                span.end,
                span.kind,
                span.certainty,
                self._owners.get((span.kind, _plain(text[span.start : span.end])), ()),
            )
            for span in spans
        ]

    def _add(self, person: int, kind: SpanKind, value: str) -> None:
        plain = _plain(value)
        if not plain:
            return
        self._owners.setdefault((kind, plain), set()).add(person)
        if kind is SpanKind.address:
            forms = address_phrases(value)
        elif kind is SpanKind.school:
            forms = school_phrases(value)
        else:
            forms = iter([(value, Certainty.certain), (plain, Certainty.certain)])
        for phrase, certainty in forms:
            self._phrases.add(phrase, (kind, certainty, person))
        if plain.isdecimal() and len(plain) >= FEWEST_DIGITS:
            self._digits.setdefault(plain, []).append((kind, person))

    def _in_digits(self, reading: Reading) -> list[Span]:
        """Find registered numbers however their figures are grouped."""
        spans: list[Span] = []
        text = reading.text
        for run in matches(DIGITS, text, reading.figures) if self._digits else ():
            places = [place for place in range(*run.span()) if text[place].isdigit()]
            figures = "".join(text[place] for place in places)
            for number, owned in self._digits.items():
                at = figures.find(number)
                if at >= 0:
                    start, end = places[at], places[at + len(number) - 1] + 1
                    persons = {person for kind, person in owned if kind is owned[0][0]}
                    if _stands_alone(text, start, end):
                        spans.append(found(start, end, owned[0][0], Certainty.certain, persons))
        return spans


def _plain(value: str) -> str:
    return NOT_ALNUM.sub("", key(value))


def _stands_alone(text: str, start: int, end: int) -> bool:
    return not text[start - 1 : start].isdigit() and not text[end : end + 1].isdigit()
