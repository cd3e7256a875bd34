"""Reference data over HTTP: what everybody who works with the Board may look up."""

import httpx
import pytest
from asyncpg import Connection

from tests.conftest import Json, SignedIn, SignIn

LISTS = ("/regimes", "/legal-gateways", "/retention-rules")
COUNT = "/working-days?from=2017-12-22&days=5"


async def items(caller: SignedIn, path: str, **query: str) -> list[Json]:
    """Read a list."""
    response = await caller.get(path, params=query)
    assert response.status_code == 200, response.text
    found: list[Json] = response.json()["items"]
    return found


async def test_a_regime_says_who_decides_by_what_and_when(board_member: SignedIn) -> None:
    response = await board_member.get("/regimes/LSCB_WT2015")

    assert response.status_code == 200, response.text
    regime = response.json()
    assert regime["valid_from"] == "2015-03-26"
    assert regime["transition_to"] == "2019-09-29"
    assert regime["decision_maker"]["code"] == "independent_chair"
    assert regime["decision_maker"]["decides"] == "alone"
    assert "capability" not in regime["decision_maker"]
    clocks = {clock["id"]: clock for clock in regime["clocks"]}
    assert clocks["CHAIR_DECISION"] | {"title": "", "recipients": []} == {
        "id": "CHAIR_DECISION",
        "title": "",
        "trigger": "notification",
        "direction": "after",
        "offset": 1,
        "unit": "months",
        "bound": "no_later_than",
        "strictness": "should",
        "recipients": [],
        "certainty": "public_page",
    }
    assert ["abuse_or_neglect", "child_died"] in regime["criteria"]["met_when"]
    types = {each["code"]: each["handling"] for each in regime["review_types"]}
    assert types["scr"] == "review"
    assert types["safeguarding_adults_review"] == "link_only"


async def test_a_regime_that_the_caller_holds_is_not_sent_again(board_member: SignedIn) -> None:
    first = await board_member.get("/regimes/LSP_WT2023")

    again = await board_member.get(
        "/regimes/LSP_WT2023", headers={"If-None-Match": first.headers["ETag"]}
    )

    assert again.status_code == 304
    assert again.headers["ETag"] == first.headers["ETag"]


async def test_a_regime_nobody_knows_is_not_found(board_member: SignedIn) -> None:
    response = await board_member.get("/regimes/LSCB_WT2010")

    assert response.status_code == 404


async def test_a_day_of_transition_has_two_regimes(board_member: SignedIn) -> None:
    found = await items(board_member, "/regimes", valid_on="2019-01-15")

    assert [each["code"] for each in found] == ["LSCB_WT2015", "LSP_WT2018"]
    assert await items(board_member, "/regimes", valid_on="2010-01-15") == []


async def test_gateways_are_those_of_the_day(board_member: SignedIn) -> None:
    every = {each["code"]: each for each in await items(board_member, "/legal-gateways")}
    of_2017 = await items(board_member, "/legal-gateways", valid_on="2017-11-01")

    assert every["ca2004_s14B"]["compliance"] == "must"
    assert every["ca2004_s14B"]["regimes"] == ["LSCB_WT2013", "LSCB_WT2015"]
    assert every["cws_act_2026"]["is_in_force"] is False
    codes = {each["code"] for each in of_2017}
    assert "ca2004_s14B" in codes
    assert not codes & {"ca2004_s16H", "cws_act_2026"}


async def test_retention_rules_say_how_long_and_why(board_member: SignedIn) -> None:
    rules = {each["code"]: each for each in await items(board_member, "/retention-rules")}

    papers = rules["case_review_papers"]
    assert papers["period"] == {"years": 35, "months": 0, "start": "closure"}
    assert papers["review_at_years"] == [10, 25]
    assert papers["disposition"] == "destroy"
    assert rules["case_review_papers_looked_after_child"]["exceptions"] == [
        {"when": "died_before_18", "period": {"years": 15, "months": 0, "start": "death"}}
    ]
    assert rules["published_report"]["period"] is None


@pytest.mark.parametrize("path", LISTS)
async def test_pages_lead_through_the_whole_list(board_member: SignedIn, path: str) -> None:
    whole = await items(board_member, path)
    seen: list[Json] = []
    link: str | None = f"/v1{path}?limit=2"

    while link is not None:
        response = await board_member.get(str(board_member.base_url.join(link)))
        assert response.status_code == 200, response.text
        seen += response.json()["items"]
        assert len(response.json()["items"]) <= 2
        link = response.links["next"]["url"] if "next" in response.links else None
        assert (link is None) == (response.json()["next_cursor"] is None)

    assert len(whole) > 2
    assert seen == whole


async def test_a_cursor_is_for_its_caller_and_its_list(
    board_member: SignedIn, business_office: SignedIn
) -> None:
    first = await board_member.get("/legal-gateways", params={"limit": "1"})
    cursor = first.json()["next_cursor"]

    others = [
        await business_office.get("/legal-gateways", params={"cursor": cursor}),
        await board_member.get("/retention-rules", params={"cursor": cursor}),
        await board_member.get(
            "/legal-gateways", params={"cursor": cursor, "valid_on": "2017-11-01"}
        ),
    ]

    assert [each.status_code for each in others] == [400, 400, 400]
    assert {each.json()["code"] for each in others} == {"invalid_cursor"}


@pytest.mark.duty("X9")
async def test_a_due_date_passes_over_bank_holidays_and_names_them(board_member: SignedIn) -> None:
    response = await board_member.get(COUNT)

    assert response.status_code == 200, response.text
    assert response.json() == {
        "from": "2017-12-22",
        "days": 5,
        "due_on": "2018-01-03",
        "bank_holidays": [
            {"on": "2017-12-25", "name": "Christmas Day", "is_substitute": False},
            {"on": "2017-12-26", "name": "Boxing Day", "is_substitute": False},
            {"on": "2018-01-01", "name": "New Year\u2019s Day", "is_substitute": False},
        ],
    }


@pytest.mark.parametrize(
    ("days", "due_on", "passed"), [("-7", "2017-12-15", 2), ("0", "2017-12-28", 0)]
)
async def test_a_notice_is_counted_back_from_its_day(
    board_member: SignedIn, days: str, due_on: str, passed: int
) -> None:
    response = await board_member.get("/working-days", params={"from": "2017-12-28", "days": days})

    assert response.json()["due_on"] == due_on
    assert len(response.json()["bank_holidays"]) == passed


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("from=2028-12-29&days=5", "beyond_calendar"),
        ("from=2009-12-29&days=5", "beyond_calendar"),
        ("from=2010-01-05&days=-5", "beyond_calendar"),
        ("from=2017-12-22&days=1001", "invalid"),
        ("from=2017-12-22", "invalid"),
        ("from=2017-12-22&days=5&days=6", "invalid"),
        ("from=20171222&days=5", "invalid"),
        ("start=2017-12-22&days=5", "invalid"),
    ],
)
async def test_a_count_that_cannot_be_made_is_refused(
    board_member: SignedIn, query: str, code: str
) -> None:
    response = await board_member.get(f"/working-days?{query}")

    assert response.status_code == (409 if code == "beyond_calendar" else 422), response.text
    assert response.json()["code"] == code


@pytest.mark.parametrize("path", [*LISTS, "/regimes/LSCB_WT2015", "/regimes/none", COUNT])
async def test_nobody_reads_it_without_signing_in_or_without_the_scope(
    anonymous: httpx.AsyncClient, sign_in: SignIn, owner: Connection, agency: Json, path: str
) -> None:
    system = await sign_in(agency_id=agency["id"])
    assert (await system.get("/regimes")).status_code == 200
    await owner.execute(
        "UPDATE tokens SET scopes = '{areas:read}' WHERE principal_id = $1", system.principal_id
    )

    assert (await anonymous.get(path)).status_code == 401
    refused = await system.get(path)
    assert refused.status_code == 403
    assert refused.json()["code"] == "insufficient_scope"


@pytest.mark.parametrize("role", ["chair", "agency_contributor", "school_lead", "dpo", "sysadmin"])
async def test_who_works_with_the_board_reads_it(sign_in: SignIn, agency: Json, role: str) -> None:
    of_agency = agency["id"] if role.startswith(("agency", "school")) else None
    caller = await sign_in(role, agency_id=of_agency)

    for path in (*LISTS, COUNT):
        assert (await caller.get(path)).status_code == 200, path
