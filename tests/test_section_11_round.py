"""A Section 11 round as the Board plays it: eight agencies, two scales, two years.

Framework sections 5 and 15.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from python_calamine import CalamineWorkbook

from app.schemas.forms import XLSX
from demo import board, schools
from demo.api import Api
from tests.conftest import Json, Server, SignedIn, SignIn, make_agency
from tests.rounds import open_round, post, response_to, step
from tests.stage import token_of
from tests.test_forms import answers_of, as_xlsx, download, upload

ROUND = Path(board.__file__).with_name("section_11_round.json")
CAMPAIGNS: list[Json] = json.loads(ROUND.read_text(encoding="utf-8"))["campaigns"]
BOARD = board.read()
PEOPLE: dict[str, Json] = {each["key"]: each for each in BOARD["people"]}
SAME_FOR_ALL = {"impact": None, "own_reference": None, "evidence": []}
"""What the round says nothing about."""
OF_ONE_RECORD = {
    *("id", "agency_id", "audit_id", "response_id", "previous_response_id"),
    *("created_at", "updated_at", "submitted_at"),
}
"""What no two records share."""


def answer(said: Json) -> Json:
    """Write an answer of the round as the body of a push."""
    reason = said["not_applicable"]
    return {
        **{name: said[name] for name in ("question", "grade", "value", "narrative")},
        "is_not_applicable": reason is not None,
        "not_applicable_reason": reason and reason["reason"],
        "is_good_practice": said["good_practice"]["is_good_practice"],
        "may_be_shared": said["good_practice"]["may_share"],
        "improvements": [
            {"text": each["text"], "lead": each["lead_post"], "due_on": each["due_on"]}
            for each in said["improvements"]
        ],
    }


def filled_in(form: bytes, answers: list[Json]) -> bytes:
    """Type answers into a form as it was downloaded."""
    header, *rows = (
        CalamineWorkbook.from_filelike(BytesIO(form)).get_sheet_by_name("Form").to_python()
    )
    typed = {each["question"]: dict(cells(each)) for each in answers}
    table = [header]
    for row in rows:
        told = dict(zip(header, row, strict=True))
        table.append([*(told | typed.pop(str(told["code"]))).values()])
    assert not typed, "The form does not ask what the agency answers."
    return as_xlsx(*table)


def cells(said: Json) -> Iterator[tuple[str, object]]:
    """Name the cells of an answer, with what a person types there."""
    value = said["grade"] if said["value"] is None else said["value"]
    yield "answer", "yes" if value is True else value
    yield "narrative", said["narrative"]
    yield "not_applicable_reason", said["not_applicable_reason"]
    yield "good_practice", "yes" if said["is_good_practice"] else "no"
    yield "may_be_shared", "yes" if said["may_be_shared"] else "no"
    for slot, each in enumerate(said["improvements"], start=1):
        for column, member in {"text": "text", "lead": "lead", "due": "due_on"}.items():
            yield f"improvement_{slot}_{column}", each[member]


@dataclass(frozen=True, slots=True)
class Round:
    """Campaigns that are played one after the other, with what they have led to so far."""

    office: SignedIn
    sign_in: SignIn
    instruments: dict[str, Json]
    agencies: dict[str, Json]
    audits: dict[str, Json] = field(default_factory=dict)

    async def play(self, campaign: Json) -> None:
        """Ask the agencies of a campaign, let them return, and moderate what they returned."""
        before = self.audits.get(campaign["carried_forward_from"])
        audit = await open_round(
            self.office,
            self.instruments[campaign["instrument"]["code"]],
            [self.agencies[each["agency"]] for each in campaign["responses"]],
            title=campaign["title"],
            is_retrospective=True,
            previous_audit_id=before and before["id"],
            **{name: campaign[name] for name in ("opens_on", "due_on", "locks_on")},
        )
        self.audits[campaign["key"]] = audit
        channels = {"api": self.push, "spreadsheet": self.send_sheet}
        for each in campaign["responses"]:
            await channels[each["channel"]](audit, each)
        if campaign["is_moderated"]:
            await step(self.office, f"/audits/{audit['id']}", "grace", "closed", "moderating")
            for each in campaign["responses"]:
                await self.moderate(audit, each)

    async def push(self, audit: Json, said: Json) -> None:
        """Push a return from the agency's own system."""
        system = await self.sign_in(agency_id=self.agencies[said["agency"]]["id"])
        await self.submit(system, audit, said, [answer(each) for each in said["answers"]])

    async def send_sheet(self, audit: Json, said: Json) -> None:
        """Return by spreadsheet: the lead fills in the form, the senior signs off."""
        agency = self.agencies[said["agency"]]
        lead = await self.sign_in("agency_lead", agency_id=agency["id"])
        senior = await self.sign_in("agency_senior", agency_id=agency["id"])
        path = await self.path(audit, said)
        form = (await download(lead, path, "xlsx")).content
        sheet = filled_in(form, [answer(each) for each in said["answers"]])
        sent = await upload(lead, path, sheet, XLSX)
        assert sent.status_code == 200, sent.text
        await self.submit(senior, audit, said, [])

    async def submit(self, caller: SignedIn, audit: Json, said: Json, answers: list[Json]) -> None:
        """Submit a return as of the day it was submitted on."""
        posts = {name: PEOPLE[said[name]]["post"] for name in ("completed_by", "signed_off_by")}
        body = {"submitted_on": said["submitted_on"], "answers": answers} | posts
        await post(caller, f"/audits/{audit['id']}/submissions", body)

    async def moderate(self, audit: Json, said: Json) -> None:
        """Moderate a return, as somebody of another agency."""
        person = PEOPLE[said["moderated_by"]]
        assert person["agency"] != said["agency"]
        home = self.agencies.get(person["agency"], {}).get("id")
        moderator = await self.sign_in(*person["roles"], agency_id=home)
        path = await self.path(audit, said)
        grades = [
            {"question": each["question"], "moderated_grade": given["grade"]}
            | {"comment": given["comment"]}
            for each in said["answers"]
            if (given := each["moderated"])
        ]
        await step(moderator, path, "accepted")
        done = await moderator.put(
            f"{path}/moderation", json={"grades": grades}, headers={"If-Match": "*"}
        )
        assert done.status_code == 200, done.text
        await step(moderator, path, "moderated")

    async def path(self, audit: Json, said: Json) -> str:
        """Return the path of an agency's response."""
        response = await response_to(self.office, audit, self.agencies[said["agency"]])
        return f"/audit-responses/{response['id']}"

    async def record(self, audit: Json, said: Json) -> tuple[Json, list[Json], list[Json]]:
        """Return what became of a return: response, answers, submissions."""
        agency = self.agencies[said["agency"]]
        response = await response_to(self.office, audit, agency)
        listed = await self.office.get("/submissions", params={"response_id": response["id"]})
        kept = [
            (await self.office.get(f"/submissions/{each['id']}")).json()
            for each in listed.json()["items"]
        ]
        return response, await answers_of(self.office, await self.path(audit, said)), kept


def without_identity(record: Json) -> Json:
    """Leave out what no two records share."""
    return {name: value for name, value in record.items() if name not in OF_ONE_RECORD}


async def agencies_of_the_round(office: SignedIn) -> dict[str, Json]:
    """Record the eight agencies of the round, by key."""
    keys = {each["agency"] for campaign in CAMPAIGNS for each in campaign["responses"]}
    members = ("name", "sector", "duty_bases", "valid_from", "valid_to")
    return {
        each["key"]: await make_agency(office, **{name: each[name] for name in members})
        for each in BOARD["agencies"]
        if each["key"] in keys
    }


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
@pytest.mark.duty("15.2")
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
            assert response["status"] == ("moderated" if campaign["is_moderated"] else "submitted")


@pytest.mark.duty("15.3")
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


@pytest.mark.duty("15.1")
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
