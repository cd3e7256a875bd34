"""Dates of birth in narratives, in any form people write, and the dates that are none."""

import pytest

from app.privacy.recognition import Certainty, SpanKind
from tests.test_recognition_identifiers import CASE, CHILD, TWIN, found


@pytest.mark.parametrize(
    "written",
    [
        "09/05/2012",
        "9/5/12",
        "9.5.2012",
        "09-05-12",
        "2012-05-09",
        "20120509",
        "090512",
        "05/09/2012",
        "9 May 2012",
        "9th May 2012",
        "9th of May, 2012",
        "May 9th, 2012",
        "May 9 2012",
        "MAY 9, 2012",
        "9-May-12",
        "9May2012",
        "9 May '12",
        "ninth of May 2012",
        "09 05 2012",
        "09 / 05 / 2012",
        "2012 May 9",
    ],
)
def test_a_registered_date_of_birth_is_found_in_any_form(written: str) -> None:
    assert found(CASE, f"Seen ({written}) at home.") == [
        (written, SpanKind.date_of_birth, Certainty.certain, (CHILD, TWIN))
    ]


@pytest.mark.parametrize("text", ["DOB 3/4/2011", "D.O.B.: 3 April 2011", "born on 3rd April 2011"])
def test_another_date_after_a_birth_is_likely(text: str) -> None:
    ((_, kind, certainty, numbers),) = found(CASE, text)

    assert (kind, certainty, numbers) == (SpanKind.date_of_birth, Certainty.likely, ())


def test_a_birthday_without_its_year_is_likely() -> None:
    assert found(CASE, "It was their birthday, 9 May, and 10 May was quiet.") == [
        ("9 May", SpanKind.date_of_birth, Certainty.likely, (CHILD, TWIN))
    ]


@pytest.mark.parametrize(
    "text", ["On 10 May 2012 they met.", "Seen 10/05/2012.", "in 5/2012", "v1.2.3", "10.11.12.13"]
)
def test_another_date_is_no_date_of_birth(text: str) -> None:
    assert found(CASE, text) == []
