"""Regimes of case reviews: which is in force when, who decides in it, which clocks run."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from app.access.roles import ROLES
from app.access.scopes import Capability
from app.reference.regimes import Decides, NoRegime, regime, regime_on, regimes, regimes_on

LSCB = ["LSCB_WT2013", "LSCB_WT2015"]
PARTNERS = ["LSP_WT2018", "LSP_WT2023", "LSP_WT2026"]


def codes_on(day: date) -> list[str]:
    """Return the codes of the regimes on a day."""
    return [each.code for each in regimes_on(day)]


def test_one_regime_follows_the_other_without_a_gap() -> None:
    found = [*regimes().values()]

    assert [each.code for each in found] == LSCB + PARTNERS
    for before, after in pairwise(found):
        assert before.valid_to is not None
        assert before.valid_to + timedelta(days=1) == after.valid_from
        assert regime_on(after.valid_from) is after
        assert regime_on(before.valid_to) is before


@pytest.mark.parametrize(
    ("day", "codes"),
    [
        (date(2015, 3, 25), ["LSCB_WT2013"]),
        (date(2017, 11, 1), ["LSCB_WT2015"]),
        (date(2018, 6, 28), ["LSCB_WT2015"]),
        (date(2018, 6, 29), ["LSP_WT2018", "LSCB_WT2015"]),
        (date(2019, 9, 29), ["LSP_WT2018", "LSCB_WT2015"]),
        (date(2019, 9, 30), ["LSP_WT2018"]),
        (date(2026, 11, 24), ["LSP_WT2026"]),
        (date(2013, 4, 14), []),
    ],
)
def test_in_a_time_of_transition_there_are_two_regimes_to_choose_from(
    day: date, codes: list[str]
) -> None:
    assert codes_on(day) == codes


def test_serious_case_reviews_run_on_after_their_regime() -> None:
    board = regime("LSCB_WT2015")

    assert board.is_running_on(date(2020, 9, 29))
    assert not board.is_running_on(date(2020, 9, 30))
    assert not board.is_open_on(date(2019, 9, 30))
    assert not board.is_running_on(date(2015, 3, 25))


def test_there_is_no_regime_before_the_first_or_by_another_name() -> None:
    with pytest.raises(NoRegime):
        regime_on(date(2013, 4, 14))
    with pytest.raises(NoRegime):
        regime("LSCB_WT2010")


def test_the_chair_decides_alone_and_partners_jointly() -> None:
    for code, each in regimes().items():
        maker = each.decision_maker
        assert (maker.code == "independent_chair") == (code in LSCB)
        assert (maker.decides == Decides.alone) == (code in LSCB)
        assert maker.capability == Capability.decide
        assert {r for r, role in ROLES.items() if maker.capability in role.capabilities} == (
            {*maker.roles}
        )


def test_each_regime_has_its_own_statutory_review_and_tells_its_own_bodies() -> None:
    for code, each in regimes().items():
        told = {body.code for body in each.notified_bodies}
        panels = told - {"ofsted", "dfe"}
        if code in LSCB:
            assert (each.lifecycle, each.statutory_review) == ("lscb", "scr")
            assert panels == {"national_panel_of_independent_experts"}
            assert not each.allows("rapid_review")
        else:
            assert (each.lifecycle, each.statutory_review) == ("partnership", "lcspr")
            assert panels == {"child_safeguarding_practice_review_panel"}
            assert not each.allows("scr")
        assert {"ofsted", "dfe"} <= told
        assert each.allows("case_mapping_exercise")
        assert each.allows("single_agency_review")


@pytest.mark.duty("X9")
@pytest.mark.parametrize(
    ("codes", "clock", "due_on"),
    [
        (LSCB + PARTNERS, "LA_NOTIFY", date(2018, 1, 3)),
        (LSCB, "SCREENING_RETURN", date(2018, 1, 10)),
        (LSCB, "CHAIR_DECISION", date(2018, 1, 22)),
        (LSCB, "DECISION_NOTICE", date(2018, 1, 3)),
        (LSCB, "NO_REVIEW_NOTICE", date(2018, 1, 5)),
        (LSCB, "SCR_COMPLETE", date(2018, 6, 22)),
        (LSCB + PARTNERS, "PRE_PUBLICATION", date(2017, 12, 13)),
        (LSCB + PARTNERS, "PUBLISHED_MIN", date(2018, 12, 22)),
        (PARTNERS, "RAPID_REVIEW", date(2018, 1, 17)),
        (PARTNERS, "LCSPR_PUBLISH", date(2018, 6, 22)),
        (PARTNERS, "LAC_DEATH", None),
    ],
)
def test_every_clock_ends_on_its_day_in_the_regimes_that_have_it(
    codes: list[str], clock: str, due_on: date | None
) -> None:
    have = {
        code: each.clock(clock)
        for code, each in regimes().items()
        if clock in {one.id for one in each.clocks}
    }

    assert [*have] == codes
    assert {each.due_on(date(2017, 12, 22)) for each in have.values()} == {due_on}


def test_only_taking_a_report_down_has_an_earliest_day() -> None:
    earliest = {
        clock.id
        for each in regimes().values()
        for clock in each.clocks
        if clock.bound == "no_earlier_than"
    }

    assert earliest == {"PUBLISHED_MIN"}
