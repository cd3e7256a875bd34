"""How long records are kept, worked out from rules and the days that are known."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from app.reference.retention import DueDates, due_dates, longest
from app.reference.retention_rules import (
    RetentionCircumstance,
    RetentionRule,
    RetentionSchedule,
    RetentionStart,
    retention_schedule,
    rules_for,
)

NEVER = DueDates((), None)
CLOSED = {RetentionStart.closure: date(2017, 11, 1)}


def rule(code: str) -> RetentionRule:
    """Return a shipped rule."""
    return {each.code: each for each in retention_schedule().rules}[code]


@pytest.mark.parametrize(
    ("code", "facts", "dispose_on"),
    [
        ("case_review_papers", CLOSED, date(2052, 11, 1)),
        ("case_review_papers_child_sexual_abuse", CLOSED, date(2092, 11, 1)),
        ("multi_agency_case_audit_identities", CLOSED, date(2018, 11, 1)),
        ("multi_agency_case_audit_findings", CLOSED, date(2027, 11, 1)),
        ("audit_response", CLOSED, date(2023, 11, 1)),
        ("child_death_register", {RetentionStart.death: date(2016, 2, 29)}, date(2041, 2, 28)),
        ("training_attendance", {RetentionStart.event: date(2017, 3, 5)}, date(2023, 3, 5)),
        ("evaluation_free_text", {RetentionStart.event: date(2017, 3, 5)}, date(2018, 3, 5)),
        ("minutes_and_decisions", {RetentionStart.event: date(2017, 3, 5)}, date(2027, 3, 5)),
        ("access_log", {RetentionStart.event: date(2052, 11, 1)}, date(2058, 11, 1)),
        (
            "appropriate_policy_document",
            {RetentionStart.event: date(2017, 8, 31)},
            date(2018, 2, 28),
        ),
        ("published_report", {RetentionStart.publication: date(2017, 3, 5)}, None),
        ("indicator_value", {RetentionStart.event: date(2017, 3, 5)}, None),
        ("evidence_file", CLOSED, None),
        ("disclosure_decision", CLOSED, None),
        ("designated_officer_reference", CLOSED, None),
    ],
)
def test_a_record_may_be_disposed_of_when_its_period_is_over(
    code: str, facts: dict[RetentionStart, date | None], dispose_on: date | None
) -> None:
    assert due_dates(rule(code), facts).dispose_on == dispose_on


def test_keeping_is_looked_at_again_on_the_way() -> None:
    papers = due_dates(rule("case_review_papers"), CLOSED)
    abuse = due_dates(rule("case_review_papers_child_sexual_abuse"), CLOSED)

    assert papers.review_on == (date(2027, 11, 1), date(2042, 11, 1))
    assert [day.year for day in abuse.review_on] == [2027, 2037, 2047, 2057, 2067, 2077, 2087]


def test_a_day_that_is_not_known_yet_ends_nothing() -> None:
    assert due_dates(rule("case_review_papers"), {}) == NEVER
    assert due_dates(rule("case_review_papers"), {RetentionStart.closure: None}) == NEVER
    assert due_dates(rule("case_review_papers"), {RetentionStart.birth: date(2010, 1, 1)}) == NEVER


@pytest.mark.parametrize(
    ("death", "dispose_on"),
    [
        (None, date(2076, 5, 4)),
        (date(2010, 6, 1), date(2025, 6, 1)),
        (date(2019, 5, 3), date(2034, 5, 3)),
        (date(2019, 5, 4), date(2076, 5, 4)),
    ],
)
def test_papers_of_a_looked_after_child_are_kept_by_birth_unless_it_died_before_18(
    death: date | None, dispose_on: date
) -> None:
    facts = {RetentionStart.birth: date(2001, 5, 4), RetentionStart.death: death}

    found = due_dates(rule("case_review_papers_looked_after_child"), facts)

    assert found.dispose_on == dispose_on


def test_of_several_rules_the_longest_holds() -> None:
    rules = rules_for(
        "case_review_papers",
        {RetentionCircumstance.child_sexual_abuse, RetentionCircumstance.looked_after_child},
    )
    facts = CLOSED | {
        RetentionStart.birth: date(2005, 1, 1),
        RetentionStart.death: date(2016, 9, 9),
    }

    found = longest(due_dates(each, facts) for each in rules)

    assert [each.dispose_on for each in (due_dates(one, facts) for one in rules)] == [
        date(2052, 11, 1),
        date(2092, 11, 1),
        date(2031, 9, 9),
    ]
    assert found.dispose_on == date(2092, 11, 1)
    assert date(2042, 11, 1) in found.review_on
    assert [*found.review_on] == sorted(set(found.review_on))


def test_no_end_is_later_than_any() -> None:
    assert longest([DueDates((), date(2052, 11, 1)), NEVER]).dispose_on is None
    assert longest([]) == NEVER


def test_circumstances_only_add_rules() -> None:
    assert [each.code for each in rules_for("case_review_papers")] == ["case_review_papers"]
    assert rules_for("nothing_of_the_kind") == []


def test_an_area_may_put_a_rule_of_its_own_in_place() -> None:
    own = RetentionRule.model_validate(
        rule("case_review_papers").model_dump()
        | {"period": {"years": 30, "months": 0, "start": "closure"}, "review_at_years": [15]}
    )

    assert due_dates(own, CLOSED) == DueDates((date(2032, 11, 1),), date(2047, 11, 1))


@pytest.mark.parametrize(
    "wrong",
    [
        {"review_at_years": [35]},
        {"review_at_years": [0]},
        {"period": None},
        {"kept_with": "audit_response"},
        {"period": {"years": 0, "months": 0, "start": "closure"}},
        {"period": {"years": 35, "months": 0, "start": "last_contact"}},
        {"disposition": "forget"},
        {"years": 35},
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RetentionRule.model_validate(rule("case_review_papers").model_dump() | wrong)


def test_a_schedule_with_two_rules_for_one_thing_is_refused() -> None:
    whole = retention_schedule().model_dump()
    twin = whole["rules"][0] | {"code": "case_review_papers_again"}

    with pytest.raises(ValidationError):
        RetentionSchedule.model_validate(whole | {"rules": [*whole["rules"], twin]})


def test_every_reason_for_a_hold_is_known() -> None:
    assert {each.code for each in retention_schedule().hold_reasons} == {
        "iicsa_moratorium",
        "other_public_inquiry",
        "police_investigation",
        "coroner",
        "civil_claim",
        "dsar_in_progress",
        "complaint",
        "court_order",
    }
