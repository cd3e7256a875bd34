"""Calendars of what is owed: RFC 5545, opened with a secret of their own (section 23)."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from app.reference.working_days import add_working_days
from app.services.calendar_feed import calendar_of, folded
from app.services.timetable_rules import due_days
from app.services.timetable_steps import Ladder
from tests.conftest import Json, SignedIn, SignIn
from tests.stage import TODAY


def test_days_of_a_cadence_are_counted_from_the_anchor() -> None:
    days = [*due_days(date(2027, 1, 31), 1, date(2027, 1, 1), date(2028, 3, 31))]

    assert days[:3] == [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31)]
    assert days[13:] == [date(2028, 2, 29), date(2028, 3, 31)]


@pytest.mark.duty("X9")
def test_escalation_passes_over_bank_holidays() -> None:
    """Good Friday and Easter Monday of 2027 are 26 and 29 March."""
    due = date(2027, 3, 25)
    ladder = Ladder(date(2027, 1, 1), due, due, [30, 14, 7], [1, 10, 20])

    assert ladder.status(date(2027, 3, 29)) == "due"
    assert ladder.status(date(2027, 3, 30)) == "overdue_1"
    assert ladder.next_on(date(2027, 3, 30)) == add_working_days(due, 10)


@pytest.mark.parametrize("changes", [date(2027, 3, 28), date(2027, 10, 31)])
def test_a_change_of_summer_time_moves_no_reminder(changes: date) -> None:
    due = changes + timedelta(days=7)
    ladder = Ladder(date(2027, 1, 1), due, due, [7], [1, 10, 20])

    assert [step.on for step in ladder.steps(changes) if step.name == "reminder_7"] == [changes]


def test_long_lines_are_folded_between_characters() -> None:
    line = "SUMMARY:" + "é" * 100

    written = folded(line)

    assert max(len(part.encode()) for part in written.split("\r\n")) <= 75
    assert written.replace("\r\n ", "").removesuffix("\r\n") == line


def test_texts_are_escaped_and_what_is_cancelled_says_so() -> None:
    row = {
        "id": uuid4(),
        "title": "Report; data, audits\nand more",
        "due_on": date(2028, 2, 29),
        "status": "cancelled",
        "updated_at": datetime(2027, 1, 1, tzinfo=UTC),
        "changes": 2,
    }

    lines = calendar_of([row]).split("\r\n")

    assert "SUMMARY:Report\\; data\\, audits\\nand more" in lines
    assert {"STATUS:CANCELLED", "SEQUENCE:2", "DTSTART;VALUE=DATE:20280229"} <= {*lines}
    assert "DTEND;VALUE=DATE:20280301" in lines


@pytest.fixture
async def owed(owner: asyncpg.Connection, agency: Json) -> UUID:
    """Something that `agency` owes."""
    owed_id: UUID = await owner.fetchval(
        "INSERT INTO obligations (kind, title, agency_id, opens_on, due_on, locks_on)"
        " VALUES ('report', 'Report', $1, $2, $2, $2) RETURNING id",
        UUID(agency["id"]),
        TODAY,
    )
    return owed_id


async def test_a_calendar_opens_with_its_secret_only(
    sign_in: SignIn, anonymous: httpx.AsyncClient, agency: Json, owed: UUID
) -> None:
    lead = await sign_in("agency_lead", agency_id=agency["id"])
    made = await lead.post("/calendar-feeds", json={"agency_id": agency["id"]})
    assert made.status_code == 201, made.text
    path = f"/calendar-feeds/{made.json()['id']}/calendar.ics"

    opened = await anonymous.get(path, auth=("any", made.json()["secret"]))
    closed = await anonymous.get(path, auth=("any", "wrong"))
    unsaid = await anonymous.get(path)

    assert opened.status_code == 200, opened.text
    assert opened.headers["content-type"].startswith("text/calendar")
    assert f"UID:{owed}@" in opened.text
    assert (closed.status_code, unsaid.status_code) == (404, 401)
    known = {"If-None-Match": opened.headers["etag"]}
    again = await anonymous.get(path, auth=("any", made.json()["secret"]), headers=known)
    assert again.status_code == 304


async def test_nobody_makes_a_calendar_of_another_agency(
    sign_in: SignIn, agency: Json, other_agency: Json
) -> None:
    lead: SignedIn = await sign_in("agency_lead", agency_id=agency["id"])

    response = await lead.post("/calendar-feeds", json={"agency_id": other_agency["id"]})

    assert response.status_code == 403


async def test_a_calendar_ends_with_its_deletion_or_with_the_rights_of_its_maker(
    owner: asyncpg.Connection, sign_in: SignIn, anonymous: httpx.AsyncClient, agency: Json
) -> None:
    lead = await sign_in("agency_lead", agency_id=agency["id"])
    feeds = [
        (await lead.post("/calendar-feeds", json={"agency_id": agency["id"]})).json()
        for _ in range(2)
    ]
    read = (await lead.get(f"/calendar-feeds/{feeds[1]['id']}")).json()

    ended = await lead.delete(f"/calendar-feeds/{feeds[0]['id']}", headers={"If-Match": "*"})
    left = [await _opens(anonymous, feed) for feed in feeds]
    await owner.execute("DELETE FROM role_assignments WHERE user_id = $1", lead.principal_id)
    without_rights = [await _opens(anonymous, feed) for feed in feeds]

    assert feeds[1] == read | {"secret": feeds[1]["secret"]}
    assert ended.status_code == 204
    assert (left, without_rights) == ([404, 200], [404, 404])


async def _opens(anonymous: httpx.AsyncClient, feed: Json) -> int:
    path = f"/calendar-feeds/{feed['id']}/calendar.ics"
    return (await anonymous.get(path, auth=("any", feed["secret"]))).status_code


async def test_a_calendar_is_made_once_for_each_key_and_its_secret_shown_once(
    sign_in: SignIn, agency: Json
) -> None:
    lead = await sign_in("agency_lead", agency_id=agency["id"])
    key = {"Idempotency-Key": f"calendar-{agency['id']}"}

    first, again = [
        (await lead.post("/calendar-feeds", json={"agency_id": agency["id"]}, headers=key)).json()
        for _ in range(2)
    ]

    assert first["secret"] is not None
    assert again == first | {"secret": None}
