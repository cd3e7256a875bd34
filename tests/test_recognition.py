"""The recogniser as a whole: its spans, its speed, its plug-ins, and how much it finds."""

import random
import time
from collections.abc import Iterable
from importlib.metadata import EntryPoint

import pytest

from app.privacy.recognition import (
    Certainty,
    Matcher,
    RegisteredName,
    RegisteredPerson,
    Span,
    SpanKind,
    plugins,
    recognise,
)
from benchmarks import narratives

CASE = Matcher(
    [
        RegisteredPerson(1, "child", (RegisteredName("Zoë", "O'Connor-Lowe"),)),
        RegisteredPerson(2, "family", (RegisteredName("Will", "May"),)),
    ]
)
PIECES = [
    *"Zoë Zoe\u0308 zoe O'Connor O\u2019Connor- Lowe Will May will may K Z . , - ' \u2019".split(
        " "
    ),
    *". , - ( ) # @ / \n ⟦1⟧ [Child A] [Zoë] ß ﬁ \u200b 14 Mill Lane 3/4/12 DOB NHS".split(" "),
    *"9434765919 NN1 1AA Academy The".split(" "),
    " ",
    "  ",
    "\t",
    "😀",
    "İ",
]


@pytest.mark.parametrize("seed", range(200))
def test_spans_are_sorted_within_the_text_and_never_over_another(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    text = "".join(chance.choice(PIECES) + chance.choice(["", " "]) for _ in range(60))

    spans = CASE.find(text)

    ends = [0, *(span.end for span in spans)]
    assert all(end <= span.start for end, span in zip(ends, spans, strict=False))
    assert all(span.length > 0 for span in spans)
    assert ends[-1] <= len(text)
    assert all(text[span.start : span.end].strip() for span in spans)


def test_offsets_are_those_of_the_text_as_given() -> None:
    text = "Straße \u200bﬁne: Zoe\u0308 Lowe, ﬃ Will."

    found = [text[span.start : span.end] for span in CASE.find(text)]

    assert found == ["Zoe\u0308 Lowe", "Will"]


HOSTILE = {
    "one letter": "a",
    "capitals": "Aa ",
    "initials": "Z. ",
    "spaced letters": "z o e ",
    "title": "Mr ",
    "particles": "van der O ",
    "name": "Zoe ",
    "halves": "Zoe-",
    "whole name": "Zoe Lowe, ",
    "digits": "1",
    "digit groups": "12 ",
    "dates": "1/2/",
    "months": "may 1 ",
    "house numbers": "1 Aa Bb ",
    "flats": "Flat 3, ",
    "schools": "Aa School ",
    "at signs": "a@",
    "dots": "a.",
    "hashes": "#zoe",
    "brackets": "[",
    "labels": "[Child A]",
    "brackets with names": "[Zo Xx]",
    "addresses of nobody": "a.'@",
    "half tokens": "⟦1",
    "apostrophes": "o'",
    "marks": "e\u0308",
    "invisible": "\u200b",
    "blanks": " ",
    "lines": "\n",
    "plus signs": "+44 ",
    "telephones": "07700 900 ",
    "pupil numbers": "A1-",
    "signs": "k@$!",
    "camels": "ZoeLowe",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_time_grows_with_the_text_and_not_faster(unit: str) -> None:
    short, long = _seconds(unit, 12_500), _seconds(unit, 50_000)

    assert long < 4 * short * 2.5 + 0.02


def _seconds(unit: str, length: int) -> float:
    text = (unit * (length // len(unit) + 1))[:length]
    times = []
    for _ in range(3):
        started = time.process_time()
        CASE.find(text)
        times.append(time.process_time() - started)
    return min(times)


def installed(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    """An operator's recogniser, as an installed package would announce it."""
    entry = EntryPoint("own", f"tests.test_recognition:{target}", plugins.GROUP)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [entry] * (group == plugins.GROUP))
    plugins.recognisers.cache_clear()
    monkeypatch.setattr(plugins, "recognisers", plugins.recognisers.__wrapped__)


def finds_badgers(text: str) -> Iterable[Span]:
    for word in ("badger", "Zoë and the badger", "Child A"):
        if word in text:
            start = text.index(word)
            yield Span(start, len(word), SpanKind.name, Certainty.likely)


def fails(text: str) -> Iterable[Span]:
    raise RuntimeError(len(text))


def goes_too_far(text: str) -> Iterable[Span]:
    yield Span(0, len(text) + 1, SpanKind.name, Certainty.certain)


def test_a_plug_in_adds_and_never_takes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "[Child A] and Zoë and the badger"
    installed(monkeypatch, "finds_badgers")

    spans = recognise(CASE, text)

    assert [(text[span.start : span.end], span.kind) for span in spans] == [
        ("Zoë", SpanKind.person),
        ("and the badger", SpanKind.name),
    ]


@pytest.mark.parametrize("target", ["fails", "goes_too_far", "is_not_there"])
def test_a_plug_in_that_fails_fails_the_whole(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    installed(monkeypatch, target)

    with pytest.raises((RuntimeError, ValueError, AttributeError)):
        recognise(CASE, "Zoë")


def test_without_plug_ins_the_built_in_recogniser_answers() -> None:
    assert recognise(CASE, "Zoë") == CASE.find("Zoë")


@pytest.mark.duty("7.4")
def test_all_that_is_registered_is_found_in_narratives_of_the_kind() -> None:
    found = narratives.score(narratives.load(narratives.FILE))

    kinds = set(narratives.KINDS) - {"SCHOOL"}
    assert {kind: found.recall(kind) for kind in kinds} == dict.fromkeys(kinds, 1.0)
    assert found.noticed["SCHOOL"] == found.gold["SCHOOL"]
    assert found.false_rate < 0.1
    assert found.wrong_person == []


def test_registered_schools_are_found_in_narratives_of_the_kind() -> None:
    found = narratives.score(narratives.load(narratives.FILE), with_places=True)

    assert found.recall("SCHOOL") == 1.0
    assert found.false_rate < 0.1
