"""The Section 11 round of the demonstration, played over HTTP: pushed, sent, moderated."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from python_calamine import CalamineWorkbook

from app.schemas.forms import XLSX
from demo import board
from tests.conftest import Json, SignedIn, SignIn, make_agency
from tests.rounds import open_round, post, response_to, step
from tests.test_forms import answers_of, as_xlsx, download, upload

ROUND = Path(board.__file__).with_name("section_11_round.json")
CAMPAIGNS: list[Json] = json.loads(ROUND.read_text(encoding="utf-8"))["campaigns"]
BOARD = board.read()
PEOPLE: dict[str, Json] = {each["key"]: each for each in BOARD["people"]}
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
    table: list[Sequence[object]] = [header]
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
