"""The built-in recogniser and those an operator has installed, together."""

from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import entry_points

from app.privacy.recognition.kinds import Certainty, Span
from app.privacy.recognition.matcher import Matcher
from app.privacy.recognition.reading import labels
from app.privacy.recognition.settling import Settled

GROUP = "safeguarding.recognisers"
Recogniser = Callable[[str], Iterable[Span]]
"""An operator's recogniser: it is given the text and answers spans of it."""


@cache
def recognisers() -> tuple[Recogniser, ...]:
    """Return the operator's recognisers. One that cannot be loaded raises."""
    return tuple(entry.load() for entry in entry_points(group=GROUP))


def recognise(matcher: Matcher, text: str) -> list[Span]:
    """Return the spans that any recogniser finds. One that fails, fails the whole.

    A plug-in adds and never takes away: of what overlaps, the surer stands, and of equals the
    built-in one; the rest of the other stands too. Labels stay untouched.
    """
    own = matcher.find(text)
    others = [span for recogniser in recognisers() for span in recogniser(text)]
    if not others:
        return own
    if any(not 0 <= span.start < span.end <= len(text) for span in others):
        raise ValueError("a recogniser answered a span outside the text")
    settled = Settled(text)
    settled.block(labels(text))
    for is_certain in (True, False):
        for spans in (own, others):
            settled.take(
                span for span in spans if (span.certainty is Certainty.certain) is is_certain
            )
    return sorted(settled.spans, key=lambda span: span.start)
