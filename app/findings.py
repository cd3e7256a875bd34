"""What was found of an installation, one thing in one sentence."""

from dataclasses import dataclass
from enum import IntEnum


class Verdict(IntEnum):
    """How something stands."""

    well = 0
    advice = 1
    """Works, and could be better."""
    wrong = 2
    unsafe = 3
    """Nobody should be served from this."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at, in a sentence, and what to do about it: empty if nothing."""

    check: str
    verdict: Verdict
    sentence: str
    remedy: str = ""


def judge(
    check: str,
    problem: object,
    well: str,
    ill: str,
    remedy: str,
    verdict: Verdict = Verdict.unsafe,
) -> Finding:
    """Say that something is well, or what is the problem with it."""
    if not problem:
        return Finding(check, Verdict.well, well)
    return Finding(check, verdict, ill.format(problem), remedy)
