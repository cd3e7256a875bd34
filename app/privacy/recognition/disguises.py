"""Names written so as not to be found: digits for letters, letters apart, handles and hashtags."""

import re
from collections.abc import Mapping

from app.privacy.recognition.kinds import Certainty, Span, SpanKind, found
from app.privacy.recognition.lexicon import word_names
from app.privacy.recognition.reading import Reading, Word
from app.privacy.recognition.vocabulary import Tag, Vocabulary, persons_of

FIGURES = (str.maketrans("013457", "oieast"), str.maketrans("013457", "oleast"))
TRAILING = re.compile(r"[0-9]+$")
APART = frozenset(" .-*_·|/")
"""What may stand between letters that are written apart."""
TAGGED = re.compile(r"[#@]([^\W]{4,60})")
SIGNED = re.compile(r"(?<![^\W_])[^\W\d_]*[@$!][^\W\d_]+(?:[@$!]?[^\W\d_]+)?")
SIGNS = (str.maketrans("@$!", "asi"), str.maketrans("@$!", "asl"))
SHORTEST = 4
MOST_LETTERS = 60
FEWEST_LETTERS = 2


def undisguised(key: str, tags: Mapping[str, tuple[Tag, ...]]) -> tuple[Tag, ...]:
    """Return the tags of a word with figures in it, read as letters or as a number after a name."""
    letters = sum(character.isalpha() for character in key)
    if letters < FEWEST_LETTERS or key.isalpha():
        return ()
    for figures in FIGURES:
        if len(key) >= SHORTEST and (known := tags.get(key.translate(figures))):
            return known
    stem = TRAILING.sub("", key)
    return tags.get(stem, ()) if len(stem) >= SHORTEST and stem not in word_names() else ()


def find_spaced(reading: Reading, vocabulary: Vocabulary) -> list[Span]:
    """Find names written letter by letter: `K a t i e`, `K-A-T-I-E`."""
    words = reading.words
    spans: list[Span] = []
    row: list[Word] = []
    for index, word in enumerate(words):
        if len(word.key) != 1:
            continue
        gap = reading.before(index)
        follows = row and words[index - 1] is row[-1] and len(gap) == 1 and gap in APART
        if not follows or len(row) == MOST_LETTERS:
            spans += _in_row(row, vocabulary)
            row = []
        row.append(word)
    return spans + _in_row(row, vocabulary)


def _in_row(row: list[Word], vocabulary: Vocabulary) -> list[Span]:
    letters = "".join(word.key for word in row)
    return _within(letters, row[0].start, 2, vocabulary) if len(row) >= SHORTEST - 1 else []


def find_tagged(reading: Reading, vocabulary: Vocabulary) -> list[Span]:
    """Find names inside hashtags and handles: `#prayforkatie`."""
    spans: list[Span] = []
    for match in TAGGED.finditer(reading.text):
        spans += _within(match.group(1).lower(), match.start(1), 1, vocabulary)
    return spans


def find_signed(reading: Reading, vocabulary: Vocabulary) -> list[Span]:
    """Find names with signs for letters: `K@tie`."""
    spans: list[Span] = []
    for match in SIGNED.finditer(reading.text):
        for signs in SIGNS:
            tags = vocabulary.tags.get(match.group().lower().translate(signs))
            if tags and len(match.group()) >= SHORTEST:
                certain = (SpanKind.person, Certainty.certain, persons_of(tags))
                spans.append(found(match.start(), match.end(), *certain))
                break
    return spans


def _within(letters: str, start: int, step: int, vocabulary: Vocabulary) -> list[Span]:
    """Return the longest names in a row of letters, from left to right; at most 60 letters."""
    spans: list[Span] = []
    at = 0
    while at < len(letters):
        for end in range(len(letters), at + SHORTEST - 2, -1):
            tags = vocabulary.tags.get(letters[at:end])
            whole = at == 0 and end == len(letters)
            if not tags or not (persons := persons_of(tags)):
                continue
            if whole or (end - at >= SHORTEST and letters[at:end] not in word_names()):
                first, last = start + at * step, start + (end - 1) * step + 1
                spans.append(found(first, last, SpanKind.person, Certainty.certain, persons))
                at = end - 1
                break
        at += 1
    return spans
