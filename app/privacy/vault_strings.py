"""The strings of a vault looked for in a text as they are, folded: apart from the recogniser.

It knows no grammar, so that a rule of the recogniser which is wrong does not hide a name. Case,
accents, look-alikes and punctuation do not matter.
"""

import re
from collections.abc import Iterable, Iterator

from app.privacy.recognition import RegisteredPerson
from app.privacy.recognition.folding import fold, key
from app.privacy.recognition.lexicon import COMMON, PARTICLES, TITLES

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
CHUNK = re.compile(r"\S+")
SHORTEST_WORD = 2
SHORTEST_PART = 4
SHORTEST_WITHIN = 6
"""Letters from which a name is looked for within words too."""
SHORTEST_WHOLE = 6
"""Letters and figures from which a whole string is looked for across words."""


def find_strings(people: Iterable[RegisteredPerson], text: str) -> list[tuple[int, int]]:
    """Return where a name, an identifier or an address of somebody stands, as start and end."""
    folded = fold(text)
    names: set[str] = set()
    wholes: set[str] = set()
    for person in people:
        names |= set(_names(person))
        wholes |= set(_wholes(person))
    found = {*_words(names, folded.text), *_within(names, folded.text)}
    found |= set(_across(wholes, folded.text))
    return sorted(folded.origin(start, end) for start, end in found)


def find_words(phrase: str, text: str) -> list[tuple[int, int]]:
    """Return where the words of a phrase follow each other, in whatever case."""
    folded = fold(text)
    words = [re.escape(word) for word in re.findall(r"[^\W_]+", key(phrase))]
    form = re.compile(r"(?<!\w)" + r"[\W_]+".join(words) + r"(?!\w)")
    return [folded.origin(*match.span()) for match in form.finditer(folded.text.lower())]


def _names(person: RegisteredPerson) -> Iterator[str]:
    """Yield every word of every name that is no ordinary word; those are the recogniser's."""
    for name in person.names:
        for part in (name.given, name.family):
            for word in WORD.findall(fold(part or "").text):
                for plain in {key(word), *_after_apostrophes(word)}:
                    if len(plain) >= SHORTEST_WORD and plain not in COMMON | PARTICLES | TITLES:
                        yield plain


def _after_apostrophes(word: str) -> Iterator[str]:
    """Yield the parts of O'Neill that are long enough to be written alone."""
    return (key(part) for part in word.split("'") if len(part) >= SHORTEST_PART)


def _wholes(person: RegisteredPerson) -> Iterator[str]:
    """Yield full names, identifiers and addresses, with nothing but letters and figures."""
    for name in person.names:
        if name.given and name.family:
            first = name.given.split()[0]
            yield from (_plain(name.given + name.family), _plain(first + name.family))
            yield from (_plain(name.family + name.given), _plain(name.family + first))
    for _, value in person.identifiers:
        yield _plain(value)
        yield from (_plain(line) for line in value.split(",") if any(map(str.isdigit, line)))


def _plain(value: str) -> str:
    return re.sub(r"[\W_]+", "", key(value))


def _words(names: set[str], text: str) -> Iterator[tuple[int, int]]:
    for match in WORD.finditer(text):
        word = key(match.group())
        if word in names or word.removesuffix("s") in names:
            yield match.span()


def _within(names: set[str], text: str) -> Iterator[tuple[int, int]]:
    """Yield names within longer words, as in addresses of the web; hyphens are no ends of words."""
    long = [name for name in names if len(name) >= SHORTEST_WITHIN]
    for match in CHUNK.finditer(text):
        chunk = _plain(match.group())
        if chunk not in COMMON and any(name in chunk for name in long):
            yield match.span()


def _across(wholes: set[str], text: str) -> Iterator[tuple[int, int]]:
    """Yield whole strings wherever their letters and figures follow each other."""
    places = [at for at, character in enumerate(text) if character.isalnum()]
    plain = "".join(text[at].lower()[:1] for at in places)
    for whole in wholes:
        at = plain.find(whole) if len(whole) >= SHORTEST_WHOLE else -1
        while at >= 0:
            yield places[at], places[at + len(whole) - 1] + 1
            at = plain.find(whole, at + 1)
