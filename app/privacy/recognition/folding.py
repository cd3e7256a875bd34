"""Text as the recogniser reads it: accents, look-alikes and invisible characters taken away.

Case stays, as it tells a name from a word. Where folding moves characters, a map leads back to the
offsets of the text as given.
"""

import unicodedata
from dataclasses import dataclass

LOOKALIKES = dict(
    zip(
        "АВСЕНІЈКМОРЅТУХавсеіјкморѕтухһԁԛԝнΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβεικνορτυχ",
        "ABCEHIJKMOPSTYXabceijkmopstyxhdqwhABEZHIKMNOPTYXabeikvoptux",
        strict=True,
    )
)
"""Cyrillic and Greek letters that are drawn like Latin ones."""
LETTERS = dict(zip("øØłŁđĐıħĦŧŦƒɡ", "oOlLdDihHtTfg", strict=True))
"""Latin letters with a stroke, which have no decomposition."""
PAIRS = {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th"}
EQUALS = {**LOOKALIKES, **LETTERS, **PAIRS, "ð": "d", "Ð": "D"}
MARKS = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u02b9`\u00b4\u2032\uff07\u02bb\u02bd", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-"),
    "\u2028": "\n",
    "\u2029": "\n",
    "\r": "\n",
    "\0": " ",
}
"""Quotes, dashes and ends of lines, and the one that is typed on a keyboard."""
INVISIBLE = {"Mn", "Me", "Cf"}
"""Combining marks, and characters without a shape: zero-width, of direction, soft hyphens."""


MOST_KEPT = 20_000
"""Characters remembered, so that nobody fills the memory with rare ones."""


class _Table(dict[int, str]):
    """What each character becomes, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = _fold(chr(code))
        if len(self) < MOST_KEPT:
            self[code] = folded
        return folded


def _fold(character: str) -> str:
    if character in MARKS:
        return MARKS[character]
    if character.isascii():
        return character
    if unicodedata.category(character) == "Zs":
        return " "
    parts = unicodedata.normalize("NFKD", character)
    return "".join(
        EQUALS.get(part, part) for part in parts if unicodedata.category(part) not in INVISIBLE
    )


TABLE = _Table()
ASCII = {ord(sign): fold for sign, fold in MARKS.items() if sign.isascii()}


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as it is read, and the way back to the text as given."""

    text: str
    origins: list[int] | None
    """For each character the offset it came from, and the length at the end; null for its own."""

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return where a part, which is not empty, starts and ends in the text as given."""
        if self.origins is None:
            return start, end
        return self.origins[start], max(self.origins[end], self.origins[end - 1] + 1)


def fold(text: str) -> Folded:
    """Fold a text; one character for one wherever that is possible."""
    if text.isascii():
        return Folded(text.translate(ASCII), None)
    folded = text.translate(TABLE)
    if all(len(TABLE[ord(character)]) == 1 for character in set(text)):
        return Folded(folded, None)
    origins: list[int] = []
    for offset, character in enumerate(text):
        origins.extend([offset] * len(TABLE[ord(character)]))
    return Folded(folded, [*origins, len(text)])


def key(word: str) -> str:
    """Return what words are compared by: folded, lower case, without apostrophes."""
    return word.translate(TABLE).lower().replace("'", "")
