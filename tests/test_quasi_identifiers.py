"""What narrows down who somebody is, found in texts (Framework section 7)."""

import pytest

from app.privacy.quasi_identifiers import QuasiIdentifier as Q
from app.privacy.quasi_identifiers import lint


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sam, a nine-year-old, rang.", [(Q.exact_age, "nine-year-old")]),
        ("He was aged 9.", [(Q.exact_age, "aged 9")]),
        ("at the age of fourteen months", [(Q.exact_age, "age of fourteen months")]),
        ("She was 3 years and 2 months old.", [(Q.exact_age, "3 years and 2 months old")]),
        ("before her tenth birthday", [(Q.exact_age, "tenth birthday")]),
        ("on 4th May 2016", [(Q.exact_date, "4th May 2016")]),
        ("on 04/05/2016", [(Q.exact_date, "04/05/2016")]),
        ("on 2016-05-04", [(Q.exact_date, "2016-05-04")]),
        ("on March 3, 2016", [(Q.exact_date, "March 3, 2016")]),
        ("the twin brother", [(Q.ordinal_fact, "twin")]),
        ("her third child", [(Q.ordinal_fact, "third child")]),
        ("the youngest of the family", [(Q.ordinal_fact, "youngest of")]),
        ("an only child", [(Q.ordinal_fact, "only child")]),
        ("He went to Quarrywell Academy.", [(Q.school, "Quarrywell Academy")]),
        ("They moved to Little Addington.", [(Q.small_place, "Little Addington")]),
        ("the village of Slipton", [(Q.small_place, "Slipton")]),
        ("on the Hemmingwell estate", [(Q.small_place, "Hemmingwell")]),
    ],
)
def test_what_narrows_down_is_found_by_its_place(text: str, found: list[tuple[Q, str]]) -> None:
    places = [(kind, text[start : start + length]) for start, length, kind in lint(text, ())]

    assert places == found


@pytest.mark.parametrize(
    "text",
    [
        "The primary school aged children in Northamptonshire may be seen at home.",
        "In May the Board met, and in 2016 it met again.",
        "Agencies had known the family for years.",
        "At Children's Services nobody asked.",
    ],
)
def test_what_many_share_is_not_warned_of(text: str) -> None:
    assert lint(text, ()) == []


def test_places_are_those_of_the_text_as_given() -> None:
    text = "Zoë ﬁled it — a nine\u2011year\u2011old."

    ((start, length, kind),) = lint(text, ())

    assert (text[start : start + length], kind) == ("nine\u2011year\u2011old", Q.exact_age)


def test_labels_are_nobodys() -> None:
    assert lint("They went to Sam.", [(13, 16)]) == []
