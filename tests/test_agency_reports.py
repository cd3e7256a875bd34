"""Reports of agencies over HTTP: asked for, written, signed off by another, accepted.

Framework section 16.
"""

from uuid import UUID

import asyncpg
import pytest

from app.reference.working_days import add_working_days
from tests.agency_reports import Involved, ask, move, path_of, write
from tests.casework import STORY, TOLD
from tests.conftest import Json, SignedIn, SignIn, make_agency
from tests.stage import TODAY, Within, token_of


@pytest.mark.duty("16.12")
async def test_an_agency_that_takes_part_is_asked_for_its_report(
    business_office: SignedIn, involved: Involved
) -> None:
    report = await ask(business_office, involved.review, involved.agency, working_days=15)

    seen = (await involved.system.get(path_of(report))).json()
    assert (seen["status"], seen["case_review_id"]) == ("requested", involved.review["id"])
    assert seen["due_on"] == str(add_working_days(TODAY, 15))
    assert (seen["is_overdue"], seen["redactions"]) == (False, [])
    assert seen["allowed_transitions"] == ["in_progress"]


async def test_an_agency_that_takes_no_part_is_not_asked(
    business_office: SignedIn, involved: Involved
) -> None:
    stranger = await make_agency(business_office)

    problem = await ask(business_office, involved.review, stranger, 409)

    assert problem["code"] == "agency_takes_no_part"


async def test_an_agency_is_asked_once(
    business_office: SignedIn, involved: Involved, report: Json
) -> None:
    problem = await ask(business_office, involved.review, involved.agency, 409)

    assert report["status"] == "requested"
    assert problem["errors"][0]["code"] == "agency_reports_agency_review_key"


async def test_only_the_business_office_asks(involved: Involved, reviewer: SignedIn) -> None:
    await ask(reviewer, involved.review, involved.agency, 403)
    await ask(involved.system, involved.review, involved.agency, 403)


@pytest.mark.duty("16.12")
async def test_an_agency_sees_its_own_report_only(
    business_office: SignedIn, involved: Involved, written: Json
) -> None:
    own = await ask(business_office, involved.review, involved.other_agency)
    other = involved.other_system

    assert (await other.get(path_of(written))).status_code == 404
    assert (await other.get(f"{path_of(written)}/transitions")).status_code == 404
    await write(other, written, 404, learning="None.")
    await move(other, written, "in_progress", 404)
    for asked in ({}, {"case_review_id": involved.review["id"]}):
        listed = (await other.get("/agency-reports", params=asked)).json()["items"]
        assert [each["id"] for each in listed] == [own["id"]]
    filtered = await other.get("/agency-reports", params={"agency_id": involved.agency["id"]})
    assert filtered.json()["items"] == []


async def test_who_has_no_part_in_the_case_gets_404(
    business_office: SignedIn, sign_in: SignIn, written: Json
) -> None:
    agency = await make_agency(business_office)
    strangers = [await sign_in(agency_id=agency["id"]), await sign_in("lead_reviewer")]

    for stranger in strangers:
        assert (await stranger.get(path_of(written))).status_code == 404
        assert (await stranger.get("/agency-reports")).json()["items"] == []


async def test_the_team_reads_all_reports_of_its_case(
    business_office: SignedIn, involved: Involved, reviewer: SignedIn, written: Json
) -> None:
    other = await ask(business_office, involved.review, involved.other_agency)

    listed = await reviewer.get(
        "/agency-reports", params={"case_review_id": other["case_review_id"]}
    )

    assert [each["id"] for each in listed.json()["items"]] == [other["id"], written["id"]]
    seen = (await reviewer.get(path_of(written))).json()
    assert (seen["involvement"], seen["learning"]) == (TOLD, "Visits were missed.")


@pytest.mark.duty("16.12")
async def test_names_become_labels_and_what_is_doubtful_is_masked_for_a_system(
    owner: asyncpg.Connection, involved: Involved, report: Json
) -> None:
    text = f"{STORY} Her neighbour Desmond Hartigan collected her."
    refused = await involved.system.patch(
        path_of(report), json={"involvement": text}, headers={"If-Match": "*"}
    )

    pushed = await involved.system.patch(
        path_of(report),
        json={"involvement": text},
        headers={"If-Match": "*", "Prefer": "identifiers=mask"},
    )

    assert (refused.status_code, refused.json()["code"]) == (422, "unresolved_identifiers")
    shown = pushed.json()["involvement"]
    assert shown == f"{TOLD} Her neighbour [redacted name 1] collected her."
    assert pushed.json()["status"] == "in_progress"
    stored = await owner.fetchval(
        "SELECT involvement FROM agency_reports WHERE id = $1", UUID(report["id"])
    )
    assert not [each for each in ("Zo", "Quist", "Hartigan") if each in stored]


@pytest.mark.duty("16.12")
async def test_the_senior_signs_off_what_others_wrote(
    involved: Involved,
    written: Json,
    lead: SignedIn,
    senior: SignedIn,
    business_office: SignedIn,
    reviewer: SignedIn,
) -> None:
    await move(lead, written, "agency_signed_off", 409)
    await move(senior, written, "agency_signed_off")
    await write(lead, written, 409, learning="None.")
    await move(lead, written, "submitted")
    await move(senior, written, "accepted", 409)
    await move(business_office, written, "returned", reason="Say what changed.")
    await write(involved.system, written, learning="Visits are followed up now.")
    await move(senior, written, "agency_signed_off")
    await move(lead, written, "submitted")
    await move(reviewer, written, "accepted")

    seen = (await reviewer.get(path_of(written))).json()
    assert (seen["status"], seen["times_returned"]) == ("accepted", 1)
    assert seen["signed_off_by_id"] == str(senior.principal_id)
    assert seen["submitted_on"] == str(TODAY)


async def test_nobody_signs_off_what_they_wrote_alone(report: Json, senior: SignedIn) -> None:
    await write(senior, report, learning="Visits were missed.")

    await move(senior, report, "agency_signed_off", 409)

    seen = (await senior.get(path_of(report))).json()
    assert seen["author_ids"] == [str(senior.principal_id)]
    assert "agency_signed_off" not in seen["allowed_transitions"]


@pytest.mark.parametrize(
    "change",
    [
        "status = 'agency_signed_off'",
        "status = 'submitted'",
        "status = 'accepted'",
    ],
)
async def test_the_database_keeps_a_sole_author_from_signing_off(
    within: Within, report: Json, senior: SignedIn, change: str
) -> None:
    await write(senior, report, learning="Visits were missed.")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with within(token_of(senior), "case-reviews:read").transaction() as db:
            await db.fetchrow(
                f"UPDATE agency_reports SET {change} WHERE id = $1", UUID(report["id"])
            )


async def test_the_database_lets_no_reviewer_write_for_an_agency(
    within: Within, written: Json, reviewer: SignedIn
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with within(token_of(reviewer), "case-reviews:read").transaction() as db:
            await db.fetchrow(
                "UPDATE agency_reports SET learning = 'x' WHERE id = $1", UUID(written["id"])
            )


async def test_only_its_agency_writes_a_report(
    business_office: SignedIn, reviewer: SignedIn, written: Json
) -> None:
    await write(business_office, written, 403, learning="None.")
    await write(reviewer, written, 403, learning="None.")


async def test_a_report_that_is_late_is_overdue(
    owner: asyncpg.Connection, involved: Involved, report: Json
) -> None:
    await owner.execute(
        "UPDATE agency_reports SET due_on = current_date - 2 WHERE id = $1", UUID(report["id"])
    )

    late = (await involved.system.get("/agency-reports", params={"is_overdue": True})).json()
    early = (await involved.system.get("/agency-reports", params={"is_overdue": False})).json()

    assert [each["id"] for each in late["items"]] == [report["id"]]
    assert (late["items"][0]["is_overdue"], early["items"]) == (True, [])
