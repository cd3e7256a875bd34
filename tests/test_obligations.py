"""Obligations and rules: who sees, delivers, disputes and waives them (Framework section 23)."""

import asyncio
from datetime import date, timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from tests.casework import Case
from tests.conftest import Json, SignedIn, SignIn
from tests.stage import TODAY

ANY = {"If-Match": "*"}


@pytest.fixture
async def owed(owner: asyncpg.Connection, agency: Json) -> Json:
    """Something that `agency` owes in a week, with the Quality Assurance Sub Group in charge."""
    return await _owed(owner, agency, TODAY + timedelta(days=7))


async def _owed(owner: asyncpg.Connection, agency: Json, due_on: date) -> Json:
    row = await owner.fetchrow(
        "INSERT INTO obligations (kind, title, period, agency_id, opens_on, due_on, locks_on,"
        " next_on, in_charge_id) SELECT 'report', 'Report', $4, $1, $2, $3, $3, $2, id FROM bodies"
        " WHERE code = 'quality_assurance' RETURNING id",
        UUID(agency["id"]),
        min(TODAY, due_on),
        due_on,
        uuid4().hex,
    )
    assert row is not None
    return {"id": row["id"], "path": f"/obligations/{row['id']}"}


@pytest.fixture
async def lead(sign_in: SignIn, agency: Json) -> SignedIn:
    """The named lead of the agency that owes."""
    return await sign_in("agency_lead", agency_id=agency["id"])


async def _fulfil(who: SignedIn, owed: Json, **members: object) -> httpx.Response:
    return await who.post(f"{owed['path']}/fulfilment", json=members, headers=ANY)


async def _move(who: SignedIn, owed: Json, to: str, **members: object) -> httpx.Response:
    body = {"to": to, "reason": "Agreed."} | members
    return await who.post(f"{owed['path']}/transitions", json=body, headers=ANY)


async def test_an_agency_delivers_what_it_owes_today(lead: SignedIn, owed: Json) -> None:
    response = await _fulfil(lead, owed, note="Sent to the sub group.")

    assert response.status_code == 201, response.text
    read = (await lead.get(owed["path"])).json()
    assert (read["status"], read["met_on"], read["days_late"]) == ("met", TODAY.isoformat(), 0)


async def test_an_agency_does_not_date_its_delivery_back(lead: SignedIn, owed: Json) -> None:
    response = await _fulfil(lead, owed, met_on=(TODAY - timedelta(days=1)).isoformat())

    assert response.status_code == 403


async def test_an_agency_does_not_deliver_for_another(
    sign_in: SignIn, other_agency: Json, owed: Json
) -> None:
    other = await sign_in("agency_lead", agency_id=other_agency["id"])

    assert (await _fulfil(other, owed)).status_code == 403


async def test_what_is_delivered_after_its_day_is_late(
    owner: asyncpg.Connection, business_office: SignedIn, agency: Json
) -> None:
    owed = await _owed(owner, agency, TODAY - timedelta(days=3))

    response = await _fulfil(business_office, owed)

    assert response.status_code == 201, response.text
    assert (response.json()["status"], response.json()["days_late"]) == ("met_late", 3)


async def test_of_two_deliveries_at_once_one_counts(lead: SignedIn, owed: Json) -> None:
    responses = await asyncio.gather(_fulfil(lead, owed), _fulfil(lead, owed))

    assert sorted(each.status_code for each in responses) == [201, 409]


async def test_the_business_office_disputes_a_delivery_and_says_why(
    business_office: SignedIn, lead: SignedIn, owed: Json
) -> None:
    await _fulfil(lead, owed)

    unsaid = await _move(business_office, owed, "due", reason=None)
    said = await _move(business_office, owed, "due")

    assert (unsaid.status_code, said.status_code) == (422, 201), said.text
    read = (await lead.get(owed["path"])).json()
    assert (read["status"], read["met_on"]) == ("due", None)


async def test_nobody_but_the_clock_escalates(business_office: SignedIn, owed: Json) -> None:
    assert (await _move(business_office, owed, "overdue_1")).status_code == 409


@pytest.mark.parametrize(
    ("body", "status"), [("quality_assurance", 201), ("serious_case_review", 409)]
)
async def test_only_the_board_or_the_body_in_charge_waives(
    owner: asyncpg.Connection, business_office: SignedIn, owed: Json, body: str, status: int
) -> None:
    decision_id = await owner.fetchval(
        "INSERT INTO decisions (body_id, decided_on, outcome, text, subject, record_id,"
        " is_chairs_action, recorded_by_id) SELECT id, $1, 'agreed', 'Waived.', 'obligations', $2,"
        " true, $3 FROM bodies WHERE code = $4 RETURNING id",
        TODAY,
        owed["id"],
        business_office.principal_id,
        body,
    )

    without = await _move(business_office, owed, "waived")
    waived = await _move(business_office, owed, "waived", decision_id=str(decision_id))

    assert without.status_code == 409
    assert waived.status_code == status, waived.text
    if status == 201:
        read = (await business_office.get(owed["path"])).json()
        assert read["decision_id"] == str(decision_id)


@pytest.mark.duty("23.3")
async def test_one_answer_holds_all_that_an_agency_owes(
    owner: asyncpg.Connection, business_office: SignedIn, lead: SignedIn, agency: Json, owed: Json
) -> None:
    late = await _owed(owner, agency, TODAY - timedelta(days=3))
    done = await _owed_and_met(owner, agency, business_office)

    duties = (await lead.get(f"/agencies/{agency['id']}/duties")).json()

    assert [each["id"] for each in duties["owes"]] == [str(owed["id"])]
    assert [each["id"] for each in duties["late"]] == [str(late["id"])]
    assert [each["id"] for each in duties["delivered"]] == [str(done["id"])]


async def _owed_and_met(owner: asyncpg.Connection, agency: Json, office: SignedIn) -> Json:
    owed = await _owed(owner, agency, TODAY)
    assert (await _fulfil(office, owed)).status_code == 201
    return owed


async def test_rates_count_what_was_due_and_not_what_is_still_in_time(
    owner: asyncpg.Connection,
    business_office: SignedIn,
    board_member: SignedIn,
    agency: Json,
    case: Case,
) -> None:
    await _owed(owner, agency, TODAY + timedelta(days=7))
    await _owed(owner, agency, TODAY - timedelta(days=3))
    await _owed_and_met(owner, agency, business_office)
    of_case = await _owed(owner, agency, TODAY - timedelta(days=3))
    await owner.execute(
        "UPDATE obligations SET source_case_id = $1 WHERE id = $2", UUID(case.id), of_case["id"]
    )
    period = {
        "from": (TODAY - timedelta(days=9)).isoformat(),
        "to": (TODAY + timedelta(days=9)).isoformat(),
    }

    rates = (await board_member.get("/on-time-rates", params=period)).json()

    [rate] = [each for each in rates["owners"] if each["agency_id"] == agency["id"]]
    assert (rate["due"], rate["met"], rate["open_late"], rate["percent"]) == (2, 1, 1, 50)


async def test_a_list_is_filtered_by_owner_and_lateness(
    owner: asyncpg.Connection, lead: SignedIn, agency: Json
) -> None:
    await _owed(owner, agency, TODAY + timedelta(days=7))
    late = await _owed(owner, agency, TODAY - timedelta(days=3))

    page = (
        await lead.get("/obligations", params={"agency_id": agency["id"], "is_overdue": True})
    ).json()

    assert [each["id"] for each in page["items"]] == [str(late["id"])]
    assert page["items"][0]["days_late"] == 3


async def test_a_changed_rule_lays_out_anew_what_has_not_opened(
    owner: asyncpg.Connection, business_office: SignedIn, agency: Json
) -> None:
    body_id = await owner.fetchval("SELECT id FROM bodies WHERE code = 'board'")
    rule = {
        "code": f"rule-{uuid4().hex[:8]}",
        "title": "Report",
        "section": "23",
        "agency_ids": [agency["id"]],
        "in_charge_id": str(body_id),
        "every_months": 12,
        "anchor_on": "2027-01-31",
        "valid_from": TODAY.isoformat(),
    }
    made = await business_office.post("/schedule-rules", json=rule)
    assert made.status_code == 201, made.text
    path = f"/schedule-rules/{made.json()['id']}"
    for opens in (TODAY, TODAY + timedelta(days=30)):
        await owner.execute(
            "INSERT INTO obligations (rule_id, kind, title, period, agency_id, opens_on, due_on,"
            " locks_on) VALUES ($1, 'report', 'Report', $2::text, $3, $4, $5, $5)",
            UUID(made.json()["id"]),
            opens.isoformat(),
            UUID(agency["id"]),
            opens,
            opens + timedelta(days=30),
        )

    changed = await business_office.patch(path, json={"grace_days": 5}, headers=ANY)

    assert changed.status_code == 200, changed.text
    left = await owner.fetch(
        "SELECT opens_on FROM obligations WHERE rule_id = $1", UUID(made.json()["id"])
    )
    assert [row["opens_on"] for row in left] == [TODAY]


async def test_the_timetable_shows_a_period_day_by_day(
    board_member: SignedIn, agency: Json, owed: Json
) -> None:
    week = {"from": str(TODAY), "to": str(TODAY + timedelta(days=8)), "agency_id": agency["id"]}

    days = (await board_member.get("/timetable", params=week)).json()["days"]
    backwards = await board_member.get("/timetable", params=week | {"to": str(TODAY)})

    told = [
        (day["day"], entry["opens"], entry["is_due"], entry["locks"])
        for day in days
        for entry in day["entries"]
        if entry["obligation_id"] == str(owed["id"])
    ]
    assert told == [
        (str(TODAY), True, False, False),
        (str(TODAY + timedelta(days=7)), False, True, True),
    ]
    assert backwards.status_code == 422
