"""Types of review, legal gateways and value lists: what is shipped, and that it means one thing."""

import json
import re
from datetime import date

import pytest

from app.reference.gateways import GatewayUser, gateway, gateways_on, legal_values
from app.reference.review_types import ReviewHandling, review_type, review_values
from app.reference.shipped import read

FILES = ["regimes.json", "review_types.json", "legal_gateways.json", "retention_schedule.json"]


def test_reviews_of_others_are_only_referred_to() -> None:
    links = {each.code for each in review_values().review_types if each.handling == "link_only"}

    assert links == {
        "national_review",
        "dardr_dhr",
        "safeguarding_adults_review",
        "mappa_scr",
        "cdop_link",
        "leder",
        "patient_safety_incident_investigation",
        "offensive_weapons_homicide_review",
    }
    assert review_type("scr").handling == ReviewHandling.review


@pytest.mark.parametrize("file", FILES)
def test_no_value_means_two_things(file: str) -> None:
    def texts(node: object) -> list[str]:
        if isinstance(node, dict):
            return [*node, *(text for each in node.values() for text in texts(each))]
        if isinstance(node, list):
            return [text for each in node for text in texts(each)]
        return [node] if isinstance(node, str) else []

    words = {word for text in texts(json.loads(read(file))) for word in re.split(r"\W|_", text)}

    assert "review" in {word.lower() for word in words}
    assert "sar" not in {word.lower() for word in words}


def test_proceedings_only_defer_a_publication_and_pause_it() -> None:
    values = review_values()

    assert {each.code for each in values.withhold_reasons if each.is_defer_only} == {
        "criminal_or_coronial_proceedings"
    }
    assert {each.code for each in values.parallel_processes if each.pauses_publication} == {
        "criminal",
        "coroner",
        "care_proceedings",
    }
    assert {each.code for each in values.publication_decisions if not each.is_published} == {
        "withhold"
    }


def test_only_partners_stop_after_a_rapid_review() -> None:
    outcomes = {each.code: {*each.lifecycles} for each in review_values().decision_outcomes}

    assert outcomes.pop("rapid_review_only") == {"partnership"}
    assert all(each == {"lscb", "partnership"} for each in outcomes.values())


def test_a_board_asks_by_its_own_gateway_until_partners_ask_by_theirs() -> None:
    def asking(day: date, user: GatewayUser) -> set[str]:
        return {each.code for each in gateways_on(day, user) if each.compliance == "must"}

    assert asking(date(2017, 11, 1), GatewayUser.board) == {"ca2004_s14B", "court_order"}
    assert asking(date(2017, 11, 1), GatewayUser.safeguarding_partners) == {"court_order"}
    assert "ca2004_s14B" not in asking(date(2020, 9, 30), GatewayUser.board)
    assert "ca2004_s16H" in asking(date(2018, 6, 29), GatewayUser.safeguarding_partners)


def test_a_gateway_that_has_not_commenced_is_listed_and_never_offered() -> None:
    enacted = gateway("cws_act_2026")

    assert enacted in legal_values().gateways
    assert enacted not in gateways_on(date(2026, 11, 24))
    assert {each.code for each in legal_values().gateways if not each.is_in_force} == {enacted.code}
