"""Clocks of reviews: what is due on which day, counted over bank holidays (section 16)."""

from datetime import timedelta

import pytest

from app.services.campaigns import board_day
from tests.casework import Case
from tests.conftest import Json, SignedIn
from tests.reviews import (
    PARTNERS_DAY,
    Cast,
    answer,
    approved,
    begin,
    change,
    commissioned,
    decide,
    now,
    path_of,
    recommended,
    sent_to_panel,
)
from tests.rounds import step


async def deadlines(caller: SignedIn, review: Json, clock: str) -> list[Json]:
    """Return the deadlines of one clock, oldest first."""
    query = {"clock": clock}
    response = await caller.get(f"{path_of(review)}/deadlines", params=query)
    items: list[Json] = response.json()["items"]
    return items[::-1]


async def due(caller: SignedIn, review: Json, clock: str) -> dict[str | None, str]:
    """Return the days of one clock by who is to be told."""
    found = await deadlines(caller, review, clock)
    return {each["recipient"]: each["due_on"] for each in found}


@pytest.mark.duty("X9")
@pytest.mark.duty("16.2")
async def test_a_rapid_review_is_due_fifteen_working_days_on_over_christmas(
    cast: Cast, case: Case
) -> None:
    review = await begin(cast.office, case, notified_on=PARTNERS_DAY, regime="LSP_WT2023")

    # From a Monday; Christmas Day, Boxing Day and New Year's Day do not count.
    assert await due(cast.office, review, "RAPID_REVIEW") == {
        "child_safeguarding_practice_review_panel": "2025-01-09"
    }


@pytest.mark.duty("16.2")
async def test_the_chair_decides_within_a_month_and_the_authority_notifies_in_five_days(
    cast: Cast, case: Case
) -> None:
    review = await begin(cast.office, case, notified_on="2016-05-31", aware_on="2016-05-27")

    # Aware on a Friday; the Monday after it was the spring bank holiday.
    assert await due(cast.office, review, "CHAIR_DECISION") == {None: "2016-06-30"}
    assert await due(cast.office, review, "LA_NOTIFY") == {
        "ofsted": "2016-06-06",
        "lscb": "2016-06-06",
    }
    told = await deadlines(cast.office, review, "LA_NOTIFY")
    assert [each["met_on"] for each in told] == [None, "2016-05-31"]


async def test_without_the_day_the_authority_knew_its_clock_does_not_run(
    cast: Cast, case: Case
) -> None:
    review = await begin(cast.office, case)

    assert await due(cast.office, review, "LA_NOTIFY") == {}


async def test_the_death_of_a_looked_after_child_is_told_at_once(cast: Cast, case: Case) -> None:
    review = await begin(
        cast.office,
        case,
        notified_on=PARTNERS_DAY,
        regime="LSP_WT2023",
        is_looked_after_child_death=True,
    )

    assert await due(cast.office, review, "LAC_DEATH") == {
        "dfe": PARTNERS_DAY,
        "ofsted": PARTNERS_DAY,
    }


@pytest.mark.duty("16.2")
async def test_a_decision_is_told_to_each_body_within_five_working_days(
    cast: Cast, case: Case
) -> None:
    review = await recommended(cast, case)

    await decide(cast.chair, review, "statutory_review", decided_on="2016-05-26")

    # A Thursday; Monday 30 May 2016 was a bank holiday.
    notices = await due(cast.office, review, "DECISION_NOTICE")
    assert notices == dict.fromkeys(
        ("ofsted", "dfe", "national_panel_of_independent_experts"), "2016-06-03"
    )
    assert await due(cast.office, review, "NO_REVIEW_NOTICE") == {}
    (decision,) = await deadlines(cast.office, review, "CHAIR_DECISION")
    assert (decision["met_on"], decision["is_overdue"]) == ("2016-05-26", False)


async def test_no_review_is_explained_to_the_panel_within_a_fortnight(
    cast: Cast, case: Case
) -> None:
    review = await recommended(cast, case, "no_further_action")

    await decide(cast.chair, review, "no_further_action", decided_on="2016-05-26")

    assert await due(cast.office, review, "NO_REVIEW_NOTICE") == {
        "national_panel_of_independent_experts": "2016-06-09"
    }
    assert len(await due(cast.office, review, "DECISION_NOTICE")) == 3


async def test_a_review_of_the_board_is_to_be_complete_six_months_after_it_began(
    cast: Cast, case: Case
) -> None:
    review = await commissioned(cast, case)

    (deadline,) = await deadlines(cast.office, review, "SCR_COMPLETE")
    await approved(cast, review)

    (done,) = await deadlines(cast.office, review, "SCR_COMPLETE")
    assert (review["initiated_on"], deadline["starts_on"]) == (str(board_day()),) * 2
    assert (deadline["met_on"], done["met_on"]) == (None, str(board_day()))


async def test_a_review_of_the_partners_is_to_be_published_six_months_after_the_decision(
    cast: Cast, case: Case
) -> None:
    review = await sent_to_panel(cast, case)
    await decide(cast.chair, review, "statutory_review", decided_on="2024-12-31")

    assert await due(cast.office, review, "LCSPR_PUBLISH") == {None: "2025-06-30"}
    (rapid,) = await deadlines(cast.office, review, "RAPID_REVIEW")
    assert rapid["met_on"] == str(board_day())


async def test_screening_gives_agencies_ten_working_days(cast: Cast, case: Case) -> None:
    review = await begin(cast.office, case)

    await step(cast.office, path_of(review), "triage", "screening")

    (deadline,) = await deadlines(cast.office, review, "SCREENING_RETURN")
    assert deadline["starts_on"] == str(board_day())
    assert deadline["due_on"] >= str(board_day() + timedelta(days=14))


async def test_overdue_is_worked_out_and_ends_when_it_is_done(cast: Cast, case: Case) -> None:
    review = await begin(cast.office, case)
    (late,) = await deadlines(cast.office, review, "CHAIR_DECISION")
    path = f"{path_of(review)}/deadlines"

    before = (await cast.office.get(path, params={"is_overdue": True})).json()["items"]
    done = await change(cast.office, f"{path}/{late['id']}", met_on="2016-06-30")
    after = (await cast.office.get(path, params={"is_overdue": True})).json()["items"]
    early = await cast.office.patch(
        f"{path}/{late['id']}", json={"met_on": "2016-01-01"}, headers={"If-Match": "*"}
    )

    assert (late["is_overdue"], done["is_overdue"]) == (True, False)
    assert (before, after) == ([late], [])
    assert early.json()["errors"][0]["code"] == "case_deadlines_met_check"


async def test_a_review_for_learning_alone_has_no_statutory_clocks(cast: Cast, case: Case) -> None:
    review = await begin(cast.office, case, review_type="deep_dive")

    assert (await cast.office.get(f"{path_of(review)}/deadlines")).json()["items"] == []


async def test_a_deadline_is_found_under_its_own_review_only(cast: Cast, case: Case) -> None:
    mine, other = await begin(cast.office, case), await begin(cast.office, case)
    (deadline,) = await deadlines(cast.office, mine, "CHAIR_DECISION")

    at_home = await cast.office.get(f"{path_of(mine)}/deadlines/{deadline['id']}")
    elsewhere = await cast.office.get(f"{path_of(other)}/deadlines/{deadline['id']}")

    assert (at_home.json(), elsewhere.status_code) == (deadline, 404)


async def test_a_decision_is_not_dated_before_the_notification_nor_to_come(
    cast: Cast, case: Case
) -> None:
    review = await recommended(cast, case)
    tomorrow = str(board_day() + timedelta(days=1))

    for day in ("2016-05-05", tomorrow):
        refused = await decide(cast.chair, review, "statutory_review", 422, decided_on=day)
        assert refused["errors"][0]["pointer"] == "/decided_on"
    await answer(cast.office, review)
    assert (await now(cast.office, review))["criteria_met"] is False
