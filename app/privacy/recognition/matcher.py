"""The recogniser of one case, put together: built once, then asked for every text."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter

from app.privacy.recognition.dates import BirthDates
from app.privacy.recognition.disguises import find_signed, find_spaced, find_tagged
from app.privacy.recognition.kinds import Certainty, RegisteredPerson, Span
from app.privacy.recognition.numbers import find_numbers
from app.privacy.recognition.people import People
from app.privacy.recognition.places import find_schools
from app.privacy.recognition.reading import Reading, read
from app.privacy.recognition.registered import Registered
from app.privacy.recognition.settling import Settled
from app.privacy.recognition.strangers import Strangers
from app.privacy.recognition.streets import find_streets
from app.privacy.recognition.vocabulary import Vocabulary


class Matcher:
    """Finds what identifies somebody of one case. Immutable: one may serve many threads.

    Known words are names of agencies and places: they are nobody's, unless registered.
    """

    def __init__(
        self, persons: Sequence[RegisteredPerson], known_words: Collection[str] = ()
    ) -> None:
        self._vocabulary = Vocabulary(persons)
        self._registered = Registered(persons, known_words)
        self._birth_dates = BirthDates(persons)
        self._known = frozenset(
            word.key for phrase in known_words for word in read(phrase).words
        ) - frozenset(self._vocabulary.tags)

    def find(self, text: str) -> list[Span]:
        """Return the spans of a text, sorted, none over another. Takes time in proportion to it."""
        reading = read(text)
        settled = Settled(reading.text)
        people = People(self._vocabulary, reading).find()
        agencies = self._registered.agencies(reading)
        settled.take(self._registered.find(reading))
        settled.take(self._registered.owned(find_numbers(reading), reading.text))
        settled.take(self._birth_dates.find(reading))
        settled.take(find_streets(reading, _full_names(people, reading)))
        settled.take(find_schools(reading))
        settled.block(agencies)
        settled.take(find_spaced(reading, self._vocabulary))
        settled.take(people)
        settled.take(find_tagged(reading, self._vocabulary))
        settled.take(find_signed(reading, self._vocabulary))
        strangers = Strangers(reading, self._vocabulary, self._known, settled.is_free)
        settled.take(strangers.find())
        return _placed(settled.spans, reading)


def _full_names(people: Iterable[Span], reading: Reading) -> set[tuple[int, int]]:
    """Return where persons stand with more than one word."""
    return {
        (span.start, span.end)
        for span in people
        if " " in reading.text[span.start : span.end] and span.certainty is Certainty.certain
    }


def _placed(spans: Iterable[Span], reading: Reading) -> list[Span]:
    """Put spans back into the text as given; drop doubtful ones inside possible labels."""
    placed = []
    for span in sorted(spans, key=lambda span: span.start):
        if span.certainty is not Certainty.certain and _is_quiet(span, reading.quiet):
            continue
        start, end = reading.folded.origin(span.start, span.end)
        placed.append(Span(start, end - start, span.kind, span.certainty, span.persons))
    return placed


def _is_quiet(span: Span, quiet: list[tuple[int, int]]) -> bool:
    """Whether a span is within one of some parts, which are ascending."""
    place = bisect_right(quiet, span.start, key=itemgetter(0)) - 1
    return place >= 0 and span.end <= quiet[place][1]
