"""Rosters over HTTP: whom an audit asks, and on what basis. Framework section 15."""

from uuid import uuid4

import pytest

from tests.conftest import Json, SignedIn, SignIn, make_agency
from tests.rounds import open_round, plan, post, publish, response_to, shipped, step
from tests.stage import tag_of


@pytest.fixture
async def instrument(business_office: SignedIn) -> Json:
    """The shipped Section 11 question set, published."""
    return await publish(business_office, shipped("section_11"))


@pytest.fixture
async def audit(business_office: SignedIn, instrument: Json) -> Json:
    """A draft that asks nobody yet."""
    return await plan(business_office, instrument)


async def entries(caller: SignedIn, audit: Json, **query: str) -> list[Json]:
    """Return the roster of an audit."""
    listed = await caller.get(f"/audits/{audit['id']}/roster", params=query)
    assert listed.status_code == 200, listed.text
    items: list[Json] = listed.json()["items"]
    return items


async def add(office: SignedIn, audit: Json, **body: object) -> Json:
    """Put agencies on the roster of an audit."""
    return await post(office, f"/audits/{audit['id']}/roster", body, 200)


async def test_agencies_join_by_record_and_by_identifier_and_only_once(
    business_office: SignedIn, audit: Json, agency: Json
) -> None:
    code = f"U{uuid4().hex[:8]}"
    school = await make_agency(
        business_office, sector="school", identifiers=[{"scheme": "urn", "value": code}]
    )
    both = {
        "agency_ids": [agency["id"], agency["id"]],
        "identifiers": [{"scheme": "urn", "value": code}],
    }

    first = await add(business_office, audit, **both)
    second = await add(business_office, audit, **both)

    assert first == {"added": 2, "already_there": 0, "size": 2}
    assert second == {"added": 0, "already_there": 2, "size": 2}
    assert {(e["agency_id"], e["agency_name"]) for e in await entries(business_office, audit)} == {
        (agency["id"], agency["name"]),
        (school["id"], school["name"]),
    }


async def test_an_identifier_means_the_agency_that_has_it_today(
    business_office: SignedIn, audit: Json
) -> None:
    known = {"scheme": "urn", "value": f"U{uuid4().hex[:8]}"}
    ended = known | {"valid_to": "2016-08-31"}
    await make_agency(business_office, sector="school", identifiers=[ended])
    academy = await make_agency(business_office, sector="school", identifiers=[known])

    await add(business_office, audit, identifiers=[known])

    (entry,) = await entries(business_office, audit)
    assert entry["agency_id"] == academy["id"]


@pytest.mark.duty("15.5")
async def test_agencies_join_by_what_they_are(business_office: SignedIn, audit: Json) -> None:
    area = await post(business_office, "/areas", {"name": "Northamptonshire", "kind": "county"})
    district = await post(
        business_office,
        "/areas",
        {"name": "Corby", "kind": "district", "part_of_id": area["id"]},
    )
    here = {"sector": "school", "duty_bases": ["section_175"], "area_id": district["id"]}
    asked = await make_agency(business_office, **here)
    await make_agency(business_office, **here, valid_to="2010-08-31")
    await make_agency(business_office, **(here | {"area_id": None}))
    await make_agency(business_office, **(here | {"sector": "college"}))
    await make_agency(business_office, **(here | {"duty_bases": ["voluntary"]}))
    select = {"sectors": ["school"], "duty_bases": ["section_175"], "area_id": area["id"]}

    today = await add(business_office, audit, select=select)
    once = await add(business_office, audit, select=select | {"existing_on": "2010-08-31"})

    assert today == {"added": 1, "already_there": 0, "size": 1}
    assert once == {"added": 1, "already_there": 1, "size": 2}
    assert asked["id"] in {e["agency_id"] for e in await entries(business_office, audit)}


@pytest.mark.duty("2.4")
@pytest.mark.duty("15.3")
@pytest.mark.parametrize(
    ("kind", "bases", "basis"),
    [
        ("section_11", ["voluntary", "contract", "section_55_bcia", "section_11"], "section_11"),
        ("section_11", ["voluntary", "section_55_bcia"], "section_55_bcia"),
        ("section_11", ["voluntary", "contract"], "contract"),
        ("section_11", ["section_175"], None),
        ("schools", ["section_11", "section_157", "section_175"], "section_175"),
        ("schools", ["niss_regs_2015", "section_157"], "section_157"),
        ("schools", ["apprenticeships_act_2009", "niss_regs_2015"], "niss_regs_2015"),
    ],
)
async def test_an_agency_is_asked_on_the_basis_that_fits_the_audit(
    business_office: SignedIn, kind: str, bases: list[str], basis: str | None
) -> None:
    asked = await make_agency(business_office, duty_bases=bases)
    instrument = await publish(business_office, shipped(kind))

    audit = await open_round(business_office, instrument, [asked])

    (entry,) = await entries(business_office, audit)
    response = await response_to(business_office, audit, asked)
    assert (entry["duty_basis"], response["duty_basis"]) == (basis, basis)


async def test_one_unknown_agency_keeps_all_out(
    business_office: SignedIn, audit: Json, agency: Json
) -> None:
    unknown = {"scheme": "urn", "value": f"U{uuid4().hex[:8]}"}

    response = await business_office.post(
        f"/audits/{audit['id']}/roster",
        json={"agency_ids": [agency["id"], str(uuid4())], "identifiers": [unknown]},
    )

    assert (response.status_code, response.json()["code"]) == (409, "unknown_reference")
    pointers = [each["pointer"] for each in response.json()["errors"]]
    assert pointers == ["/agency_ids/1", "/identifiers/0"]
    assert unknown["value"] not in response.text
    assert await entries(business_office, audit) == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "names_nobody"),
        ({"select": {"area_id": str(uuid4())}}, 409, "unknown_reference"),
        ({"agency_ids": [str(uuid4())] * 2001}, 422, "too_long"),
    ],
    ids=["nobody", "unknown area", "too many"],
)
async def test_a_roster_body_says_whom(
    business_office: SignedIn, audit: Json, body: Json, status: int, code: str
) -> None:
    response = await business_office.post(f"/audits/{audit['id']}/roster", json=body)

    assert (response.status_code, response.json()["errors"][0]["code"]) == (status, code)


async def test_whoever_joins_an_open_audit_is_asked_at_once(
    business_office: SignedIn, instrument: Json, agency: Json, other_agency: Json
) -> None:
    audit = await open_round(business_office, instrument, [agency])
    first = await response_to(business_office, audit, agency)

    await add(business_office, audit, agency_ids=[other_agency["id"]])

    joined = await response_to(business_office, audit, other_agency)
    assert (joined["status"], joined["duty_basis"]) == ("not_started", "voluntary")
    assert await response_to(business_office, audit, agency) == first


async def test_a_closed_audit_asks_nobody_more(
    business_office: SignedIn, instrument: Json, agency: Json, other_agency: Json
) -> None:
    audit = await open_round(business_office, instrument, [agency])
    await step(business_office, f"/audits/{audit['id']}", "grace", "closed")

    response = await business_office.post(
        f"/audits/{audit['id']}/roster", json={"agency_ids": [other_agency["id"]]}
    )

    assert (response.status_code, response.json()["code"]) == (409, "roster_fixed")
    assert len(await entries(business_office, audit)) == 1


async def test_an_agency_leaves_the_roster_until_the_audit_opens(
    business_office: SignedIn, audit: Json, agency: Json, other_agency: Json
) -> None:
    await add(business_office, audit, agency_ids=[agency["id"], other_agency["id"]])
    leaving, staying = (f"/audits/{audit['id']}/roster/{e['id']}" for e in (
        await entries(business_office, audit)
    ))  # fmt: skip

    left = await business_office.delete(leaving, headers=await tag_of(business_office, leaving))
    again = await business_office.delete(leaving, headers={"If-Match": "*"})
    untagged = await business_office.delete(staying)
    await step(business_office, f"/audits/{audit['id']}", "approved", "open")
    late = await business_office.delete(staying, headers={"If-Match": "*"})

    assert [e.status_code for e in (left, again, untagged, late)] == [204, 404, 428, 409]
    assert late.json()["code"] == "roster_fixed"
    assert len(await entries(business_office, audit)) == 1


async def test_an_entry_belongs_to_its_own_audit(
    business_office: SignedIn, instrument: Json, audit: Json, agency: Json
) -> None:
    other = await plan(business_office, instrument, [agency])
    (entry,) = await entries(business_office, other)
    path = f"/audits/{audit['id']}/roster/{entry['id']}"

    read = await business_office.get(path)
    removed = await business_office.delete(path, headers={"If-Match": "*"})

    assert (read.status_code, removed.status_code) == (404, 404)
    assert len(await entries(business_office, other)) == 1


async def test_an_agency_sees_its_own_entry_and_of_a_draft_nothing(
    business_office: SignedIn,
    sign_in: SignIn,
    instrument: Json,
    agency: Json,
    other_agency: Json,
) -> None:
    audit = await plan(business_office, instrument, [agency, other_agency])
    system = await sign_in(agency_id=agency["id"])
    of_draft = await system.get(f"/audits/{audit['id']}/roster")

    await step(business_office, f"/audits/{audit['id']}", "approved")

    assert of_draft.status_code == 404
    assert [e["agency_id"] for e in await entries(system, audit)] == [agency["id"]]


async def test_a_roster_is_filtered_by_agency_and_basis(
    business_office: SignedIn, audit: Json, agency: Json, other_agency: Json
) -> None:
    await add(business_office, audit, agency_ids=[agency["id"], other_agency["id"]])

    of_agency = await entries(business_office, audit, agency_id=agency["id"])
    of_basis = await entries(business_office, audit, duty_basis="voluntary")

    assert [e["agency_id"] for e in of_agency] == [agency["id"]]
    assert [e["agency_id"] for e in of_basis] == [other_agency["id"]]
