"""Sequences of words that are looked for as they are: addresses, schools, references, agencies."""

from typing import Generic, TypeVar

from app.privacy.recognition.lexicon import STREET_NAMES
from app.privacy.recognition.reading import Reading, read

T = TypeVar("T")
WIDEST_GAP = 3
"""Characters between two words of a phrase; a line break is one of them."""
SKIPPED = frozenset({"no", "number"})


class Phrases(Generic[T]):
    """Phrases with what they stand for, found in one pass over the words of a text."""

    def __init__(self) -> None:
        self._root: dict[str, object] = {}
        self._firsts: set[str] = set()
        """All that a first word can be written as."""

    def add(self, phrase: str, value: T) -> None:
        """Add a phrase. Case, accents, punctuation and short forms of streets do not matter."""
        node = self._root
        words = [_same(word.key) for word in read(phrase).words]
        for word in words:
            node = node.setdefault(word, {})  # type: ignore[assignment]
        if words:
            shorts = (short for short, whole in STREET_NAMES.items() if whole == words[0])
            self._firsts.update((words[0], words[0] + "s", *shorts))
            node.setdefault("", []).append(value)  # type: ignore[attr-defined]

    def find(self, reading: Reading) -> list[tuple[int, int, list[T]]]:
        """Return first word, last word and values of the longest phrase at each place."""
        places: list[tuple[int, int, list[T]]] = []
        firsts = self._firsts
        last = -1
        for index, word in enumerate(reading.words):
            if word.key not in firsts or index <= last:
                continue
            match = self._longest(reading, index)
            if match is not None:
                places.append(match)
                last = match[1]
        return places

    def _longest(self, reading: Reading, index: int) -> tuple[int, int, list[T]] | None:
        node: dict[str, object] = self._root
        best: tuple[int, int, list[T]] | None = None
        for at in range(index, len(reading.words)):
            if at > index and not _is_near(reading.between(at - 1)):
                break
            following = node.get(_same(reading.words[at].key))
            if following is None:
                break
            node = following  # type: ignore[assignment]
            if "" in node:
                best = (index, at, node[""])  # type: ignore[assignment]
        return best


def _same(word: str) -> str:
    """Return a word without what is written now and then: an s at the end, a short form."""
    if len(word) > 3 and word[-1] == "s":  # noqa: PLR2004
        return word[:-1]
    return STREET_NAMES.get(word, word)


def _is_near(gap: str) -> bool:
    return len(gap) <= WIDEST_GAP and "\0" not in gap
