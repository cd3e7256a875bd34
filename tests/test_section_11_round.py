"""A Section 11 round as the Board plays it: eight agencies, two scales, two years.

Framework sections 5 and 15.
"""

import asyncio
from collections import Counter
from uuid import uuid4

import pytest

from demo import schools
from demo.api import Api
from tests.conftest import Json, Server, SignedIn, SignIn, make_agency
from tests.rounds import open_round
from tests.section_11 import CAMPAIGNS, Round, agencies_of_the_round, answer, without_identity
from tests.stage import token_of
from tests.test_forms import answers_of

SAME_FOR_ALL: Json = {"impact": None, "own_reference": None, "evidence": []}
"""What the round says nothing about."""


@pytest.fixture(scope="module")
async def instruments(server: Server, business_office: SignedIn) -> dict[str, Json]:
    """The two instruments of Section 11, published, by code."""
    api = Api(server.url, token_of(business_office))
    found = {}
    for code in ("section_11", "section_11_inspection_grades"):
        instrument_id = await asyncio.to_thread(schools.publish, api, code, 2015)
        found[code] = (await business_office.get(f"/instruments/{instrument_id}")).json()
    api.http.close()
    return found


@pytest.fixture(scope="module")
async def played(business_office: SignedIn, sign_in: SignIn, instruments: dict[str, Json]) -> Round:
    """Both years of both instruments, played to their end."""
    agencies = await agencies_of_the_round(business_office)
    played = Round(business_office, sign_in, instruments, agencies)
    for campaign in CAMPAIGNS:
        await played.play(campaign)
    return played


@pytest.mark.duty("5.1")
@pytest.mark.duty("15.1")
@pytest.mark.duty("15.3")
async def test_what_eight_agencies_return_in_two_years_is_kept_as_they_said_it(
    played: Round,
) -> None:
    assert len(played.agencies) == 8
    for campaign in CAMPAIGNS:
        audit = played.audits[campaign["key"]]
        for said in campaign["responses"]:
            response, _, (kept,) = await played.record(audit, said)

            assert kept["answers"] == [answer(each) | SAME_FOR_ALL for each in said["answers"]]
            assert kept["submitted_on"] == response["submitted_on"] == said["submitted_on"]
            assert response["is_late"] == (said["submitted_on"] > campaign["due_on"])
            assert response["answered"] == len(said["answers"])
            assert response["duty_basis"] == played.agencies[said["agency"]]["duty_bases"][0]
            assert response["status"] == ("moderated" if campaign["is_moderated"] else "submitted")


@pytest.mark.duty("5.1")
async def test_the_summary_shows_own_and_moderated_grades_side_by_side(played: Round) -> None:
    for campaign in CAMPAIGNS:
        own, moderated = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for each in (each for said in campaign["responses"] for each in said["answers"]):
            own[each["question"], each["grade"]] += each["grade"] is not None
            if each["moderated"]:
                moderated[each["question"], each["moderated"]["grade"]] += 1

        summary = await played.office.get(f"/audits/{played.audits[campaign['key']]['id']}/summary")

        shown = {
            (question["code"], grade["code"]): (grade["self"], grade["moderated"])
            for standard in summary.json()["standards"]
            for question in standard["questions"]
            for grade in question["grades"]
        }
        assert shown == {key: (own[key], moderated[key]) for key in shown}
        assert sum(own.values()) == sum(each for each, _ in shown.values()) > 60
        assert sum(moderated.values()) == sum(each for _, each in shown.values())
        assert bool(moderated) == campaign["is_moderated"]
        late = sum(each["submitted_on"] > campaign["due_on"] for each in campaign["responses"])
        figures = ("roster", "returned", "late", "resubmitted")
        assert [summary.json()[name] for name in figures] == [4, 4, late, 0]


@pytest.mark.duty("15.2")
async def test_the_second_year_shows_the_grade_of_the_first_beside_the_new_answer(
    played: Round,
) -> None:
    first = {each["key"]: each for each in CAMPAIGNS}
    for campaign in CAMPAIGNS[2:]:
        years_before = first[campaign["carried_forward_from"]]["responses"]
        for then, said in zip(years_before, campaign["responses"], strict=True):
            before = {each["question"]: each for each in then["answers"]}

            _, answers, _ = await played.record(played.audits[campaign["key"]], said)

            found = {each["question"]: each for each in answers}
            for each in said["answers"]:
                was, now = before[each["question"]], found[each["question"]]
                grade = was["moderated"]["grade"] if was["moderated"] else was["grade"]
                assert (now["previous_grade"], now["grade"]) == (grade, each["grade"])
                assert now["previous_narrative"] == was["narrative"]
                assert not now["is_carried_forward"]


async def test_grades_of_two_scales_are_never_mixed(played: Round) -> None:
    scales = [{"0", "1", "2", "3"}, {"inadequate", "requires_improvement", "good", "outstanding"}]
    police = played.agencies["police"]
    system = await played.sign_in(agency_id=police["id"])

    crossed = await open_round(
        played.office,
        played.instruments["section_11_inspection_grades"],
        [police],
        previous_audit_id=played.audits["section_11_2017"]["id"],
    )
    path = await played.path(crossed, {"agency": "police"})
    carried = await answers_of(played.office, path)
    foreign = await system.put(
        f"{path}/answers",
        json={"answers": [{"question": "1.1", "grade": "2"}]},
        headers={"If-Match": "*"},
    )

    for campaign, scale in zip(CAMPAIGNS, scales * 2, strict=True):
        for said in campaign["responses"]:
            _, answers, _ = await played.record(played.audits[campaign["key"]], said)
            members = ("grade", "moderated_grade", "previous_grade")
            assert {each[name] for each in answers for name in members} <= scale | {None}
    assert any(each["previous_narrative"] for each in carried)
    assert {each["previous_grade"] for each in carried} == {None}
    assert foreign.status_code == 422
    assert [each["pointer"] for each in foreign.json()["errors"]] == ["/answers/0/grade"]


@pytest.mark.duty("15.2")
async def test_an_agency_by_api_only_and_one_by_spreadsheet_only_end_with_equal_records(
    business_office: SignedIn, sign_in: SignIn, instruments: dict[str, Json]
) -> None:
    names = {"sector": "district_borough", "duty_bases": ["section_11"]}
    twins = {
        channel: await make_agency(business_office, name=f"{channel} {uuid4().hex[:8]}", **names)
        for channel in ("api", "spreadsheet")
    }
    twice = Round(business_office, sign_in, instruments, twins)
    for campaign in CAMPAIGNS[::2]:
        (said,) = (each for each in campaign["responses"] if each["channel"] == "spreadsheet")
        both = [said | {"agency": channel, "channel": channel} for channel in twins]
        await twice.play(campaign | {"responses": both})

    for campaign in CAMPAIGNS[::2]:
        audit = twice.audits[campaign["key"]]
        by_api, by_sheet = [await twice.record(audit, {"agency": each}) for each in twins]

        assert without_identity(by_sheet[0]) == without_identity(by_api[0])
        assert by_sheet[1] == by_api[1]
        assert len(by_api[1]) > 30
        assert [*map(without_identity, by_sheet[2])] == [*map(without_identity, by_api[2])]
        assert len(by_api[2]) == 1
