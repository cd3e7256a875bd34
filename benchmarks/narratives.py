"""The recogniser on narratives with known spans: `python -m benchmarks.narratives [--file F]`.

A file has one narrative a line: `doc_id`, `text`, `people` (registered persons) and `spans`
(`start`, `end`, `type`, `ref`). The recogniser knows only `people`, not the addresses and schools
of the spans, unless `--places` registers these too. The misses of a third of the narratives, chosen
by the hash of `doc_id`, were never looked at when the rules were written.
"""

import argparse
import hashlib
import json
import os
import platform
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from app.privacy.recognition import (
    Certainty,
    Matcher,
    RegisteredName,
    RegisteredPerson,
    Span,
    SpanKind,
)

FILE = Path(__file__).with_name("narratives_dev.jsonl")
TOWNS = ("Northampton", "Corby", "Kettering", "Wellingborough", "Daventry", "Rushden", "Brackley")
KINDS = {
    "PERSON": SpanKind.person,
    "DOB": SpanKind.date_of_birth,
    "NHS_NUMBER": SpanKind.nhs_number,
    "ADDRESS": SpanKind.address,
    "POSTCODE": SpanKind.postcode,
    "SCHOOL": SpanKind.school,
}
ROLES = {"child": "child", "mother": "family", "father": "family"}
LENGTH = 2500
ROUNDS = 5
Narrative = dict[str, Any]
"""One line of the file, as JSON has it."""


@dataclass(slots=True)
class Score:
    """What was found of what should be."""

    narratives: int = 0
    gold: Counter[str] = field(default_factory=Counter)
    certain: Counter[str] = field(default_factory=Counter)
    """Gold spans whose letters and digits certain spans cover."""
    noticed: Counter[str] = field(default_factory=Counter)
    """The same with doubtful spans."""
    false_certain: list[str] = field(default_factory=list)
    """Narrative and text of certain spans that touch no gold span."""
    wrong_person: list[str] = field(default_factory=list)
    """Gold spans that were given to others only."""
    several: int = 0
    """Gold spans that several persons may be meant by."""
    doubtful: Counter[str] = field(default_factory=Counter)
    """Spans by certainty, gold or not, that are not certain."""

    def recall(self, kind: str) -> float:
        """Return the part of the gold spans that was found for certain."""
        return self.certain[kind] / self.gold[kind] if self.gold[kind] else 1.0

    @property
    def false_rate(self) -> float:
        """Return false certain spans for each narrative."""
        return len(self.false_certain) / max(1, self.narratives)


def load(file: Path) -> list[Narrative]:
    """Read the narratives of a file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]


def is_tuned(narrative: Narrative) -> bool:
    """Whether a narrative belongs to the two thirds that rules were written after."""
    return hashlib.sha256(narrative["doc_id"].encode()).digest()[0] % 3 != 0


def registered(narrative: Narrative, *, with_places: bool = False) -> list[RegisteredPerson]:
    """Return the persons of a narrative; on demand with the addresses and schools of its spans."""
    return [
        RegisteredPerson(
            number,
            ROLES.get(person["role"], "practitioner"),
            _names(person),
            (date.fromisoformat(person["dob"]),) if "dob" in person else (),
            tuple(_identifiers(person, narrative if with_places else None)),
        )
        for number, person in enumerate(narrative["people"])
    ]


def score(narratives: Iterable[Narrative], *, with_places: bool = False) -> Score:
    """Run the recogniser over narratives, each with its own matcher."""
    total = Score()
    for narrative in narratives:
        matcher = Matcher(registered(narrative, with_places=with_places), TOWNS)
        _count(total, narrative, matcher.find(narrative["text"]))
    return total


def _names(person: Narrative) -> tuple[RegisteredName, ...]:
    name = RegisteredName(person["forename"], person["surname"])
    return (name, RegisteredName(person["nick"])) if "nick" in person else (name,)


def _identifiers(person: Narrative, narrative: Narrative | None) -> Iterable[tuple[SpanKind, str]]:
    if "nhs" in person:
        yield SpanKind.nhs_number, person["nhs"]
    for span in narrative["spans"] if narrative else ():
        if span["ref"] == person["ref"] and span["type"] in {"ADDRESS", "POSTCODE", "SCHOOL"}:
            yield KINDS[span["type"]], span["text"]


def _count(total: Score, narrative: Narrative, spans: Sequence[Span]) -> None:
    text, gold = narrative["text"], narrative["spans"]
    numbers = {person["ref"]: number for number, person in enumerate(narrative["people"])}
    certain = [span for span in spans if span.certainty is Certainty.certain]
    total.narratives += 1
    total.doubtful.update(span.certainty.value for span in spans if span not in certain)
    for wanted in gold:
        kind = wanted["type"]
        total.gold[kind] += 1
        total.certain[kind] += _is_covered(text, wanted, certain)
        total.noticed[kind] += _is_covered(text, wanted, spans)
        touching = [span for span in certain if _touches(span, wanted)]
        if kind in {"PERSON", "DOB", "NHS_NUMBER"}:
            people = [span.persons for span in touching]
            total.several += any(len(persons) > 1 for persons in people)
            if any(numbers[wanted["ref"]] not in persons for persons in people):
                total.wrong_person.append(f"{narrative['doc_id']} {wanted['text']!r}")
    total.false_certain += [
        f"{narrative['doc_id']} {text[span.start : span.end]!r}"
        for span in certain
        if not any(_touches(span, wanted) for wanted in gold)
    ]


def _touches(span: Span, wanted: Narrative) -> bool:
    return bool(span.start < wanted["end"] and wanted["start"] < span.end)


def _is_covered(text: str, wanted: Narrative, spans: Iterable[Span]) -> bool:
    places = {place for span in spans for place in range(span.start, span.end)}
    return all(
        place in places for place in range(wanted["start"], wanted["end"]) if text[place].isalnum()
    )


def _timings(narratives: list[Narrative]) -> tuple[float, float, float]:
    """Return ms: the median of building a matcher, median and least of 2.5 kB with it warm."""
    builds, finds = [], []
    for place, narrative in enumerate(narratives):
        persons = registered(narrative, with_places=True)
        started = time.perf_counter()
        matcher = Matcher(persons, TOWNS)
        builds.append(time.perf_counter() - started)
        texts = [other["text"] for other in narratives[place:] + narratives[:place]]
        text = " ".join(texts * (1 + LENGTH // sum(map(len, texts))))[:LENGTH]
        for _ in range(ROUNDS):
            started = time.perf_counter()
            matcher.find(text)
            finds.append(time.perf_counter() - started)
    return statistics.median(builds) * 1000, statistics.median(finds) * 1000, min(finds) * 1000


def _lines(name: str, found: Score) -> Iterable[str]:
    yield f"{name}: {found.narratives} narratives, {found.gold.total()} spans"
    for kind in KINDS:
        noticed = found.noticed[kind] - found.certain[kind]
        share = f"{found.certain[kind]} of {found.gold[kind]}, {noticed} more doubtful"
        yield f"  recall {kind.lower():<12} {found.recall(kind):.4f}  ({share})"
    yield f"  false certain     {found.false_rate:.3f} a narrative {found.false_certain[:5]}"
    yield f"  wrong person      {len(found.wrong_person)} {found.wrong_person[:5]}"
    yield f"  several persons   {found.several}"
    yield f"  doubtful          {dict(found.doubtful)}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, default=FILE)
    parser.add_argument("--places", action="store_true", help="register addresses and schools")
    options = parser.parse_args()
    narratives = load(options.file)
    parts = {
        "tuned on": [one for one in narratives if is_tuned(one)],
        "untouched": [one for one in narratives if not is_tuned(one)],
        "whole": narratives,
    }
    for name, part in parts.items():
        print("\n".join(_lines(name, score(part, with_places=options.places))))
    build, find, least = _timings(narratives)
    print(f"matcher of a case: {build:.2f} ms")
    print(f"narrative of {LENGTH} characters: median {find:.2f} ms, least {least:.2f} ms")
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}"
    print(f"machine: {machine}, Python {platform.python_version()}")


if __name__ == "__main__":
    main()
