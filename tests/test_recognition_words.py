"""Names that are words, words that are no names, and names that nobody is registered under."""

import pytest

from app.privacy.recognition import Certainty, Matcher, Span, SpanKind
from tests.test_recognition_names import CHILD, FAMILY, NURSE, SISTER, certain, person


def doubtful(text: str) -> list[Span]:
    return [span for span in FAMILY.find(text) if span.certainty is not Certainty.certain]


@pytest.mark.parametrize(
    "text",
    [
        "Will told the worker.",
        "will told the worker.",
        "They said that will\u2019s partner had shouted.",
        "The worker asked Will about it.",
        "WILL was recorded in the police log.",
        "Grace and Katie shared a room.",
        "Siblings Grace and Katie shared a room.",
        "Known at home as “Grace”.",
        "On 16 May 2017 May Green (teacher) visited; Green recorded no concern.",
        "GREEN was recorded in the police log.",
        "May said that she saw it.",
        "The worker met May on 3 May 2017.",
        "Grace (9) was seen.",
        "The Short family moved.",
        "Mother Grace attended.",
    ],
)
def test_a_name_that_is_a_word_is_certain_where_it_acts_as_a_person(text: str) -> None:
    assert len(certain(text)) >= 1
    assert not [span for span in doubtful(text) if span.kind is SpanKind.person]


@pytest.mark.parametrize(
    "text",
    [
        "The family will attend in May, as may the school.",
        "Will the family attend in May 2017?",
        "May the plan be reviewed by 5 May?",
        "A short plan and a green light, in good grace.",
        "Short breaks were offered.",
        "A Green Paper was published.",
        "Green Street surgery",
        "the clinic on Short Lane",
        "SHORT TERM PLAN",
        "Grace Green Centre opened.",
        "the Green Party",
        "Short Breaks Team",
        "In May the child attended.",
        "Between April and May there were four.",
        "until late May",
        "a price agreed, a short lived hope",
        "Willing marketing of shortbread and greenery, disgrace and maybe.",
        "",
    ],
)
def test_a_name_that_is_a_word_is_not_certain_where_it_is_the_word(text: str) -> None:
    assert certain(text) == []


@pytest.mark.parametrize("written", ["Kathrine", "Katehrine", "Katharine", "Catherine", "McDonlad"])
def test_a_misspelt_name_is_likely(written: str) -> None:
    (span,) = doubtful(f"They met {written} at home.")

    assert span.certainty is Certainty.likely
    assert span.persons in {(CHILD,), (NURSE,)}


@pytest.mark.parametrize(
    ("text", "certainty"),
    [
        ("They met Yusuf Hashmi at home.", Certainty.likely),
        ("They met Mr Hashmi at home.", Certainty.likely),
        ("They met Yusuf at home.", Certainty.possible),
        ("Yusuf Hashmi said no.", Certainty.likely),
        ("A neighbour, Mrs. Hashmi, called.", Certainty.likely),
        ("They met Doris McDonald at home.", Certainty.likely),
        ("They met Katherine Smith at home.", Certainty.likely),
        ("They met Zoe Green at home.", Certainty.likely),
    ],
)
def test_a_name_that_nobody_is_registered_under_is_doubtful(
    text: str, certainty: Certainty
) -> None:
    assert [span.certainty for span in FAMILY.find(text)] == [certainty]


@pytest.mark.parametrize(
    "text",
    [
        "Northamptonshire Police and Children's Social Care met on Tuesday in Corby.",
        "The Children Act 1989, Section 47, and Working Together 2015 apply.",
        "Asian families in the market area described the party as a turning point.",
        "A referral to CAMHS was made by the School Nurse in December.",
        "An Initial Child Protection Conference was held at Northampton General Hospital.",
        "The Social Worker told the Independent Reviewing Officer. Mum agreed.",
    ],
)
def test_agencies_places_and_words_of_the_work_are_no_names(text: str) -> None:
    assert FAMILY.find(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "[Child A] met [Mother], [NHS number of Child A], [redacted name 3].",
        "⟦3⟧ met ⟦1,3⟧; ⟦person:4⟧ was there.",
        "[Young Person A]",
    ],
)
def test_nothing_is_found_inside_labels_and_tokens(text: str) -> None:
    assert FAMILY.find(text) == []
    one = Matcher([person(1, ("Child", "Young")), person(2, ("Mother", "A"))])
    assert one.find(text) == []


def test_a_label_bounds_the_words_beside_it() -> None:
    assert certain("[Child A]Katie⟦3⟧Lowe") == [("Katie", (CHILD,)), ("Lowe", (CHILD, SISTER))]
