"""Names that nobody is registered under: capitals that no list explains. Never certain."""

from collections.abc import Callable

from app.privacy.recognition.kinds import Certainty, Span, SpanKind, found
from app.privacy.recognition.lexicon import COMMON, FORENAMES, TITLES, word_names
from app.privacy.recognition.places import is_street_word
from app.privacy.recognition.reading import Reading, Word
from app.privacy.recognition.surroundings import INSTITUTIONS, SENTENCE_END
from app.privacy.recognition.vocabulary import Vocabulary, persons_of

MISSPELT = 5
"""Letters from which a slip is looked for."""
LONGEST_RUN = 6
LONGEST_TITLE = 3
"""Letters after which a full stop ends a sentence."""
NAME_GAPS = frozenset({" ", "-", ". ", "."})


class Strangers:
    """Finds capitals that are not explained, outside what has been found already."""

    def __init__(
        self,
        reading: Reading,
        vocabulary: Vocabulary,
        known: frozenset[str],
        is_free: Callable[[Word], bool],
    ) -> None:
        self._reading = reading
        self._words = reading.words
        self._vocabulary = vocabulary
        self._known = known
        self._is_free = is_free

    def find(self) -> list[Span]:
        """Return misspelt registered names, and names of strangers."""
        spans: list[Span] = []
        last = -1
        for index in self._reading.marked:
            if index <= last:
                continue
            last, span = self._at(index)
            if span is not None:
                spans.append(span)
        return spans

    def _at(self, index: int) -> tuple[int, Span | None]:
        if not self._is_candidate(self._words[index]):
            return index, None
        misspelt = self._misspelt(index)
        if misspelt is not None:
            return index, misspelt
        last = self._run(index)
        first = self._first(index, last)
        return last, self._named(first, last) if first <= last else None

    def _is_candidate(self, word: Word) -> bool:
        if not word.is_capitalised or not word.text.replace("'", "").isalpha():
            return False
        is_acronym = word.text.isupper() and len(word.text) < MISSPELT
        return not is_acronym and self._is_free(word)

    def _misspelt(self, index: int) -> Span | None:
        """Find a registered name with a slip."""
        word = self._words[index]
        if len(word.key) < MISSPELT - 1 or word.key in COMMON or word.key in self._known:
            return None
        names = self._vocabulary.neighbours.of(word.key)
        if not names or (word.key in word_names() and self._starts(index)):
            return None
        persons = {person for name in names for person in persons_of(self._vocabulary.tags[name])}
        return found(word.start, word.end, SpanKind.person, Certainty.likely, persons)

    def _run(self, index: int) -> int:
        """Return the last of the capitals that follow."""
        last = index
        while last + 1 < min(len(self._words), index + LONGEST_RUN):
            if not self._goes_on(self._reading.between(last), self._words[last : last + 2]):
                break
            last += 1
        return last

    def _goes_on(self, gap: str, pair: list[Word]) -> bool:
        word, following = pair
        ends = gap[:1] == "." and len(word.key) > LONGEST_TITLE
        is_alike = following.is_capitalised and following.text.isupper() == word.text.isupper()
        return gap in NAME_GAPS and not ends and is_alike and self._is_free(following)

    def _first(self, index: int, last: int) -> int:
        """Skip the word that begins a sentence, and all of an institution."""
        run = self._words[index : last + 1]
        is_place = is_street_word(run[-1].key) and last > index
        if is_place or any(word.key in INSTITUTIONS or word.key in self._known for word in run):
            return last + 1
        first = index
        while first <= last and self._explains(first):
            first += 1
        is_work = any(word.key in COMMON for word in self._words[first + 1 : last + 1])
        return last + 1 if is_work else first

    def _explains(self, index: int) -> bool:
        """Whether the capital of a word needs no name."""
        key = self._words[index].key
        if key in TITLES:
            return False
        is_name = key in FORENAMES and key not in word_names()
        return key in COMMON or key in self._known or (self._starts(index) and not is_name)

    def _named(self, first: int, last: int) -> Span | None:
        words = self._words[first : last + 1]
        is_alone = len(words) == 1
        if is_alone and words[0].key in TITLES:
            return None
        if words[0].text.isupper() and not any(word.key in FORENAMES for word in words):
            return None
        is_doubtful = is_alone and not self._is_titled(first)
        certainty = Certainty.possible if is_doubtful else Certainty.likely
        return found(words[0].start, words[-1].end, SpanKind.name, certainty)

    def _is_titled(self, index: int) -> bool:
        previous = self._words[index - 1].key if index else ""
        return previous in TITLES and self._reading.before(index) in {" ", ". "}

    def _starts(self, index: int) -> bool:
        return index == 0 or bool(SENTENCE_END.search(self._reading.before(index)))
