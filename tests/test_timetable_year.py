"""A year of the whole seed timetable, day by day, in a database of its own (section 23)."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import pytest

from app.access.caller import Caller
from app.access.scopes import Scope
from app.access.tokens import derived_key, hash_of, service_token
from app.database import Database
from app.installation import Installation, installed
from app.reference.schedule_rules import seed_rules
from app.reference.working_days import add_months, add_working_days
from app.services.timetable import run_timetable
from app.services.timetable_figures import show_rates
from app.settings import Settings

FIRST, LAST = date(2027, 1, 1), date(2027, 12, 31)
NEXT_SUMMER = date(2028, 6, 1)
CHRONICALLY_LATE = 2
LATE_BY = 40
"""Calendar days after which the late agencies deliver: past every step of the ladder."""
EMPTIED = (
    "obligation_notices obligations transitions mail agenda_items meetings agency_leads agencies"
).split()
FUNCTIONS = ("section_11", "maca", "data", "training", "safeguarding")


@dataclass(frozen=True, slots=True)
class World:
    """An installation with twelve agencies, and the clock of two workers."""

    owner: asyncpg.Connection
    installation: Installation
    workers: tuple[Caller, Caller]
    agencies: list[UUID]

    async def tick(self, day: date, worker: int = 0) -> int:
        """Run one round of the clock; return how many messages are new."""
        key = self.installation.secret_key
        return (await run_timetable(self.workers[worker], key, day)).sent


@pytest.fixture
async def world(settings: Settings, worker_id: str) -> AsyncIterator[World]:
    """A fresh installation with twelve agencies that owe what Section 11 partners owe."""
    own = settings.model_copy(update={"database": f"year_{worker_id}"})
    with installed(own) as installation:
        await installation.upgrade()
        assert installation.owner_url is not None
        owner = await asyncpg.connect(installation.owner_url)
        database = await Database.connect(installation.app_url, 4)
        token = hash_of(service_token(installation.secret_key, "worker"))
        key = derived_key(installation.secret_key, "cursors")
        caller = Caller(database, token, Scope.audits_write, key)
        for table in EMPTIED:
            await owner.execute(f"DELETE FROM {table}")
        await owner.execute("UPDATE schedule_rules SET valid_from = $1, generated_on = NULL", FIRST)
        agencies = [await _agency(owner, n) for n in range(12)]
        yield World(owner, installation, (caller, caller), agencies)
        await database.close()
        await owner.close()


async def _agency(owner: asyncpg.Connection, n: int) -> UUID:
    agency_id: UUID = await owner.fetchval(
        "INSERT INTO agencies (name, sector, duty_bases) VALUES ($1, 'police', '{section_11}')"
        " RETURNING id",
        f"Agency {n}",
    )
    for function in FUNCTIONS:
        for is_deputy in (False, True):
            await owner.execute(
                "INSERT INTO agency_leads (agency_id, function, name, email, is_deputy, valid_from)"
                " VALUES ($1, $2, 'Lead', $3, $4, '2026-01-01')",
                agency_id,
                function,
                f"{function}-{'deputy' if is_deputy else 'lead'}-{n}@agency.example",
                is_deputy,
            )
    return agency_id


async def _deliver(world: World, day: date) -> None:
    """Agencies deliver on the day it is due; the first two only so much later."""
    await world.owner.execute(
        "UPDATE obligations o SET status = CASE WHEN $1 > o.locks_on THEN 'met_late' ELSE 'met' END"
        ", met_on = $1 WHERE o.met_on IS NULL AND o.agency_id = ANY ($2) AND o.due_on <= $1"
        " AND (o.due_on + $3::int <= $1 OR o.agency_id <> ALL ($4))",
        day,
        world.agencies,
        LATE_BY,
        world.agencies[:CHRONICALLY_LATE],
    )


def _expected() -> Counter[tuple[date, str, str]]:
    """Work out from the list alone what is sent to agencies: on which day, of what, which step."""
    sent: Counter[tuple[date, str, str]] = Counter()
    for rule in seed_rules():
        if rule.every_months is None or rule.duty_bases != ["section_11"]:
            continue
        dues = [add_months(rule.anchor_on, n * rule.every_months) for n in range(400)]
        for due in dues:
            if not FIRST <= due < NEXT_SUMMER or (rule.counted_from == "last_met" and due > LAST):
                continue
            opens = due - timedelta(days=rule.opens_before_days)
            steps = {"opened": max(opens, FIRST)}
            reminders = {f"reminder_{n}": due - timedelta(days=n) for n in (30, 14, 7)}
            steps |= {name: on for name, on in reminders.items() if on > opens}
            # What was missed before the first day is passed over for the newest step.
            missed = [name for name, on in steps.items() if on <= FIRST and name != "opened"]
            if missed and opens < FIRST:
                del steps["opened"]
                for name in missed[:-1]:
                    del steps[name]
                steps[missed[-1]] = FIRST
            late = {"overdue_1": 1, "overdue_2": 10, "escalated_chair": 20}
            for name, on in steps.items():
                sent[on, rule.code, name] += 12
            sent[due, rule.code, "due"] += 12
            for name, days in late.items():
                if (on := add_working_days(due, days)) < due + timedelta(days=LATE_BY):
                    sent[on, rule.code, name] += CHRONICALLY_LATE
    return Counter({key: n for key, n in sent.items() if FIRST <= key[0] <= LAST})


@pytest.mark.duty("9.9")
@pytest.mark.duty("23.5")
async def test_a_year_reminds_and_escalates_on_the_right_days_and_rates_are_exact(
    world: World,
) -> None:
    day = FIRST
    while day <= LAST:
        await world.tick(day)
        await _deliver(world, day)
        day += timedelta(days=1)

    rows = await world.owner.fetch(
        "SELECT n.recorded_on, o.kind, n.step, count(*) FROM obligation_notices n"
        " JOIN obligations o ON o.id = n.obligation_id"
        " WHERE o.agency_id IS NOT NULL AND n.outcome <> 'skipped' GROUP BY 1, 2, 3"
    )
    noted = Counter({(row[0], row[1], row[2]): row[3] for row in rows})
    assert noted == _expected()
    await _assert_rates_are_exact(world)
    late = await world.owner.fetch(
        "SELECT agency_id, status, count(*) FROM obligations WHERE agency_id IS NOT NULL"
        " AND met_on IS NOT NULL GROUP BY 1, 2"
    )
    assert {row["agency_id"] for row in late if row["status"] == "met_late"} == set(
        world.agencies[:CHRONICALLY_LATE]
    )
    assert not [
        row for row in late if row["status"] == "met" and row["agency_id"] in world.agencies[:2]
    ]


async def _assert_rates_are_exact(world: World) -> None:
    """Compare the figures of the year with what the list alone says was due in it."""
    response = await show_rates(world.workers[0], FIRST, LAST + timedelta(days=1))
    rates = {rate["agency_id"]: rate for rate in json.loads(bytes(response.body))["owners"]}
    dues = _dues_of_an_agency()
    still_open = sum(due + timedelta(days=LATE_BY) > LAST and due < LAST for due in dues)
    for agency_id in world.agencies[CHRONICALLY_LATE:]:
        assert rates[str(agency_id)]["met"] == rates[str(agency_id)]["due"] == len(dues)
        assert rates[str(agency_id)]["percent"] == 100
    for agency_id in world.agencies[:CHRONICALLY_LATE]:
        rate = rates[str(agency_id)]
        assert (rate["met"], rate["percent"], rate["open_late"]) == (0, 0, still_open)
        assert rate["met_late"] == len(dues) - still_open


def _dues_of_an_agency() -> list[date]:
    """List the days of the year on which each agency owes something."""
    return [
        due
        for rule in seed_rules()
        if rule.duty_bases == ["section_11"] and rule.every_months
        for n in range(400)
        if FIRST <= (due := add_months(rule.anchor_on, n * rule.every_months)) <= LAST
    ]


async def test_two_workers_at_once_make_and_send_nothing_twice(world: World) -> None:
    day = date(2027, 3, 1)

    await asyncio.gather(*(world.tick(day, n) for n in (0, 1, 0, 1)))
    made, sent = await _counts(world)
    again = await world.tick(day)

    assert made > 0
    assert sent > 0
    assert again == 0
    assert await _counts(world) == (made, sent)
    twice = await world.owner.fetch(
        "SELECT rule_id, agency_id, body_id, period FROM obligations GROUP BY 1, 2, 3, 4"
        " HAVING count(*) > 1"
    )
    assert twice == []


async def _counts(world: World) -> tuple[int, int]:
    row = await world.owner.fetchrow(
        "SELECT (SELECT count(*) FROM obligations) AS made, (SELECT count(*) FROM mail) AS sent"
    )
    assert row is not None
    return row["made"], row["sent"]


async def test_after_missed_days_only_the_newest_step_is_sent(world: World) -> None:
    await world.tick(date(2027, 3, 1))

    await world.tick(date(2027, 4, 20))

    rows = await world.owner.fetch(
        "SELECT n.step, n.outcome, o.status FROM obligation_notices n"
        " JOIN obligations o ON o.id = n.obligation_id WHERE o.kind = 'section_11_audit'"
        " AND o.agency_id = $1 AND o.due_on = '2027-03-31' ORDER BY n.planned_on",
        world.agencies[0],
    )
    assert [(row["step"], row["outcome"]) for row in rows] == [
        ("opened", "skipped"),
        ("reminder_30", "sent"),
        ("reminder_14", "skipped"),
        ("reminder_7", "skipped"),
        ("due", "skipped"),
        ("overdue_1", "skipped"),
        ("overdue_2", "sent"),
    ]
    assert rows[0]["status"] == "overdue_2"


async def test_a_sub_group_considers_what_is_late_at_its_next_meeting(world: World) -> None:
    await world.owner.execute(
        "INSERT INTO meetings (body_id, held_on, title) SELECT id, '2027-04-20', 'Meeting'"
        " FROM bodies WHERE code = 'quality_assurance'"
    )
    await world.tick(date(2027, 3, 1))
    await world.tick(date(2027, 4, 15))
    before = await _state(world)

    await world.tick(date(2027, 4, 20))

    assert before == "overdue_2"
    assert await _state(world) == "escalated_subgroup"
    assert await world.owner.fetchval(
        "SELECT count(*) FROM agenda_items i JOIN obligations o ON o.id = i.record_id"
        " WHERE i.subject = 'obligations' AND o.kind = 'section_11_audit'"
    ) == len(world.agencies)
    await world.tick(add_working_days(date(2027, 3, 31), 20))
    assert await _state(world) == "escalated_chair"


async def _state(world: World) -> str:
    state: str = await world.owner.fetchval(
        "SELECT status FROM obligations WHERE kind = 'section_11_audit' AND agency_id = $1"
        " AND due_on = '2027-03-31'",
        world.agencies[0],
    )
    return state


async def test_who_chairs_the_board_by_a_seat_is_told_of_what_is_escalated(world: World) -> None:
    user_id = await world.owner.fetchval(
        "INSERT INTO principals (kind) VALUES ('person') RETURNING id"
    )
    await world.owner.execute(
        "INSERT INTO users (id, email, name) VALUES ($1, 'chair@board.example', 'Chair')", user_id
    )
    await world.owner.execute(
        "INSERT INTO memberships (body_id, user_id, position, status, valid_from)"
        " SELECT id, $1, 'chair', 'active', '2026-01-01' FROM bodies WHERE code = 'board'",
        user_id,
    )
    await world.tick(date(2027, 3, 1))

    await world.tick(add_working_days(date(2027, 3, 31), 20))

    told = await world.owner.fetchval(
        "SELECT count(*) FROM mail WHERE recipient = 'chair@board.example'"
        " AND dedupe_key LIKE '%escalated_chair%'"
    )
    assert told >= len(world.agencies)


CUT_AFTER_S = 0.1
"""In the middle of a first round, which takes seconds."""


async def test_a_clock_that_is_cut_short_goes_on_where_it_was(world: World) -> None:
    key = world.installation.secret_key
    cut = asyncio.create_task(run_timetable(world.workers[0], key, FIRST))
    await asyncio.sleep(CUT_AFTER_S)
    cut.cancel()
    with suppress(asyncio.CancelledError):
        await cut

    await run_timetable(world.workers[0], key, FIRST)

    again = await run_timetable(world.workers[0], key, FIRST)
    assert (again.generated, again.moved, again.sent) == (0, 0, 0)
    unsent = await world.owner.fetchval(
        "SELECT count(*) FROM obligations o WHERE o.opens_on <= $1 AND NOT EXISTS ("
        "SELECT FROM obligation_notices n WHERE n.obligation_id = o.id)",
        FIRST,
    )
    assert unsent == 0
