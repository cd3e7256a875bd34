"""Which spans stand, where several want the same characters."""

import re
from collections.abc import Iterable

from app.privacy.recognition.kinds import Certainty, Span, found
from app.privacy.recognition.reading import Word

SIGNS = re.compile(r"[^\W_]")


class Settled:
    """Spans that stand. What is taken first, stands; of those taken together, the surer, longer."""

    def __init__(self, text: str) -> None:
        self.spans: list[Span] = []
        self._text = text
        self._taken = bytearray(len(text))

    def take(self, spans: Iterable[Span]) -> None:
        """Let spans stand where nothing else does; of one that overlaps, the rest that is free."""
        for span in sorted(spans, key=_rank):
            if self._taken.find(1, span.start, span.end) < 0:
                self._mark(span)
            else:
                for start, end in self._rest(span):
                    self._mark(found(start, end, span.kind, span.certainty, span.persons))

    def block(self, parts: Iterable[tuple[int, int]]) -> None:
        """Keep parts free of anything that comes later."""
        for start, end in parts:
            self._taken[start:end] = b"\1" * (end - start)

    def is_free(self, word: Word) -> bool:
        """Whether nothing stands at a word."""
        return self._taken.find(1, word.start, word.end) < 0

    def _mark(self, span: Span) -> None:
        self.spans.append(span)
        self._taken[span.start : span.end] = b"\1" * span.length

    def _rest(self, span: Span) -> list[tuple[int, int]]:
        """Return what of a span is free, from its first letter or digit to its last."""
        parts: list[tuple[int, int]] = []
        for run in re.finditer(rb"\0+", self._taken[span.start : span.end]):
            start, end = span.start + run.start(), span.start + run.end()
            signs = [sign.start() for sign in SIGNS.finditer(self._text, start, end)]
            if signs:
                parts.append((signs[0], signs[-1] + 1))
        return parts


def _rank(span: Span) -> tuple[bool, int, int]:
    return span.certainty is not Certainty.certain, -span.length, span.start
