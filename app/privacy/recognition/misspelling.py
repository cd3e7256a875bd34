"""Names written with one slip, or written as they sound."""

from collections.abc import Iterable
from itertools import pairwise

SHORTEST = 5
"""Letters of a name below which one slip makes another word."""
LONGEST = 40
FEWEST_CONSONANTS = 3
PAIRS = (("ph", "f"), ("ck", "k"), ("kn", "n"), ("wr", "r"), ("dg", "j"))
LETTERS = str.maketrans("cqzv", "kksf", "aeiouyhw")
"""Letters that sound alike, and those hardly heard."""


class Neighbours:
    """The names of a case, found from what is nearly one of them. Costs the length of the word."""

    def __init__(self, names: Iterable[str]) -> None:
        self._cut: dict[str, set[str]] = {}
        self._sounds: dict[str, set[str]] = {}
        for name in names:
            if SHORTEST <= len(name) <= LONGEST:
                for cut in _cuts(name):
                    self._cut.setdefault(cut, set()).add(name)
                self._sounds.setdefault(sound(name), set()).add(name)

    def of(self, word: str) -> set[str]:
        """Return the names that a word may be meant for; itself is not among them."""
        if not SHORTEST - 1 <= len(word) <= LONGEST:
            return set()
        near = {
            name
            for cut in _cuts(word)
            for name in self._cut.get(cut, ())
            if _is_one_slip(word, name)
        }
        heard = sound(word)
        if len(heard) >= FEWEST_CONSONANTS and len(word) >= SHORTEST:
            near |= {name for name in self._sounds.get(heard, ()) if abs(len(name) - len(word)) < 3}  # noqa: PLR2004
        return near - {word}


def sound(word: str) -> str:
    """Return the first letter and the consonants one hears after it."""
    for written, heard in PAIRS:
        if written in word:
            word = word.replace(written, heard)
    heard = word.translate(LETTERS)
    if word[0] in "aeiouyhw":
        heard = word[0] + heard
    return heard[:1] + "".join(letter for last, letter in pairwise(heard) if letter != last)


def _cuts(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _is_one_slip(one: str, other: str) -> bool:
    """Whether a letter more, less, changed, or two swapped make one of the other."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    if len(one) == len(other):
        swapped = one[start : start + 2][::-1] == other[start : start + 2]
        return one[start + 1 :] == other[start + 1 :] or (
            swapped and one[start + 2 :] == other[start + 2 :]
        )
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return longer[start + 1 :] == shorter[start:]
