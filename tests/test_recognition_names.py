"""Names in narratives: every form people write is found, and the words that look alike are not."""

import pytest

from app.privacy.recognition import (
    Certainty,
    Matcher,
    RegisteredName,
    RegisteredPerson,
)

CHILD, SISTER, FATHER, NURSE, OFFICER, TEACHER, AUNT = range(1, 8)


def person(number: int, *names: tuple[str | None, str | None]) -> RegisteredPerson:
    return RegisteredPerson(number, "other", tuple(RegisteredName(*name) for name in names))


FAMILY = Matcher(
    [
        person(CHILD, ("Katherine", "O'Connor-Lowe"), ("Kit-Kat", None), (None, "Ödegård")),
        person(SISTER, ("Zoë", "O'Connor-Lowe")),
        person(FATHER, ("Will", "Short"), ("Billy", None)),
        person(NURSE, ("Grace", "McDonald")),
        person(OFFICER, ("Mary-Jane", "van der Berg")),
        person(TEACHER, ("May", "Green")),
        person(AUNT, ("Thomas James", "Müller")),
    ],
    ["Corby", "Northampton General Hospital", "Grace Green Centre"],
)


def certain(text: str) -> list[tuple[str, tuple[int, ...]]]:
    return [
        (text[span.start : span.end], span.persons)
        for span in FAMILY.find(text)
        if span.certainty is Certainty.certain
    ]


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("Katherine", CHILD),
        ("katherine", CHILD),
        ("KATHERINE", CHILD),
        ("Katherine O'Connor-Lowe", CHILD),
        ("Katherine O\u2019Connor Lowe", CHILD),
        ("katherine oconnorlowe", CHILD),
        ("Katherine OConnor", CHILD),
        ("Katherine Lowe", CHILD),
        ("KATHERINE O CONNOR LOWE", CHILD),
        ("O\u2019Connor-Lowe, Katherine", CHILD),
        ("LOWE, Katie", CHILD),
        ("Lowe Katie", CHILD),
        ("K. O'Connor-Lowe", CHILD),
        ("K Lowe", CHILD),
        ("Lowe, K.", CHILD),
        ("Katherine J. O'Connor-Lowe", CHILD),
        ("Katherine Alice O'Connor-Lowe", CHILD),
        ("Miss K. O'Connor-Lowe", CHILD),
        ("K.O.", CHILD),
        ("KOL", CHILD),
        ("K.O-L.", CHILD),
        ("K. O-L", CHILD),
        ("Katie", CHILD),
        ("Kath", CHILD),
        ("Kit-Kat", CHILD),
        ("KitKat", CHILD),
        ("Ödegård", CHILD),
        ("Odegard", CHILD),
        ("oedegaard", CHILD),
        ("Ms Ödegård", CHILD),
        ("K\u200bath\u00aderine", CHILD),
        ("Kаthеrinе", CHILD),  # noqa: RUF001 - Cyrillic
        ("Ｋａｔｈｅｒｉｎｅ", CHILD),  # noqa: RUF001 - full width
        ("Kath-\nerine", CHILD),
        ("K a t h e r i n e", CHILD),
        ("K-a-t-i-e", CHILD),
        ("K@tie", CHILD),
        ("K4tie", CHILD),
        ("katiel0we", CHILD),
        ("katielowe2012", CHILD),
        ("katie.lowe", CHILD),
        ("katie_lowe", CHILD),
        ("KatieLowe", CHILD),
        ("Zoë", SISTER),
        ("Zoe\u0308", SISTER),
        ("ZOE", SISTER),
        ("Will Short", FATHER),
        ("will short's", FATHER),
        ("Mr Short", FATHER),
        ("Mr. W. Short", FATHER),
        ("mr short", FATHER),
        ("Short, Will", FATHER),
        ("William", FATHER),
        ("Billy", FATHER),
        ("Bill Short", FATHER),
        ("Grace McDonald", NURSE),
        ("Nurse Mc Donald", NURSE),
        ("McDonald, G", NURSE),
        ("Mary-Jane van der Berg", OFFICER),
        ("Mary Jane", OFFICER),
        ("maryjane", OFFICER),
        ("PC Van Der Berg", OFFICER),
        ("Berg", OFFICER),
        ("Ms May Green", TEACHER),
        ("Thomas Müller", AUNT),
        ("Tom Mueller", AUNT),
        ("Thomas James Muller", AUNT),
        ("T J Müller", AUNT),
    ],
)
def test_a_registered_name_is_found_in_any_form(written: str, number: int) -> None:
    sentence = f"Later on they met {written} at home."

    name = written.removesuffix("'s").removesuffix(".")
    assert certain(sentence) == [(name, (number,))]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Katie\u2019s partner had shouted.", "Katie"),
        ("Katies partner had shouted.", "Katie"),
        ("the O'Connor-Lowes moved", "O'Connor-Lowe"),
        ("#KatieIsMissing", "Katie"),
        ("#prayforkatherine", "katherine"),
        ("@katielowe", "katielowe"),
        ("(Katie)", "Katie"),
        ("“Katie”", "Katie"),
        ("mum/Katie/dad", "Katie"),
        ("[Katie]", "Katie"),
    ],
)
def test_a_name_is_found_within_what_stands_around_it(text: str, name: str) -> None:
    assert name.lower() in {found.lower().removesuffix("s") for found, _ in certain(text)}


def test_a_name_of_several_persons_names_them_all() -> None:
    assert certain("They met O'Connor-Lowe.") == [("O'Connor-Lowe", (CHILD, SISTER))]


def test_words_of_one_person_that_stand_together_are_one_name() -> None:
    assert certain("Katherine Zoe Lowe") == [
        ("Katherine", (CHILD,)),
        ("Zoe Lowe", (SISTER,)),
    ]
