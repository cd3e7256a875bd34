"""Triangulation: what the areas say beside each other, as far as the caller may read."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.models.findings import SourceArea
from app.schemas.triangulation import Agreement, TriangulationRead
from app.services.triangulation import weigh
from tests.casework import Case
from tests.conftest import Json, SignedIn, SignIn
from tests.stage import TODAY


def says(area: str, positive: int = 0, negative: int = 0, *kinds: str, **members: Any) -> Json:
    """What an area says, as the database counts it."""
    return {
        "code": "S1",
        "area": area,
        "positive": positive,
        "negative": negative,
        "newest_on": "2017-11-01",
        "source_kinds": list(kinds) or ["s11"],
    } | members


def weighed(*areas: Json, today: date = date(2017, 12, 1)) -> TriangulationRead:
    """Weigh areas of one standard."""
    return weigh("S1", "S1", areas, today)


GOOD, BAD, BOTH = (2, 0), (0, 2), (1, 1)


@pytest.mark.parametrize(
    ("areas", "agreement"),
    [
        ((), None),
        ((GOOD,), None),
        ((GOOD, GOOD), Agreement.agreeing),
        ((BAD, BAD, BAD), Agreement.agreeing),
        ((GOOD, BAD), Agreement.contradicting),
        ((GOOD, BAD, BOTH), Agreement.contradicting),
        ((GOOD, BOTH), Agreement.mixed),
        ((BOTH, BOTH), Agreement.mixed),
    ],
)
def test_areas_agree_contradict_or_are_mixed(
    areas: tuple[tuple[int, int], ...], agreement: Agreement | None
) -> None:
    found = weighed(*(says(n, *each) for n, each in zip(SourceArea, areas, strict=False)))

    assert found.agreement is agreement
    assert found.blind_spots == [*SourceArea][len(areas) :]


@pytest.mark.duty("9.2")
def test_a_single_source_is_said_to_be_partial() -> None:
    alone = weighed(says("business", 3, 0, "s11"))
    together = weighed(says("business", 3, 0, "s11"), says("qualitative", 1, 0, "forum"))

    assert alone.is_only_one_source
    assert not together.is_only_one_source
    assert not weighed().is_only_one_source


def test_what_is_known_is_stale_after_24_months() -> None:
    area = says("data", 1, newest_on="2015-11-30")

    assert weighed(area, today=date(2017, 12, 1)).is_stale
    assert not weighed(area, today=date(2017, 11, 30)).is_stale
    assert not weighed().is_stale


async def find(owner: asyncpg.Connection, drafter: SignedIn, **members: object) -> UUID:
    """Put a confirmed finding on record."""
    values: Json = {
        "kind": "concern",
        "scope": "multi_agency",
        "title": "Children are not seen alone",
        "text": "Of twelve visits, five were to the mother.",
        "source_kind": "inspection",
        "source_title": "Inspection of 2017",
        "drafted_by_id": drafter.principal_id,
        "status": "confirmed",
        "confirmed_on": TODAY,
    }
    values |= members
    names = ", ".join(values)
    places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    made: UUID = await owner.fetchval(
        f"INSERT INTO findings ({names}) VALUES ({places}) RETURNING id", *values.values()
    )
    return made


async def of_standard(caller: SignedIn, code: str) -> Json:
    """Read what is known of a standard."""
    response = await caller.get("/triangulation", params={"by": "standard", "code": code})
    assert response.status_code == 200, response.text
    (only,) = response.json()["items"]
    found: Json = only
    return found


@pytest.mark.duty("9.2")
@pytest.mark.duty("9.13")
async def test_sources_of_three_areas_are_set_beside_each_other(
    business_office: SignedIn, board_member: SignedIn, owner: asyncpg.Connection
) -> None:
    code = f"S{uuid4().hex[:8]}"
    await find(owner, business_office, standard=code)
    await find(owner, business_office, standard=code, source_kind="forum")
    await find(owner, business_office, standard=code, kind="strength", source_kind="jsna")
    await find(owner, business_office, standard=code, status="drafted", source_kind="cdop")

    found = await of_standard(board_member, code)

    assert [
        (area["area"], area["positive"], area["negative"], area["source_kinds"])
        for area in found["areas"]
    ] == [
        ("data", 1, 0, ["jsna"]),
        ("qualitative", 0, 1, ["forum"]),
        ("business", 0, 1, ["inspection"]),
    ]
    assert found["areas"][0]["newest_on"] == str(TODAY)
    assert found["agreement"] == "contradicting"
    assert (found["is_only_one_source"], found["blind_spots"]) == (False, [])


async def test_a_standard_of_which_nothing_is_known_is_blind_in_every_area(
    board_member: SignedIn,
) -> None:
    found = await of_standard(board_member, f"S{uuid4().hex[:8]}")

    assert found["blind_spots"] == ["data", "qualitative", "business"]
    assert (found["agreement"], found["is_only_one_source"]) == (None, False)


async def test_every_active_priority_and_every_theme_is_weighed(
    business_office: SignedIn, board_member: SignedIn, owner: asyncpg.Connection
) -> None:
    priority = await owner.fetchrow(
        "SELECT id, code FROM priorities WHERE status = 'active' ORDER BY code LIMIT 1"
    )
    assert priority is not None
    finding = await find(owner, business_office, priority_id=priority["id"])
    theme = await owner.fetchval(
        "INSERT INTO themes (title, description, body_id)"
        " SELECT 'Seen alone', 'Children are not seen alone.', id FROM bodies"
        " WHERE code = 'quality_assurance' RETURNING id"
    )
    await owner.execute(
        "INSERT INTO theme_findings (theme_id, finding_id, added_by_id) VALUES ($1, $2, $3)",
        theme,
        finding,
        business_office.principal_id,
    )

    priorities = await board_member.get("/triangulation", params={"by": "priority"})
    one = await board_member.get("/triangulation", params={"by": "theme", "code": str(theme)})

    active = await owner.fetchval("SELECT count(*) FROM priorities WHERE status = 'active'")
    items = {each["code"]: each for each in priorities.json()["items"]}
    assert len(items) == active
    assert "business" not in items[priority["code"]]["blind_spots"]
    assert [each["title"] for each in one.json()["items"]] == ["Seen alone"]
    assert one.json()["items"][0]["is_only_one_source"] is True


async def test_what_comes_from_a_live_case_is_counted_for_nobody_who_may_not_read_it(
    business_office: SignedIn, board_member: SignedIn, owner: asyncpg.Connection, case: Case
) -> None:
    code = f"S{uuid4().hex[:8]}"
    await find(
        owner,
        business_office,
        standard=code,
        source_kind="case_review",
        source_id=uuid4(),
        source_case_id=UUID(case.id),
    )

    office = await of_standard(business_office, code)
    member = await of_standard(board_member, code)
    listed = await board_member.get("/triangulation", params={"by": "standard"})

    assert office["areas"][1]["negative"] == 1
    assert member["blind_spots"] == ["data", "qualitative", "business"]
    assert code not in {each["code"] for each in listed.json()["items"]}


async def test_a_view_names_what_it_is_by(sign_in: SignIn, board_member: SignedIn) -> None:
    operator = await sign_in("sysadmin")

    assert (await board_member.get("/triangulation")).status_code == 422
    assert (await operator.get("/triangulation", params={"by": "theme"})).status_code == 403
