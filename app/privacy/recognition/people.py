"""Registered persons in a text: words of the same person that stand together are one name."""

from collections.abc import Iterable

from app.privacy.recognition.context import judge
from app.privacy.recognition.growing import FAMILY, GIVEN, grow
from app.privacy.recognition.kinds import Certainty, Span, SpanKind, found
from app.privacy.recognition.lexicon import (
    ACRONYMS,
    COMMON,
    FORENAMES,
    PARTICLES,
    SURNAMES,
    TITLES,
    word_names,
)
from app.privacy.recognition.names import DOTS, Name, Names
from app.privacy.recognition.reading import Reading, Word
from app.privacy.recognition.surroundings import Place
from app.privacy.recognition.vocabulary import Role, Tag, Vocabulary, persons_of

AFTER_TITLES = frozenset({" ", ". ", ".", "  "})
LOWER_TITLES = frozenset({"mr", "mrs", "ms", "dr"})
"""Titles that are no word, also in lower case."""
Found = tuple[int, Span | None]
"""The last word looked at, and what was found up to it."""


class People:
    """Finds the persons of one vocabulary in one reading."""

    def __init__(self, vocabulary: Vocabulary, reading: Reading) -> None:
        self._names = Names(vocabulary, reading)
        self._vocabulary = vocabulary
        self._reading = reading
        self._words = reading.words

    def find(self) -> list[Span]:
        """Return the names from left to right."""
        spans: list[Span] = []
        last = -1
        for index in self._starts():
            if index <= last:
                continue
            last, span = self._at(index, self._words[index])
            if span is not None:
                spans.append(span)
        return spans

    def _starts(self) -> list[int]:
        """Return the words a name can begin with: known ones, initials, figures, strangers."""
        known = self._vocabulary.first_words
        words = self._words
        starts = {index for index, word in enumerate(words) if word.key in known}
        starts.update(self._reading.counted)
        for index in self._reading.marked:
            key = words[index].key
            if len(key) == 1 or key in FORENAMES or key in self._vocabulary.initials:
                starts.add(index)
        if "-\n" in self._reading.text or "- \n" in self._reading.text:
            starts.update(range(len(words)))
        return sorted(starts)

    def _at(self, index: int, word: Word) -> Found:
        """Return the name that starts with a word, and the last word it takes."""
        if word.key in TITLES and (titled := self._titled(index)):
            return titled
        name = self._names.at(index)
        if len(word.key) == 1 and (word.key not in PARTICLES or name is None):
            return self._initialled(index) or (index, None)
        if name is not None:
            return self._untitled(name)
        if self._is_initials(word):
            persons = self._vocabulary.initials[word.key]
            return index, self._span(index, index, Certainty.certain, persons)
        return self._relative(index) or (index, None)

    def _is_initials(self, word: Word) -> bool:
        is_known = word.key in self._vocabulary.initials and word.key not in ACRONYMS
        return is_known and word.text.isupper()

    def _titled(self, index: int) -> Found | None:
        """Find `Mr Lowe`, `PC R. McDonald`, `Auntie Sue`: the title belongs to the name."""
        following = self._names.word(index + 1)
        if following is None or self._reading.between(index) not in AFTER_TITLES:
            return None
        if not following.is_capitalised and self._words[index].key not in LOWER_TITLES:
            return None
        if len(following.key) == 1:
            initialled = self._initialled(index + 1)
            return self._from(index, *initialled) if initialled else None
        name = self._names.at(index + 1)
        if name is None:
            return None
        families = tuple(tag for tag in name.tags if tag.role is Role.family)
        return self._from(index, *self._whole(name._replace(tags=families or name.tags)))

    def _initialled(self, index: int) -> Found | None:
        """Find `V. Lowe`, `V J Lowe`, `V.L.`: letters before a family name, or alone."""
        letters, last = self._names.letters(index)
        if not letters:
            return None
        named = self._letters_and_family(index, letters, last)
        if named is not None:
            return named
        persons = self._vocabulary.initials.get(letters, set())
        if not persons or len(letters) == 1:
            return None
        return last, self._span(index, last, Certainty.certain, persons)

    def _letters_and_family(self, index: int, letters: str, last: int) -> Found | None:
        name, word = self._names.at(last + 1), self._names.word(last + 1)
        if name is None or word is None or self._reading.between(last) not in DOTS:
            return None
        if word.text[0].islower() and word.key in word_names() and word.key not in PARTICLES:
            return None
        family = tuple(tag for tag in name.tags if tag.role in FAMILY)
        firsts = self._vocabulary.first_letters
        own = tuple(tag for tag in family if letters[0] in firsts[tag.person])
        if own:
            return self._from(index, *self._whole(name._replace(tags=own)))
        if not family or letters in {"a", "i"}:
            return None
        others = persons_of(family)
        return name.last, self._span(index, name.last, Certainty.likely, others)

    def _from(self, index: int, last: int, span: Span | None) -> Found | None:
        """Let a name begin earlier."""
        if span is None:
            return None
        start = self._words[index].start
        return last, found(start, span.end, span.kind, span.certainty, span.persons)

    def _whole(self, name: Name) -> Found:
        """Return a name that a title or an initial has introduced, with all its words."""
        grown, _ = grow(self._names, name)
        persons = persons_of(grown.tags)
        if not persons:
            return name.first, None
        return grown.last, self._span(grown.first, grown.last, grown.certainty, persons)

    def _untitled(self, name: Name) -> Found:
        """Return a name with all its words, if that is what they are."""
        grown, count = grow(self._names, name)
        persons = persons_of(grown.tags)
        if not persons:
            return name.first, None
        if count == 1 and (mixed := self._mixed(grown)):
            return mixed
        certainty = self._certainty(grown, count)
        if certainty is None:
            return name.first, None
        certainty = certainty.or_worse(grown.certainty)
        return grown.last, self._span(grown.first, grown.last, certainty, persons)

    def _certainty(self, name: Name, count: int) -> Certainty | None:
        """Say how sure a name is; null for none. Several words of one person need no context."""
        if count == 1 and name.first == name.last:
            standing = {tag.role for tag in name.tags if tag.role is not Role.particle}
            judged = judge(self._reading, name.first, name.last, self._vocabulary)
            return Certainty.likely if judged and standing == {Role.middle} else judged
        words = self._words[name.first : name.last + 1]
        if any(word.is_capitalised or word.key not in word_names() for word in words):
            return Certainty.certain
        place = Place(self._reading, name.first, name.last)
        is_name = place.does_something or not place.after.isspace()
        return Certainty.certain if is_name else Certainty.likely

    def _mixed(self, name: Name) -> Found | None:
        """Find a given name before a family name of others: perhaps a stranger, perhaps not."""
        following = self._next_capital(name.first, name.last)
        if following is None or any(tag.role not in GIVEN for tag in name.tags):
            return None
        others = self._names.tags_of(following)
        is_stranger = not others and following.key in SURNAMES - COMMON
        if not is_stranger and not _is_family(others):
            return None
        persons = persons_of(name.tags) | persons_of(others)
        return name.last + 1, self._span(name.first, name.last + 1, Certainty.likely, persons)

    def _relative(self, index: int) -> Found | None:
        """Find a forename nobody is registered under before a registered family name."""
        word, following = self._words[index], self._next_capital(index, index)
        if following is None or word.key not in FORENAMES or word.key in word_names():
            return None
        others = self._names.tags_of(following)
        if not _is_family(others):
            return None
        return index + 1, self._span(index, index + 1, Certainty.likely, persons_of(others))

    def _next_capital(self, first: int, last: int) -> Word | None:
        """Return the capital that follows a capital, one blank between; null for anything else."""
        following = self._names.word(last + 1)
        if following is None or self._reading.between(last) != " ":
            return None
        both = self._words[first].is_capitalised and following.is_capitalised
        return following if both else None

    def _span(self, first: int, last: int, certainty: Certainty, persons: Iterable[int]) -> Span:
        start, end = self._words[first].start, self._words[last].end
        return found(start, end, SpanKind.person, certainty, persons)


def _is_family(tags: tuple[Tag, ...]) -> bool:
    return bool(tags) and all(tag.role is Role.family for tag in tags)
