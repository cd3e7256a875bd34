"""Areas over HTTP: the places a board answers for, and what became of them."""

from uuid import uuid4

import pytest

from tests.conftest import Json, SignedIn
from tests.rounds import post
from tests.stage import tag_of


def gss() -> str:
    """Make up a GSS code that nobody has."""
    return f"E{uuid4().int % 10**8:08d}"


async def area(office: SignedIn, **members: object) -> Json:
    """Record an area."""
    body = {"name": "Northamptonshire", "kind": "county", "gss_code": gss()}
    return await post(office, "/areas", body | members)


@pytest.mark.duty("X10")
async def test_a_county_that_ended_goes_on_in_two_areas(business_office: SignedIn) -> None:
    county = await area(
        business_office, la_code=None, valid_from="1974-04-01", valid_to="2021-03-31"
    )
    members = {"kind": "unitary", "valid_from": "2021-04-01", "predecessors": [county["gss_code"]]}

    north = await area(business_office, name="North Northamptonshire", **members)
    west = await area(business_office, name="West Northamptonshire", **members)

    ended = (await business_office.get(f"/areas/{county['id']}")).json()
    assert ended["successors"] == [
        {"area_id": each["id"], "name": each["name"], "gss_code": each["gss_code"]}
        for each in (north, west)
    ]
    assert (ended["predecessors"], ended["valid_to"]) == ([], "2021-03-31")
    before = {"area_id": county["id"], "name": county["name"], "gss_code": county["gss_code"]}
    assert (north["predecessors"], north["successors"]) == ([before], [])


async def test_a_code_means_one_area_at_a_time(business_office: SignedIn) -> None:
    code = "999"
    old = {"la_code": code, "valid_from": "1974-04-01", "valid_to": "2021-03-31"}
    await area(business_office, name="Old", **old)
    await area(business_office, name="New", la_code=code, valid_from="2021-04-01")

    async def named(day: str) -> list[str]:
        query = {"la_code": code, "valid_on": day}
        items = (await business_office.get("/areas", params=query)).json()["items"]
        return [each["name"] for each in items]

    assert await named("1974-03-31") == []
    assert await named("2021-03-31") == ["Old"]
    assert await named("2021-04-01") == ["New"]


async def test_two_areas_of_today_do_not_share_a_code(business_office: SignedIn) -> None:
    taken = await area(business_office)

    response = await business_office.post(
        "/areas", json={"name": "Rutland", "kind": "county", "gss_code": taken["gss_code"]}
    )

    assert response.status_code == 409
    assert response.json()["errors"][0]["code"] == "areas_gss_code_key"
    assert taken["gss_code"] not in response.text


async def test_an_unknown_predecessor_keeps_the_area_out(business_office: SignedIn) -> None:
    known, code = await area(business_office), gss()

    response = await business_office.post(
        "/areas",
        json={
            "name": "Nowhere",
            "kind": "unitary",
            "gss_code": code,
            "predecessors": [known["gss_code"], gss()],
        },
    )

    assert (response.status_code, response.json()["code"]) == (409, "unknown_reference")
    assert [each["pointer"] for each in response.json()["errors"]] == ["/predecessors/1"]
    found = await business_office.get("/areas", params={"gss_code": code})
    assert found.json()["items"] == []


async def test_an_area_is_ended_and_its_parts_are_found(business_office: SignedIn) -> None:
    county = await area(business_office)
    district = await area(business_office, name="Corby", kind="district", part_of_id=county["id"])
    path = f"/areas/{county['id']}"

    ended = await business_office.patch(
        path, json={"valid_to": "2021-03-31"}, headers=await tag_of(business_office, path)
    )
    parts = await business_office.get("/areas", params={"part_of_id": county["id"]})

    assert (ended.status_code, ended.json()["valid_to"]) == (200, "2021-03-31")
    assert [each["id"] for each in parts.json()["items"]] == [district["id"]]


async def test_predecessors_that_are_sent_replace_what_was_there(
    business_office: SignedIn,
) -> None:
    wrong, right = await area(business_office), await area(business_office)
    successor = await area(business_office, predecessors=[wrong["gss_code"]])
    path, now = f"/areas/{successor['id']}", {"If-Match": "*"}

    kept = await business_office.patch(path, json={"name": "Renamed"}, headers=now)
    replaced = await business_office.patch(
        path, json={"predecessors": [right["gss_code"]]}, headers=now
    )

    assert [each["area_id"] for each in kept.json()["predecessors"]] == [wrong["id"]]
    assert [each["area_id"] for each in replaced.json()["predecessors"]] == [right["id"]]


async def test_agencies_read_areas_and_write_none(
    business_office: SignedIn, agency_system: SignedIn
) -> None:
    known = await area(business_office)

    read = await agency_system.get(f"/areas/{known['id']}")
    written = await agency_system.post("/areas", json={"name": "Mine", "kind": "county"})

    assert (read.status_code, read.json()) == (200, known)
    assert written.status_code == 403
