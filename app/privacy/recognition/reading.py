"""A folded text cut into words; what the caller has put in its place is left out."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from app.privacy.recognition.folding import Folded, fold

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
ENDING = re.compile(r"'(?:s|d|ll|ve|re)$", re.IGNORECASE)
CAMEL = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
MIXED = re.compile(r"[a-z][A-Z]")
MARK = r"⟦[a-z_0-9:, ]{0,60}⟧"
LABEL = re.compile(MARK + r"|\[[^\[\]\n]{1,80}\]")
FIGURES_REACH = 2
"""Words around figures that may belong to the number."""
OPAQUE = "\0"
"""Stands where a label stood: no letter and no blank, so that it bounds words."""
LABEL_WORDS = frozenset(
    "child children mother father parent carer sibling brother sister grandmother grandfather aunt"
    " uncle cousin partner stepmother stepfather step guardian family member adult person people"
    " practitioner social worker health visitor police officer teacher doctor nurse midwife"
    " professional other redacted name names nhs number upn date of birth dob address postcode"
    " telephone email school identifier local national insurance reference the a an and or maternal"
    " paternal foster half twin baby young friend neighbour witness unknown former alias in".split()
)


class Word(NamedTuple):
    """A word, where it stands in the folded text; the ending after an apostrophe is not in it."""

    start: int
    end: int
    text: str
    key: str
    """Lower case, without apostrophes."""

    @property
    def is_capitalised(self) -> bool:
        """Whether it begins with a capital."""
        return self.text[0].isupper()


class Reading(NamedTuple):
    """A text, ready for the recognisers. All offsets are those of `text`."""

    folded: Folded
    text: str
    words: list[Word]
    quiet: list[tuple[int, int]]
    """Bracketed parts that may be labels: only what is registered is looked for there."""
    marked: list[int]
    """Which words have something else than small letters: capitals or figures."""
    counted: list[int]
    """Which words have figures."""
    figures: list[tuple[int, int]]
    """The parts with figures, and the words around: where numbers can stand."""

    def between(self, index: int) -> str:
        """Return what stands between a word and the next one."""
        return self.text[self.words[index].end : self.words[index + 1].start]

    def before(self, index: int) -> str:
        """Return what stands before a word, back to the word before it."""
        end = self.words[index].start
        return self.text[self.words[index - 1].end if index else 0 : end]

    def after(self, index: int) -> str:
        """Return what stands after a word, up to the next one."""
        if index + 1 < len(self.words):
            return self.between(index)
        return self.text[self.words[index].end :]


def read(text: str) -> Reading:
    """Fold a text, blank its labels, and cut it into words."""
    folded = fold(text)
    plain, quiet = _blank(folded.text)
    words: list[Word] = []
    for match in WORD.finditer(plain):
        start, word = match.start(), match.group()
        if "'" in word:
            word = ENDING.sub("", word)
        if word.islower() and "'" not in word:
            words.append(Word(start, start + len(word), word, word))
        elif not word.istitle() and MIXED.search(word):
            words += _humps(start, word)
        else:
            words.append(Word(start, start + len(word), word, word.lower().replace("'", "")))
    marked = [
        index for index, word in enumerate(words) if word.key != word.text or not word.key.isalpha()
    ]
    counted = [index for index in marked if not words[index].key.isalpha()]
    figures = windows(words, counted, FIGURES_REACH)
    return Reading(folded, plain, words, quiet, marked, counted, figures)


def windows(words: list[Word], indices: Iterable[int], reach: int) -> list[tuple[int, int]]:
    """Return the parts of a text around some words, ascending; they do not overlap."""
    parts: list[tuple[int, int]] = []
    last = len(words) - 1
    for index in indices:
        start = words[max(0, index - reach)].start
        end = words[min(last, index + reach)].end
        if parts and start <= parts[-1][1]:
            parts[-1] = (parts[-1][0], end)
        else:
            parts.append((start, end))
    return parts


def matches(
    form: re.Pattern[str], text: str, parts: Iterable[tuple[int, int]]
) -> Iterator[re.Match[str]]:
    """Yield the matches within parts of a text."""
    for start, end in parts:
        yield from form.finditer(text, start, end)


def labels(text: str) -> list[tuple[int, int]]:
    """Return where tokens and labels stand in a text as given."""
    marks = LABEL.finditer(text) if "[" in text or "⟦" in text else ()
    return [mark.span() for mark in marks if _is_opaque(mark.group())]


def _humps(start: int, word: str) -> list[Word]:
    """Cut `KatieConnor` in two; `McDonald` and `DeShawn` stay whole."""
    whole = [Word(start, start + len(word), word, word.lower().replace("'", ""))]
    parts = [
        Word(start + part.start(), start + part.end(), part.group(), part.group().lower())
        for part in CAMEL.finditer(word)
    ]
    if len(parts) < 2 or len(parts[0].key) <= 3 or not word.isalnum():  # noqa: PLR2004
        return whole
    return parts


def _blank(text: str) -> tuple[str, list[tuple[int, int]]]:
    if "[" not in text and "⟦" not in text:
        return text, []
    quiet: list[tuple[int, int]] = []

    def replace(match: re.Match[str]) -> str:
        if _is_opaque(match.group()):
            return OPAQUE * len(match.group())
        quiet.append(match.span())
        return match.group()

    return LABEL.sub(replace, text), quiet


def _is_opaque(bracketed: str) -> bool:
    """Whether it is a token, or made of the words of labels, and of their letters and numbers."""
    if bracketed[0] == "⟦":
        return True
    words = re.findall(r"[^\W_]+", bracketed)
    return all(
        word.lower() in LABEL_WORDS or word.isdecimal() or (len(word) == 1 and word.isupper())
        for word in words
    )
