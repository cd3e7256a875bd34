"""Narratives at write: whoever is registered for the case becomes a token before anything is kept.

A token is `⟦3⟧` for person 3 of the case, `⟦1,3⟧` for one of two, `⟦3:nhs_number⟧` for what
identifies a person, `⟦m2:name⟧` for masked text 2, which lies sealed in the vault. Readers see
`[Child A]` (`actor.render`), and may send it back. What is doubtful is refused by its place. If
recognising fails, so does the write. Framework section 7.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.errors import UnresolvedIdentifier
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.privacy.recognition import Certainty, Matcher, Span, SpanKind, recognise
from app.schemas.narratives import Resolution, TreatAs

OPEN, CLOSE = "⟦", "⟧"
TOKEN = re.compile(f"{OPEN}([^{OPEN}{CLOSE}]*){CLOSE}")
IN_BRACKETS = re.compile(r"\[([^\[\]\n]{1,400})\]")
MASKED = re.compile(r"redacted ([A-Za-z ]{1,40}) (\d{1,6})")
OF_A_PERSON = re.compile(r"([A-Za-z ]{1,40}) of (.+)")
WITHOUT_BRACKETS = str.maketrans("[]", "()")
MASKED_KINDS = frozenset(kind.replace("_", " ") for kind in SpanKind)


@dataclass(frozen=True, slots=True)
class People:
    """The people of a case by label, and how many texts of it are masked so far."""

    numbers: Mapping[str, int]
    ids: Mapping[int, UUID]
    marks: int

    def number_of(self, person_id: UUID | None) -> int | None:
        """Return the number of a person; null if it is none of the case."""
        return next((number for number, each in self.ids.items() if each == person_id), None)


@dataclass(frozen=True, slots=True)
class Piece:
    """A place in a text, and what stands there from now on."""

    start: int
    end: int
    token: str


@dataclass(slots=True)
class Tokenised:
    """What became of narratives: texts with tokens, and what is to be kept beside them."""

    texts: dict[str, str] = field(default_factory=dict)
    masked: list[tuple[str, str]] = field(default_factory=list)
    """Kind and text of each masked place, in the order of their marks."""
    kept: dict[str, int] = field(default_factory=dict)
    """How many places stay as they are in a text, because somebody said they identify nobody."""


def tokenise(
    texts: Mapping[str, str],
    matcher: Matcher,
    people: People,
    resolutions: Sequence[Resolution],
    *,
    masks: bool,
) -> Tokenised:
    """Replace the people in texts, which are named by their pointers.

    With `masks` what is doubtful is masked. Raises `UnresolvedIdentifiers` and `InvalidToken`.
    """
    done = Tokenised()
    unresolved: list[UnresolvedIdentifier] = []
    for pointer, text in texts.items():
        mine = [each for each in resolutions if each.pointer == pointer]
        narrative = _Narrative(pointer, text, people, done)
        unresolved += narrative.read(matcher, mine, masks=masks)
        done.texts[pointer] = narrative.written()
    if unresolved:
        raise UnresolvedIdentifiers(*unresolved)
    if any(each.pointer not in texts for each in resolutions):
        raise InvalidToken.at("/resolutions")
    return done


def retokenise(texts: Mapping[str, str], matcher: Matcher, people: People) -> Tokenised:
    """Replace whoever is certain in texts that are stored already; their tokens stay."""
    done = Tokenised()
    for name, text in texts.items():
        narrative = _Narrative(name, text, people, done, is_stored=True)
        narrative.read(matcher, [], masks=False)
        done.texts[name] = narrative.written()
    return done


class _Narrative:
    """One text while it is read."""

    def __init__(
        self, pointer: str, text: str, people: People, done: Tokenised, *, is_stored: bool = False
    ) -> None:
        if not is_stored and (OPEN in text or CLOSE in text):
            raise InvalidToken.at(pointer)
        self.pointer, self.text, self.people, self.done = pointer, text, people, done
        self.pieces = list(_tokens(text) if is_stored else _labels(text, people))

    def read(
        self, matcher: Matcher, resolutions: Sequence[Resolution], *, masks: bool
    ) -> list[UnresolvedIdentifier]:
        """Find who is named; return what has to be said first."""
        said = {(each.start, each.length): each for each in resolutions}
        unresolved = []
        for span in recognise(matcher, self._scanned()):
            resolution = said.pop((span.start, span.length), None)
            if resolution is not None:
                self._resolve(span, resolution)
            elif span.certainty is Certainty.certain:
                self._replace(span)
            elif span.certainty is Certainty.likely and masks:
                self._mask(span)
            elif span.certainty is Certainty.likely:
                unresolved.append(self._place(span))
        for resolution in said.values():
            self._resolve(self._unasked(resolution), resolution)
        return unresolved

    def written(self) -> str:
        """Return the text with its tokens."""
        parts, end = [], 0
        for piece in sorted(self.pieces, key=lambda piece: piece.start):
            parts += [self.text[end : piece.start], f"{OPEN}{piece.token}{CLOSE}"]
            end = piece.end
        return "".join((*parts, self.text[end:]))

    def _scanned(self) -> str:
        """Return the text as it is searched: labels are shut, other brackets hide nothing."""
        text = self.text.translate(WITHOUT_BRACKETS)
        for piece in self.pieces:
            inside = "0" * (piece.end - piece.start - 2)
            text = text[: piece.start] + OPEN + inside + CLOSE + text[piece.end :]
        return text

    def _unasked(self, resolution: Resolution) -> Span:
        """Take a place that the caller names and we did not. Raises `InvalidToken`."""
        start, end = resolution.start, resolution.start + resolution.length
        taken = any(piece.start < end and start < piece.end for piece in self.pieces)
        if taken or end > len(self.text) or resolution.treat_as is TreatAs.not_identifying:
            raise InvalidToken.at("/resolutions")
        return Span(start, resolution.length, SpanKind.name, Certainty.likely, ())

    def _resolve(self, span: Span, resolution: Resolution) -> None:
        if resolution.treat_as is TreatAs.mask:
            self._mask(span)
        elif resolution.treat_as is TreatAs.person:
            number = self.people.number_of(resolution.person_id)
            if number is None:
                raise InvalidToken.at("/resolutions")
            self._put(span, _token((number,), span.kind))
        elif span.certainty is Certainty.certain and span.persons:
            raise InvalidToken.at("/resolutions")
        else:
            self.done.kept[self.pointer] = self.done.kept.get(self.pointer, 0) + 1

    def _replace(self, span: Span) -> None:
        if span.persons:
            self._put(span, _token(span.persons, span.kind))
        else:
            self._mask(span)

    def _mask(self, span: Span) -> None:
        text = self.text[span.start : span.start + span.length]
        self.done.masked.append((span.kind.value, text))
        mark = self.people.marks + len(self.done.masked)
        self._put(span, f"m{mark}:{span.kind.value}")

    def _put(self, span: Span, token: str) -> None:
        self.pieces.append(Piece(span.start, span.start + span.length, token))

    def _place(self, span: Span) -> UnresolvedIdentifier:
        candidates = [str(self.people.ids[n]) for n in span.persons if n in self.people.ids]
        return UnresolvedIdentifier(
            pointer=self.pointer,
            start=span.start,
            length=span.length,
            kind=span.kind.value,
            person_ids=candidates,
        )


def _token(persons: Sequence[int], kind: SpanKind) -> str:
    numbers = ",".join(str(number) for number in sorted(persons))
    return numbers if kind in (SpanKind.person, SpanKind.name) else f"{numbers}:{kind.value}"


def _tokens(text: str) -> list[Piece]:
    """Find the tokens of a stored text, to stay as they are."""
    return [Piece(m.start(), m.end(), m[1]) for m in TOKEN.finditer(text)]


def _labels(text: str, people: People) -> list[Piece]:
    """Find labels in brackets, as readers see them, and turn them back into tokens."""
    found = []
    for match in IN_BRACKETS.finditer(text):
        token = _token_of(match[1], people)
        if token is not None:
            found.append(Piece(match.start(), match.end(), token))
    return found


def _token_of(label: str, people: People) -> str | None:
    """Return the token of a label; null for brackets that hold anything else."""
    if (numbers := _numbers(label, people)) is not None:
        return numbers
    if (masked := MASKED.fullmatch(label)) and 0 < int(masked[2]) <= people.marks:
        kind = masked[1].casefold()
        return f"m{int(masked[2])}:{kind.replace(' ', '_')}" if kind in MASKED_KINDS else None
    if (owned := OF_A_PERSON.fullmatch(label)) and owned[1].casefold() in MASKED_KINDS:
        numbers = _numbers(owned[2], people)
        return None if numbers is None else f"{numbers}:{owned[1].casefold().replace(' ', '_')}"
    return None


def _numbers(label: str, people: People) -> str | None:
    numbers = [people.numbers.get(each) for each in label.split(" or ")]
    known = [number for number in numbers if number is not None]
    return ",".join(map(str, sorted(known))) if len(known) == len(numbers) else None
