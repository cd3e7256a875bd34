"""Many records pushed at once, with a report row by row. Framework sections 6 and 9."""

import json
from uuid import uuid4

import asyncpg
import pytest

from app.services import import_body
from tests.conftest import Json, SignedIn, SignIn
from tests.pushing import answer_row, lines, push_rows
from tests.stage import NAMES, WHOLE, StagedAudit, stage_audit


def refusals(report: Json) -> list[tuple[int, str, str]]:
    """List what a report says is wrong: row, place and rule."""
    return [
        (row["row_number"], error["pointer"], error["code"])
        for row in report["rejected"]
        for error in row["errors"]
    ]


async def answers_of(caller: SignedIn, audit: StagedAudit, agency: Json) -> dict[str, str]:
    """Return the grades an agency gave, by question."""
    page = await caller.get(f"{audit.response_of(agency)}/answers")
    return {each["question"]: each["grade"] for each in page.json()["items"]}


@pytest.mark.duty("6.7")
async def test_a_system_pushes_its_answers_row_by_row(
    agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    rows = [answer_row(audit), answer_row(audit, "1.2", grade="partly")]

    response = await push_rows(agency_system, "answers", lines(rows))

    assert response.status_code == 200, response.text
    report = response.json()
    assert (report["rows_accepted"], report["rows_rejected"], report["rejected"]) == (2, 0, [])
    assert (report["status"], report["rows_total"]) == ("succeeded", 2)
    assert await answers_of(agency_system, audit, agency) == {"1.1": "met", "1.2": "partly"}
    assert response.headers["location"] == f"/v1/imports/{report['id']}"


@pytest.mark.duty("9.8")
@pytest.mark.duty("X2")
async def test_good_rows_count_and_bad_rows_are_named_by_number_place_and_rule(
    agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    rows = [
        answer_row(audit),
        answer_row(audit, "9.9"),
        answer_row(audit, grade="splendid-secret"),
        answer_row(audit, grade=7),
        answer_row(audit, "2.2", grade=None, value=True),
        {"audit": "NO-SUCH-AUDIT", "question": "1.1", "grade": "met"},
    ]

    response = await push_rows(agency_system, "answers", lines(rows))

    report = response.json()
    assert refusals(report) == [
        (2, "/question", "unknown_question"),
        (3, "/grade", "unknown_grade"),
        (4, "/grade", "wrong_type"),
        (5, "/question", "not_put_to_this_agency"),
        (6, "/audit", "not_found"),
    ]
    assert report["rows_accepted"] == 1
    assert await answers_of(agency_system, audit, agency) == {"1.1": "met"}
    assert "splendid" not in response.text


@pytest.mark.duty("X2")
async def test_hostile_rows_are_errors_of_their_rows(
    agency_system: SignedIn, audit: StagedAudit
) -> None:
    start = json.dumps(answer_row(audit)).encode()[:-1]
    rows: list[Json | bytes] = [
        start + b', "narrative": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        start + b', "value": NaN}',
        start + b', "grade": "met", "grade": "partly"}',
        start + b', "narrative": "a\\u0000b"}',
        b"\xff\xfe",
        b'{"audit": ',
        answer_row(audit),
    ]

    report = (await push_rows(agency_system, "answers", lines(rows))).json()

    assert [(row, code) for row, _, code in refusals(report)] == [
        (1, "json_too_deep"),
        (2, "json_not_finite"),
        (3, "json_duplicate_member"),
        (4, "json_nul"),
        (5, "not_utf8"),
        (6, "malformed_json"),
    ]
    assert report["rows_accepted"] == 1


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
async def test_a_byte_order_mark_and_either_line_end_are_read(
    agency_system: SignedIn, audit: StagedAudit, end: bytes
) -> None:
    rows = lines([answer_row(audit), b"", answer_row(audit, "9.9")]).replace(b"\n", end)

    report = (await push_rows(agency_system, "answers", b"\xef\xbb\xbf" + rows)).json()

    assert report["rows_accepted"] == 1
    assert refusals(report) == [(3, "/question", "unknown_question")]


async def test_an_array_is_numbered_by_its_elements(
    agency_system: SignedIn, audit: StagedAudit
) -> None:
    body = json.dumps([answer_row(audit), answer_row(audit, "9.9")]).encode()

    response = await push_rows(agency_system, "answers", body, {"Content-Type": "application/json"})

    assert response.json()["rows_accepted"] == 1
    assert refusals(response.json()) == [(2, "/question", "unknown_question")]


async def test_an_array_without_its_end_applies_nothing(
    agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    body = json.dumps([answer_row(audit)]).encode()[:-1]

    response = await push_rows(agency_system, "answers", body, {"Content-Type": "application/json"})

    assert (response.status_code, response.json()["code"]) == (400, "malformed_json")
    assert await answers_of(agency_system, audit, agency) == {}
    [failed] = (await agency_system.get("/imports")).json()["items"]
    assert (failed["status"], failed["problem"]["code"]) == ("failed", "broken_off")


@pytest.mark.duty("X2")
async def test_atomic_applies_all_rows_or_none(
    agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    bad = [answer_row(audit), answer_row(audit, "9.9")]
    good = [answer_row(audit), answer_row(audit, "1.2")]

    refused = await push_rows(agency_system, "answers", lines(bad), mode="atomic")
    left = await answers_of(agency_system, audit, agency)
    taken = await push_rows(agency_system, "answers", lines(good), mode="atomic")

    assert (refused.status_code, refused.json()["code"]) == (422, "rows_rejected")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/rows/2/question"]
    assert left == {}
    report = (await agency_system.get(refused.headers["location"].removeprefix("/v1"))).json()
    assert (report["status"], report["rows_accepted"], report["rows_rejected"]) == ("failed", 0, 1)
    assert (taken.status_code, taken.json()["rows_accepted"]) == (200, 2)
    assert await answers_of(agency_system, audit, agency) == {"1.1": "met", "1.2": "met"}


@pytest.mark.duty("X2")
@pytest.mark.parametrize("mode", ["atomic", "per_item"])
async def test_a_dry_run_reports_and_applies_nothing(
    agency_system: SignedIn, agency: Json, audit: StagedAudit, mode: str
) -> None:
    rows = [answer_row(audit), answer_row(audit, "9.9")]

    response = await push_rows(agency_system, "answers", lines(rows), mode=mode, dry_run="true")

    report = response.json()
    assert (response.status_code, report["status"], report["is_dry_run"]) == (
        200,
        "succeeded",
        True,
    )
    assert (report["rows_accepted"], report["rows_rejected"]) == (1, 1)
    assert await answers_of(agency_system, audit, agency) == {}


@pytest.mark.duty("9.8")
async def test_whole_returns_are_pushed_in_bulk_and_twice_changes_nothing(
    agency_system: SignedIn, agency: Json, audit: StagedAudit, owner: asyncpg.Connection
) -> None:
    other = await stage_audit(owner, agency)
    rows = [
        {"audit": str(each.id), "answers": WHOLE, "external_ref": f"r-{n}"} | NAMES
        for n, each in enumerate((audit, other))
    ]
    rows.append({"audit": str(audit.id), "answers": WHOLE[:1]} | NAMES | {"signed_off_by": "X"})

    first = (await push_rows(agency_system, "submissions", lines(rows[:2]))).json()
    again = (await push_rows(agency_system, "submissions", lines(rows[:2]))).json()

    assert (first["rows_accepted"], first["rejected"]) == (2, [])
    assert (again["rows_accepted"], again["rows_unchanged"]) == (0, 2)
    made = (await agency_system.get("/submissions")).json()["items"]
    assert sorted(each["external_ref"] for each in made) == ["r-0", "r-1"]
    listed = (await agency_system.get(f"/imports/{first['id']}/rows")).json()["items"]
    assert [(each["row_number"], each["outcome"]) for each in listed] == [
        (1, "accepted"),
        (2, "accepted"),
    ]
    assert {each["record_id"] for each in listed} == {each["id"] for each in made}


async def test_an_incomplete_return_leaves_the_others_and_nothing_of_itself(
    agency_system: SignedIn, agency: Json, audit: StagedAudit, owner: asyncpg.Connection
) -> None:
    other = await stage_audit(owner, agency)
    rows = [
        {"audit": str(audit.id), "answers": WHOLE[:1]} | NAMES,
        {"audit": str(other.id), "answers": WHOLE} | NAMES,
    ]

    report = (await push_rows(agency_system, "submissions", lines(rows))).json()

    assert refusals(report) == [(1, "/answers/1.2", "unanswered")]
    assert report["rows_accepted"] == 1
    assert await answers_of(agency_system, audit, agency) == {}


@pytest.mark.parametrize("kind", ["answers", "submissions"])
async def test_rows_of_another_agency_are_refused(
    business_office: SignedIn, sign_in: SignIn, owner: asyncpg.Connection, kind: str
) -> None:
    own, others = uuid4().hex[:12], uuid4().hex[:12]
    stranger = await _agency(business_office, others)
    mine = await _agency(business_office, own)
    audit = await stage_audit(owner, mine, stranger)
    system = await sign_in(agency_id=mine["id"])
    row = answer_row(audit)
    if kind == "submissions":
        row = {"audit": str(audit.id), "answers": WHOLE} | NAMES
    rows = [
        row | {"agency": {"scheme": "urn", "value": value}}
        for value in (others, own, uuid4().hex[:12])
    ]

    report = (await push_rows(system, kind, lines(rows))).json()

    assert refusals(report) == [
        (1, "/agency", "not_own_agency"),
        (3, "/agency", "not_own_agency"),
    ]
    assert report["rows_accepted"] == 1
    untouched = await owner.fetchval(
        "SELECT status FROM audit_responses WHERE agency_id = $1", stranger["id"]
    )
    assert untouched == "not_started"


async def _agency(business_office: SignedIn, urn: str) -> Json:
    body = {
        "name": f"School {urn}",
        "sector": "school",
        "duty_bases": ["section_11"],
        "identifiers": [{"scheme": "urn", "value": urn}],
    }
    made: Json = (await business_office.post("/agencies", json=body)).json()
    return made


@pytest.mark.duty("9.8")
async def test_a_register_comes_in_and_comes_in_again_unchanged(business_office: SignedIn) -> None:
    rows = [
        {
            "name": f"School {n}",
            "sector": "school",
            "identifiers": [{"scheme": "urn", "value": uuid4().hex[:12]}],
        }
        for n in range(3)
    ]

    first = (await push_rows(business_office, "agencies", lines(rows))).json()
    again = (await push_rows(business_office, "agencies", lines(rows))).json()

    assert (first["rows_accepted"], first["rejected"]) == (3, [])
    assert (again["rows_accepted"], again["rows_unchanged"]) == (0, 3)


async def test_a_kind_needs_the_scope_of_its_single_operation(agency_system: SignedIn) -> None:
    response = await push_rows(agency_system, "agencies", b"{}")

    assert (response.status_code, response.json()["code"]) == (403, "insufficient_scope")
    assert (await agency_system.get("/imports")).json()["items"] == []


async def test_an_import_is_seen_by_who_pushed_it_only(
    agency_system: SignedIn, other_system: SignedIn, audit: StagedAudit
) -> None:
    body = lines([answer_row(audit, "9.9")])
    report = (await push_rows(agency_system, "answers", body)).json()
    paths = [f"/imports/{report['id']}", f"/jobs/{report['id']}", f"/imports/{report['id']}/rows"]

    assert [(await agency_system.get(path)).status_code for path in paths] == [200] * 3
    assert [(await other_system.get(path)).status_code for path in paths] == [404] * 3


async def test_refused_rows_are_listed_page_by_page_in_their_order(
    agency_system: SignedIn, audit: StagedAudit
) -> None:
    rows = [answer_row(audit, f"9.{n}") for n in range(5)]
    report = (await push_rows(agency_system, "answers", lines(rows))).json()
    path = f"/imports/{report['id']}/rows?outcome=rejected&limit=3"

    first = (await agency_system.get(path)).json()
    second = (await agency_system.get(f"{path}&cursor={first['next_cursor']}")).json()

    numbers = [each["row_number"] for page in (first, second) for each in page["items"]]
    assert numbers == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-ndjson; charset=utf-16"},
        {"Content-Encoding": "gzip"},
    ],
)
async def test_other_media_are_refused(agency_system: SignedIn, headers: dict[str, str]) -> None:
    response = await push_rows(agency_system, "answers", b"{}", headers)

    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


async def test_more_rows_than_a_report_can_hold_are_refused(
    agency_system: SignedIn, audit: StagedAudit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_body, "MOST_ROWS", 3)
    body = lines([answer_row(audit)] * 4)

    response = await push_rows(agency_system, "answers", body)

    assert (response.status_code, response.json()["code"]) == (413, "payload_too_large")
    [refused] = (await agency_system.get("/imports")).json()["items"]
    assert (refused["status"], refused["rows_done"]) == ("failed", 0)
