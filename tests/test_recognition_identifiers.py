"""Numbers and places in narratives."""

from datetime import date

import pytest

from app.privacy.recognition import (
    Certainty,
    Matcher,
    RegisteredName,
    RegisteredPerson,
    SpanKind,
)
from app.privacy.recognition.numbers import is_nhs_number, is_upn

CHILD, TWIN, MOTHER = 1, 2, 3
NOBODY = Matcher([])
CASE = Matcher(
    [
        RegisteredPerson(
            CHILD,
            "child",
            (RegisteredName("Grace", "Baker"),),
            (date(2012, 5, 9),),
            (
                (SpanKind.nhs_number, "9434765919"),
                (SpanKind.school, "St Oswin's CE Primary School"),
                (SpanKind.address, "Flat 3, 27 Wharf Road, Corby, NN17 1AB"),
                (SpanKind.postcode, "NN17 1AB"),
                (SpanKind.local_identifier, "LCS-12345/6"),
                (SpanKind.telephone, "07700 900123"),
            ),
        ),
        RegisteredPerson(TWIN, "child", (RegisteredName("Rose", "Baker"),), (date(2012, 5, 9),)),
        RegisteredPerson(
            MOTHER,
            "family",
            (RegisteredName("Ann", "Baker"),),
            (date(1989, 12, 31),),
            ((SpanKind.address, "Rose Cottage, 14a High Street"),),
        ),
    ],
    ["Corby"],
)
Found = tuple[str, SpanKind, Certainty, tuple[int, ...]]


def found(matcher: Matcher, text: str) -> list[Found]:
    return [
        (text[span.start : span.end], span.kind, span.certainty, span.persons)
        for span in matcher.find(text)
    ]


@pytest.mark.parametrize(
    ("value", "is_valid"),
    [
        ("9992282622", True),
        ("9996817911", True),
        ("9992241926", True),
        ("9434765919", True),
        ("9996094880", False),
        ("9992917750", False),
        ("9876544321", False),
        ("99912345", False),
        ("९९९०००००००", False),
        ("", False),
    ],
)
def test_an_nhs_number_ends_in_its_check_digit(value: str, is_valid: bool) -> None:  # noqa: FBT001
    assert is_nhs_number(value) is is_valid


@pytest.mark.parametrize(("value", "is_valid"), [("H801200001001", True), ("A801200001001", False)])
def test_a_pupil_number_begins_with_its_check_letter(value: str, is_valid: bool) -> None:  # noqa: FBT001
    assert is_upn(value) is is_valid


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("999 228 2622", SpanKind.nhs_number),
        ("9992282622", SpanKind.nhs_number),
        ("999-228-2622", SpanKind.nhs_number),
        ("９９９２２８２６２２", SpanKind.nhs_number),  # noqa: RUF001 - full width
        ("H801200001001", SpanKind.upn),
        ("AB 12 34 56 C", SpanKind.national_insurance_number),
        ("ab123456c", SpanKind.national_insurance_number),
        ("NN17 1AB", SpanKind.postcode),
        ("nn17 1ab", SpanKind.postcode),
        ("NN171AB", SpanKind.postcode),
        ("SW1A 2AA", SpanKind.postcode),
        ("07700 900456", SpanKind.telephone),
        ("+44 7700 900 456", SpanKind.telephone),
        ("+44 (0)1604 496 0123", SpanKind.telephone),
        ("(01604) 496012", SpanKind.telephone),
        ("01604496012", SpanKind.telephone),
        ("+48 601 234 567", SpanKind.telephone),
        ("jo.bloggs+home@example.co.uk", SpanKind.email),
        ("14 Sorrel Close", SpanKind.address),
        ("Flat 3, 27 Wharf Rd", SpanKind.address),
        ("No. 102 Mill Lane", SpanKind.address),
        ("12-14 St Mary's Street", SpanKind.address),
        ("8 Quarry View", SpanKind.address),
        ("8 QUARRY VIEW", SpanKind.address),
        ("3b The Green Park Road", SpanKind.address),
    ],
)
def test_an_identifier_is_certain_whoever_has_it(written: str, kind: SpanKind) -> None:
    assert found(NOBODY, f"They gave {written} as theirs.") == [
        (written, kind, Certainty.certain, ())
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Reference 9992282623 was given.",
        "On 3 May 2017 Court papers were sent.",
        "In 2017 Mill Lane closed.",
        "Section 47 Enquiry Way forward",
        "seen at 10.30 on 4.5.17 in room 12",
        "They spent 1200 pounds, 45% of 3,400, in 2016/17.",
        "aged 14 close to tears",
        "by 1st 2pm",
    ],
)
def test_other_figures_are_no_identifiers(text: str) -> None:
    assert [span for span in NOBODY.find(text) if span.certainty is Certainty.certain] == []


def test_an_nhs_number_with_a_wrong_digit_is_likely_where_it_is_called_one() -> None:
    assert found(NOBODY, "NHS No. 999 228 2623") == [
        ("999 228 2623", SpanKind.nhs_number, Certainty.likely, ())
    ]


@pytest.mark.parametrize(
    ("written", "kind", "numbers"),
    [
        ("943 476 5919", SpanKind.nhs_number, (CHILD,)),
        ("94 34 76 59 19", SpanKind.nhs_number, (CHILD,)),
        ("07700900123", SpanKind.telephone, (CHILD,)),
        ("lcs 12345 6", SpanKind.local_identifier, (CHILD,)),
        ("LCS123456", SpanKind.local_identifier, (CHILD,)),
        ("Flat 3, 27 Wharf Road, Corby", SpanKind.address, (CHILD,)),
        ("flat 3 27 wharf rd", SpanKind.address, (CHILD,)),
        ("27 Wharf Road", SpanKind.address, (CHILD,)),
        ("Wharf Road", SpanKind.address, (CHILD,)),
        ("Rose Cottage", SpanKind.address, (MOTHER,)),
        ("14A High St", SpanKind.address, (MOTHER,)),
        ("St Oswin\u2019s CE Primary School", SpanKind.school, (CHILD,)),
        ("St Oswins CE Primary", SpanKind.school, (CHILD,)),
        ("St. Oswin's School", SpanKind.school, (CHILD,)),
        ("NN17 1AB", SpanKind.postcode, (CHILD,)),
    ],
)
def test_a_registered_identifier_is_found_in_any_form(
    written: str, kind: SpanKind, numbers: tuple[int, ...]
) -> None:
    assert found(CASE, f"It was {written} then.") == [(written, kind, Certainty.certain, numbers)]


def test_a_street_that_is_in_every_town_is_only_likely_without_its_number() -> None:
    assert found(CASE, "They met in High Street.") == [
        ("High Street", SpanKind.address, Certainty.likely, (MOTHER,))
    ]


@pytest.mark.parametrize(
    "school",
    [
        "Willowmere Primary School",
        "The Larches Special School",
        "Ashcombe Academy",
        "Grace Academy",
    ],
)
def test_a_school_that_nobody_has_registered_is_likely(school: str) -> None:
    assert found(CASE, f"Attendance at {school} was 86%.") == [
        (school, SpanKind.school, Certainty.likely, ())
    ]


def test_a_person_whose_name_looks_like_a_street_is_a_person() -> None:
    case = Matcher([RegisteredPerson(1, "child", (RegisteredName("Caitlin", "Green"),))])

    assert found(case, "On 23 December 2017 Caitlin Green visited 4 Caitlin Lane.") == [
        ("Caitlin Green", SpanKind.person, Certainty.certain, (1,)),
        ("4 Caitlin Lane", SpanKind.address, Certainty.certain, ()),
    ]
