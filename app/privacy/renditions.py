"""A publication as the public would read it, and what in it must not be read.

Framework section 16. The same rendering stands in PostgreSQL as `actor.render_published`, and the
two are compared whenever one is made.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from app.privacy.narratives import TOKEN
from app.privacy.recognition import Certainty, Matcher, RegisteredPerson, Span, SpanKind, recognise
from app.privacy.recognition.reading import labels as bracketed
from app.privacy.vault_strings import find_strings, find_words


class Place(NamedTuple):
    """A place in a rendition: where, and what seems to stand there. Never the text."""

    pointer: str
    start: int
    length: int
    kind: str


@dataclass(slots=True)
class Rendered:
    """A narrative with the labels of a publication; `labelled` are the places these stand at."""

    text: str = ""
    labelled: list[tuple[int, int]] = field(default_factory=list)
    left: list[tuple[int, int, str]] = field(default_factory=list)
    """Tokens that stay: masked texts, identifiers, people without a label."""


def render(narrative: str, labels: Mapping[int, str]) -> Rendered:
    """Write tokens of people as their labels; every other token stays."""
    done = Rendered()
    end = 0
    for match in TOKEN.finditer(narrative):
        done.text += narrative[end : match.start()]
        end = match.end()
        shown, kind = _shown(match[1], labels)
        start = len(done.text)
        done.text += match.group() if shown is None else shown
        if shown is None:
            done.left.append((start, len(done.text), kind))
        else:
            done.labelled.append((start, len(done.text)))
    done.text += narrative[end:]
    return done


def _shown(token: str, labels: Mapping[int, str]) -> tuple[str | None, str]:
    """Return the label of a token; null with the reason where it has none."""
    if token.startswith("m"):
        return None, "masked_text"
    if ":" in token:
        return None, "identifier"
    numbers = sorted(map(int, token.split(",")))
    if any(number not in labels for number in numbers):
        return None, "person_without_label"
    return " or ".join(labels[number] for number in numbers), ""


class Inspector:
    """Looks for whatever could say who the people of a case are, in renditions of one of them."""

    def __init__(
        self, matcher: Matcher, people: Sequence[RegisteredPerson], case_labels: Sequence[str]
    ) -> None:
        self._matcher = matcher
        self._people = people
        self._case_labels = [label for label in case_labels if _is_distinct(label)]

    def findings(self, pointer: str, rendered: Rendered) -> Iterator[Place]:
        """Yield what keeps a text from being published, in no order; places may overlap."""
        places = [
            *rendered.left,
            *((start, end, "token") for start, end in bracketed(rendered.text)),
            *((start, end, "token") for start, end in _stray(rendered.text)),
            *((start, end, "vault_string") for start, end in self._strings(rendered.text)),
            *((start, end, "working_label") for start, end in self._working(rendered)),
            *self._recognised(rendered),
        ]
        for start, end, kind in places:
            yield Place(pointer, start, end - start, kind)

    def is_of_nobody(self, text: str, start: int, length: int) -> bool:
        """Tell whether what is recognised at a place is nobody's who is registered."""
        return all(
            not span.persons
            for span in recognise(self._matcher, text)
            if (span.start, span.length) == (start, length)
        ) and not any(begin < start + length and start < end for begin, end in self._strings(text))

    def identifies(self, label: str) -> bool:
        """Tell whether a label names somebody of the case, or is what the case calls somebody."""
        text = f"It says {label} here."
        if any(span.persons for span in recognise(self._matcher, text)) or self._strings(text):
            return True
        return any(find_words(each, text) for each in self._case_labels)

    def _strings(self, text: str) -> list[tuple[int, int]]:
        return find_strings(self._people, text)

    def _working(self, rendered: Rendered) -> Iterator[tuple[int, int]]:
        for label in self._case_labels:
            yield from find_words(label, rendered.text)

    def _recognised(self, rendered: Rendered) -> Iterator[tuple[int, int, str]]:
        """Yield certain and likely hits, but for pseudonyms and schools that are nobody's.

        Schools nobody is registered at are a matter of warnings.
        """
        for span in recognise(self._matcher, rendered.text):
            if span.certainty is Certainty.possible:
                continue
            is_pseudonym = any(
                start <= span.start and span.end <= end for start, end in rendered.labelled
            )
            if span.persons or not (is_pseudonym or span.kind is SpanKind.school):
                yield span.start, span.end, _kind(span)


def _kind(span: Span) -> str:
    return span.kind.value


def _stray(text: str) -> Iterator[tuple[int, int]]:
    """Yield brackets of tokens that no token explains."""
    for at, character in enumerate(text):
        if character in "⟦⟧":
            yield at, at + 1


def _is_distinct(label: str) -> bool:
    """Whether a label is one of a row, as `Child A` and `Nurse 2`; `Mother` is a word."""
    last = label.rpartition(" ")[2]
    return last != label and (last.isdecimal() or (last.isupper() and len(last) <= 2))  # noqa: PLR2004
