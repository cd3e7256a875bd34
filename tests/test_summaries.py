"""What an audit shows across agencies. Framework section 15."""

import csv
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.conftest import Json, SignedIn, SignIn, make_agency
from tests.stage import TODAY, StagedAudit, move, push, put_answers, stage_audit

ROOT = Path(__file__).parent.parent
EXPECTED: Json = json.loads((ROOT / "demo/s175_returns_2017_expected.json").read_text())
DUE = TODAY - timedelta(days=10)
OTHER: list[Json] = [
    {"question": "1.1", "grade": "not_met"},
    {"question": "1.2", "is_not_applicable": True, "not_applicable_reason": "None here."},
    {"question": "2.1", "value": 80},
]
GRADE: Json = {"question": "1.1", "moderated_grade": "partly"}


@pytest.fixture
async def silent(business_office: SignedIn) -> Json:
    """An agency that returns nothing."""
    urn = {"scheme": "urn", "value": uuid4().hex[:12]}
    return await make_agency(business_office, identifiers=[urn])


@pytest.fixture
async def round_of_four(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    moderator: SignedIn,
    agency: Json,
    agency_system: SignedIn,
    other_agency: Json,
    other_system: SignedIn,
    silent: Json,
) -> StagedAudit:
    """In time and moderated; again and late; silent; exempt."""
    exempt = await make_agency(business_office)
    asked = (agency, other_agency, silent, exempt)
    audit = await stage_audit(owner, *asked, is_retrospective=True, due_on=DUE)
    on = [(DUE + timedelta(days=n)).isoformat() for n in range(2)]
    done = [
        await push(agency_system, audit, submitted_on=on[0]),
        await push(other_system, audit, submitted_on=on[0]),
        await push(other_system, audit, submitted_on=on[1], answers=OTHER),
        await moderator.put(
            f"{audit.response_of(agency)}/moderation",
            json={"grades": [GRADE]},
            headers={"If-Match": "*"},
        ),
    ]
    assert [each.status_code for each in done] == [201, 201, 201, 200]
    await owner.execute(
        "UPDATE audit_responses SET status = 'exempt' WHERE id = $1", audit.responses[exempt["id"]]
    )
    return audit


def grade(code: str, own: int, moderated: int) -> Json:
    """Write how often a grade was given."""
    return {"code": code, "label": code, "self": own, "moderated": moderated}


NO_GRADES: Json = dict.fromkeys(("met", "partly", "not_met", "met_percent")) | {"grades": []}


@pytest.mark.duty("5.1", "15.2")
async def test_a_summary_counts_returns_and_answers(
    board_member: SignedIn, round_of_four: StagedAudit
) -> None:
    response = await board_member.get(f"/audits/{round_of_four.id}/summary")

    body = response.json()
    first, second = body.pop("standards")
    assert body == {
        "audit_id": str(round_of_four.id),
        "roster": 3,
        "returned": 2,
        "return_rate_percent": 66.7,
        "late": 1,
        "resubmitted": 1,
    }
    text = {"text": "How well?"}
    assert first.pop("questions") == [
        {"code": "1.1", "answers": 2, "applicable": 2, "met": 1, "partly": 0, "not_met": 1}
        | {"met_percent": 50.0, **text}
        | {"grades": [grade("not_met", 1, 0), grade("partly", 0, 1), grade("met", 1, 0)]},
        {"code": "1.2", "answers": 2, "applicable": 1, "met": 0, "partly": 1, "not_met": 0}
        | {"met_percent": 0.0, **text}
        | {"grades": [grade("not_met", 0, 0), grade("partly", 1, 0), grade("met", 0, 0)]},
    ]
    assert first == {
        "code": "S1",
        "title": "Standard 1",
        "position": 1,
        "answers": 4,
        "applicable": 3,
        "met": 1,
        "partly": 1,
        "not_met": 1,
        "met_percent": 33.3,
    }
    assert second.pop("questions") == [
        {"code": "2.1", "answers": 1, "applicable": 1} | text | NO_GRADES,
        {"code": "2.2", "answers": 0, "applicable": 0} | text | NO_GRADES,
    ]
    assert second["answers"] == second["applicable"] == 0
    assert second["met_percent"] is None


async def test_what_is_not_submitted_yet_or_only_carried_forward_does_not_count(
    business_office: SignedIn, owner: asyncpg.Connection, round_of_four: StagedAudit, silent: Json
) -> None:
    audit = round_of_four
    await owner.execute(
        "INSERT INTO answers (response_id, audit_id, agency_id, question_id, grade)"
        " VALUES ($1, $2, $3, $4, 'met')",
        audit.responses[silent["id"]],
        audit.id,
        UUID(silent["id"]),
        audit.questions["1.1"],
    )
    await owner.execute(
        "UPDATE answers SET is_carried_forward = true WHERE audit_id = $1 AND grade = 'partly'",
        audit.id,
    )

    body = (await business_office.get(f"/audits/{audit.id}/summary")).json()

    assert body["returned"] == 2
    assert [each["answers"] for each in body["standards"][0]["questions"]] == [2, 1]


async def test_what_is_worked_on_again_counts_as_it_was_last_submitted(
    business_office: SignedIn,
    board_member: SignedIn,
    round_of_four: StagedAudit,
    agency: Json,
    agency_system: SignedIn,
) -> None:
    path, response = f"/audits/{round_of_four.id}", round_of_four.response_of(agency)
    before = [
        (await each.get(f"{path}/summary")).json() for each in (business_office, board_member)
    ]
    rows = (await business_office.get(f"{path}/matrix")).json()["items"]

    taken_back = await move(agency_system, response, "in_progress")
    draft = await put_answers(agency_system, response, {"question": "1.1", "grade": "not_met"})

    assert (taken_back.status_code, draft.status_code) == (201, 200)
    after = [(await each.get(f"{path}/summary")).json() for each in (business_office, board_member)]
    assert after == before
    again = (await business_office.get(f"{path}/matrix")).json()["items"]
    assert again == [
        row | {"status": "in_progress"} if row["agency_id"] == agency["id"] else row for row in rows
    ]


async def test_an_audit_that_asks_nobody_has_no_return_rate(
    business_office: SignedIn, owner: asyncpg.Connection
) -> None:
    audit = await stage_audit(owner)

    body = (await business_office.get(f"/audits/{audit.id}/summary")).json()

    assert (body["roster"], body["return_rate_percent"]) == (0, None)
    assert (await business_office.get(f"/audits/{audit.id}/returns")).json()["items"] == []


@pytest.mark.duty("15.2")
async def test_the_matrix_shows_every_agency_under_every_standard(
    business_office: SignedIn, round_of_four: StagedAudit, agency: Json, silent: Json
) -> None:
    path = f"/audits/{round_of_four.id}/matrix"

    rows = (await business_office.get(path)).json()["items"]

    by_agency = {row["agency_id"]: row for row in rows}
    assert set(by_agency) == set(round_of_four.responses)
    assert by_agency[agency["id"]] == {
        "agency_id": agency["id"],
        "name": agency["name"],
        "status": "submitted",
        "standards": [
            {"code": "S1", "answers": 2, "applicable": 2, "met": 1, "met_percent": 50.0}
            | {"worst_grade": "partly"},
            {"code": "S2", "answers": 0, "applicable": 0, "met": 0, "met_percent": None}
            | {"worst_grade": None},
        ],
        "moderated": [
            {"code": "S1", "answers": 1, "met": 0, "met_percent": 0.0, "worst_grade": "partly"},
            {"code": "S2", "answers": 0, "met": 0, "met_percent": None, "worst_grade": None},
        ],
        "redactions": [],
    }
    assert [cell["answers"] for cell in by_agency[silent["id"]]["standards"]] == [0, 0]


@pytest.mark.duty("15.2")
async def test_a_partner_sees_the_moderated_grades_of_others_and_the_own_of_its_own(
    sign_in: SignIn, round_of_four: StagedAudit, agency: Json, other_agency: Json
) -> None:
    partner = await sign_in("board_member", agency_id=other_agency["id"])
    path = f"/audits/{round_of_four.id}/matrix"

    [other] = (await partner.get(path, params={"agency_id": agency["id"]})).json()["items"]
    [own] = (await partner.get(path, params={"agency_id": other_agency["id"]})).json()["items"]

    assert (other["status"], other["standards"]) == ("submitted", None)
    assert other["moderated"][0]["worst_grade"] == "partly"
    assert other["redactions"] == [{"pointer": "/standards", "reason": "agency_only"}]
    assert own["standards"][0]["worst_grade"] == "not_met"
    assert own["redactions"] == []


@pytest.mark.duty("5.1")
async def test_returns_say_who_is_missing_and_who_was_late(
    board_member: SignedIn, round_of_four: StagedAudit, silent: Json, other_agency: Json
) -> None:
    path = f"/audits/{round_of_four.id}/returns"

    missing = (await board_member.get(path, params={"missing": True})).json()["items"]
    rest = (await board_member.get(path, params={"missing": False})).json()["items"]
    late = (await board_member.get(path, params={"late": True})).json()["items"]

    assert missing == [
        {
            "agency_id": silent["id"],
            "name": silent["name"],
            "identifiers": silent["identifiers"],
            "response_id": str(round_of_four.responses[silent["id"]]),
            "status": "not_started",
            "revision": 0,
            "submitted_on": None,
            "is_late": None,
            "is_missing": True,
        }
    ]
    assert [each["status"] for each in rest] == ["exempt", "submitted", "submitted"]
    assert [(each["agency_id"], each["revision"]) for each in late] == [(other_agency["id"], 2)]


async def test_pages_of_an_audit_follow_each_other(
    board_member: SignedIn, round_of_four: StagedAudit
) -> None:
    path = f"/audits/{round_of_four.id}/matrix"
    first = (await board_member.get(path, params={"limit": 3})).json()
    query = {"limit": 3, "cursor": first["next_cursor"]}

    second = (await board_member.get(path, params=query)).json()
    elsewhere = await board_member.get(f"/audits/{round_of_four.id}/returns", params=query)

    seen = [row["agency_id"] for row in first["items"] + second["items"]]
    assert (len(seen), set(seen)) == (4, set(round_of_four.responses))
    assert second["next_cursor"] is None
    assert elsewhere.status_code == 400


@pytest.mark.parametrize("view", ["summary", "matrix", "returns"])
async def test_an_audit_that_nobody_knows_is_not_found(
    business_office: SignedIn, board_member: SignedIn, view: str
) -> None:
    responses = [
        await each.get(f"/audits/{uuid4()}/{view}") for each in (business_office, board_member)
    ]

    assert [each.status_code for each in responses] == [404, 404]


@pytest.mark.parametrize("view", ["summary", "matrix", "returns"])
async def test_agencies_do_not_read_what_an_audit_shows_across_agencies(
    agency_system: SignedIn, lead: SignedIn, audit: StagedAudit, view: str
) -> None:
    responses = [await each.get(f"/audits/{audit.id}/{view}") for each in (agency_system, lead)]

    assert [each.status_code for each in responses] == [403, 403]


ROUND = """
WITH agency AS (
    INSERT INTO agencies (name, sector) SELECT r ->> 'urn', 'school'
    FROM jsonb_array_elements($2) r RETURNING id, name
), entry AS (
    INSERT INTO roster_entries (audit_id, agency_id) SELECT $1, id FROM agency
), returned AS (
    SELECT DISTINCT ON (r ->> 'urn') r ->> 'urn' AS urn, r -> 'answers' AS answers,
        (r ->> 'submitted_on')::date AS submitted_on, count(*) OVER (PARTITION BY r ->> 'urn') AS n
    FROM jsonb_array_elements($3) r ORDER BY r ->> 'urn', r ->> 'submitted_on' DESC
), response AS (
    INSERT INTO audit_responses (audit_id, agency_id, status, revision, submitted_on, is_late)
    SELECT $1, a.id, CASE WHEN r.urn IS NULL THEN 'not_started' ELSE 'submitted' END,
        coalesce(r.n, 0), r.submitted_on, r.submitted_on > '2017-12-09'
    FROM agency a LEFT JOIN returned r ON r.urn = a.name RETURNING id, agency_id
)
INSERT INTO answers (response_id, audit_id, agency_id, question_id, grade, is_not_applicable,
    not_applicable_reason)
SELECT response.id, $1, response.agency_id, q.id, nullif(given.value, 'n/a'), given.value = 'n/a',
    CASE WHEN given.value = 'n/a' THEN 'Not stated.' END
FROM response JOIN agency ON agency.id = response.agency_id
JOIN returned ON returned.urn = agency.name
CROSS JOIN LATERAL jsonb_each_text(returned.answers) given
JOIN questions q ON q.code = given.key
JOIN audits u ON u.id = $1 AND q.instrument_id = u.instrument_id
"""
CLEAR = """
WITH gone AS (DELETE FROM answers WHERE audit_id = $1),
responses AS (DELETE FROM audit_responses WHERE audit_id = $1),
entries AS (DELETE FROM roster_entries WHERE audit_id = $1 RETURNING agency_id)
DELETE FROM agencies WHERE id IN (SELECT agency_id FROM entries)
"""


@pytest.fixture
async def round_of_2017(owner: asyncpg.Connection) -> AsyncIterator[UUID]:
    """The schools audit of 2017 as it was returned; agencies are named by their URN."""
    path = ROOT / "app/reference/instruments/schools_2017.json"
    standards = json.loads(path.read_text())["standards"]
    questions = [{"code": q["code"]} for standard in standards for q in standard["questions"]]
    audit = await stage_audit(owner, kind="section_175", questions=questions)
    for standard in standards:
        await owner.execute(
            "UPDATE standards SET title = $1 WHERE instrument_id = $2 AND code = $3",
            standard["title"],
            audit.instrument_id,
            f"S{standard['number']}",
        )
    with (ROOT / "demo/schools_2017_roster.csv").open(encoding="utf-8") as file:
        roster = list(csv.DictReader(file))
    lines = (ROOT / "demo/s175_returns_2017_synthetic.jsonl").read_text().splitlines()
    await owner.execute(ROUND, audit.id, json.dumps(roster), f"[{','.join(lines)}]")
    yield audit.id
    await owner.execute(CLEAR, audit.id)


@pytest.mark.duty("5.1", "15.5")
async def test_the_schools_audit_of_2017_shows_what_was_worked_out_by_hand(
    business_office: SignedIn, round_of_2017: UUID
) -> None:
    path = f"/audits/{round_of_2017}"

    summary = (await business_office.get(f"{path}/summary")).json()
    query = {"missing": True, "limit": 200}
    missing = (await business_office.get(f"{path}/returns", params=query)).json()["items"]

    figures = ("answers", "applicable", "met", "not_met")
    assert {
        **{name: summary[name] for name in ("roster", "returned", "late", "resubmitted")},
        "return_rate_pct": summary["return_rate_percent"],
        "not_returned_urns": sorted(each["name"] for each in missing),
        "standards": {
            each["title"]: {name: each[name] for name in figures} | {"met_pct": each["met_percent"]}
            for each in summary["standards"]
        },
    } == EXPECTED
