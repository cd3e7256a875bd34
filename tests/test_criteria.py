"""Criteria of statutory reviews: every combination of answers, against the law written anew."""

from collections.abc import Callable, Mapping
from itertools import product

import pytest

from app.reference.criteria import Criteria
from app.reference.regimes import criteria_met, regime

Test = Callable[[Mapping[str, bool | None]], bool | None]


def regulation_5_2(a: Mapping[str, bool | None]) -> bool | None:
    """Regulation 5(2), written out again."""
    return (
        (
            a["abuse_or_neglect"]
            and (
                a["child_died"]
                or (a["child_seriously_harmed"] and a["concern_about_working_together"])
            )
        )
        or a["died_in_custody"]
        or a["died_on_remand"]
        or a["died_in_secure_accommodation"]
        or a["died_detained_under_mental_health_act"]
    )


def notifiable_before_2018(a: Mapping[str, bool | None]) -> bool | None:
    """What was notified before 2018, written out again."""
    return (
        (a["abuse_or_neglect"] and (a["child_died"] or a["child_seriously_harmed"]))
        or a["looked_after_child_died"]
        or a["died_in_regulated_setting"]
    )


def section_16c(a: Mapping[str, bool | None]) -> bool | None:
    """Section 16C(1), written out again."""
    return (
        a["abuse_or_neglect"]
        and (a["child_died"] or a["child_seriously_harmed"])
        and (a["in_the_area"] or a["outside_england_normally_resident_here"])
    )


@pytest.mark.parametrize(
    ("criteria", "written_out"),
    [
        (regime("LSCB_WT2015").criteria, regulation_5_2),
        (regime("LSCB_WT2015").notification_criteria, notifiable_before_2018),
        (regime("LSP_WT2023").criteria, section_16c),
    ],
)
def test_criteria_are_decided_as_soon_as_open_limbs_cannot_change_them(
    criteria: Criteria, written_out: Test
) -> None:
    limbs = sorted(criteria.codes)
    decided = {True: 0, False: 0, None: 0}

    for values in product((True, False, None), repeat=len(limbs)):
        answers = dict(zip(limbs, values, strict=True))
        no = bool(written_out({limb: value or False for limb, value in answers.items()}))
        yes = bool(written_out({limb: value is not False for limb, value in answers.items()}))
        expected = yes if yes == no else None
        assert criteria.met(answers) is expected, answers
        decided[expected] += 1

    assert all(decided.values())


def test_a_limb_that_nobody_answered_is_open() -> None:
    board = regime("LSCB_WT2015")

    assert criteria_met(board, {}) is None
    assert criteria_met(board, {"abuse_or_neglect": True, "child_died": True}) is True
    assert criteria_met(board, {"died_on_remand": True}) is True


def test_an_answer_to_no_limb_is_refused_and_not_lost() -> None:
    with pytest.raises(ValueError, match="no limb"):
        criteria_met(regime("LSP_WT2018"), {"child_dead": True})
