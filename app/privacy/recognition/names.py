"""What the vocabulary of a case knows at a word of a text."""

from typing import NamedTuple

from app.privacy.recognition.disguises import undisguised
from app.privacy.recognition.kinds import Certainty
from app.privacy.recognition.lexicon import COMMON, FORENAMES, PARTICLES, SURNAMES, word_names
from app.privacy.recognition.reading import Reading, Word
from app.privacy.recognition.vocabulary import Role, Tag, Vocabulary

JOINTS = frozenset({" ", "-", "", "  ", "\n", " - ", "_", ".", "'", "-\n", "' ", " '", "- ", " -"})
"""What may stand between two words of one name."""
DOTS = frozenset({"", " ", ".", ". ", ".\n", "\n", "_", "-", ".-"})
"""What may stand after an initial."""
BREAKS = frozenset({"-\n", "- \n"})
"""What stands where a word goes on in the next line."""
MOST_INITIALS = 4
SHORTEST_PLURAL = 4


class Name(NamedTuple):
    """Words from `first` to `last` that the vocabulary has tags for."""

    first: int
    last: int
    tags: tuple[Tag, ...]
    certainty: Certainty = Certainty.certain


class Names:
    """The names of one vocabulary in one reading, word by word."""

    def __init__(self, vocabulary: Vocabulary, reading: Reading) -> None:
        self.vocabulary = vocabulary
        self.reading = reading
        self._words = reading.words
        self._tags = vocabulary.tags

    def word(self, index: int) -> Word | None:
        """Return a word; null beyond the last."""
        return self._words[index] if index < len(self._words) else None

    def at(self, index: int) -> Name | None:
        """Return the name at a word: the word, it and the next, or a disguise."""
        word = self.word(index)
        if word is None:
            return None
        joined = self._joined(index, word)
        if joined is not None:
            return joined
        tags = self._tags.get(word.key)
        return Name(index, index, tags) if tags else self._disguised(index, word)

    def tags_of(self, word: Word) -> tuple[Tag, ...]:
        """Return the tags of a word as it stands."""
        return self._tags.get(word.key, ())

    def letters(self, index: int) -> tuple[str, int]:
        """Return single capitals in a row, at most a few, and the last of them."""
        letters = ""
        for at in range(index, min(index + MOST_INITIALS, len(self._words))):
            word = self._words[at]
            if len(word.key) != 1 or not word.text.isupper():
                break
            if letters and self.reading.between(at - 1) not in DOTS:
                break
            letters += word.key
        return letters, index + len(letters) - 1

    def _joined(self, index: int, word: Word) -> Name | None:
        """Join `Mc Donald`, and a word that a line break cuts."""
        following = self.word(index + 1)
        if following is None:
            return None
        gap = self.reading.between(index)
        if gap not in BREAKS and (word.key not in PARTICLES or gap not in JOINTS):
            return None
        known = self._tags.get(word.key + following.key, ())
        tags = tuple(tag for tag in known if tag.role is not Role.whole)
        return Name(index, index + 1, tags) if tags else None

    def _disguised(self, index: int, word: Word) -> Name | None:
        if not word.text.isalpha() and (tags := undisguised(word.key, self._tags)):
            return Name(index, index, tags)
        if word.key[-1] != "s" or len(word.key) < SHORTEST_PLURAL or word.key in COMMON:
            return None
        stem = word.key[:-1]
        tags = self._tags.get(stem, ())
        if not tags or (stem in word_names() and not word.is_capitalised):
            return None
        is_doubtful = word.key in SURNAMES or word.key in FORENAMES or stem in word_names()
        return Name(index, index, tags, Certainty.likely if is_doubtful else Certainty.certain)
