"""Agencies over HTTP. Framework sections 4 and 9."""

from uuid import uuid4

import pytest

from tests.conftest import Json, SignedIn, make_agency


@pytest.mark.duty("4.1")
async def test_an_agency_is_recorded_with_its_duty_and_period(business_office: SignedIn) -> None:
    body = {
        "name": "Northamptonshire Healthcare NHS Foundation Trust",
        "short_name": "NHFT",
        "sector": "nhs_community_mh",
        "duty_bases": ["section_11"],
        "is_board_member": True,
        "serves_adults": True,
        "town": "Kettering",
        "valid_from": "2001-04-01",
        "identifiers": [{"scheme": "ods", "value": f"RP1-{uuid4().hex[:6]}", "valid_to": None}],
    }

    response = await business_office.post("/agencies", json=body)

    assert response.status_code == 201
    made = response.json()
    assert made == body | {
        "id": made["id"],
        "created_at": made["created_at"],
        "updated_at": made["updated_at"],
        "area_id": None,
        "valid_to": None,
        "predecessors": [],
        "successors": [],
    }
    assert response.headers["location"] == f"/v1/agencies/{made['id']}"
    read = await business_office.get(f"/agencies/{made['id']}")
    assert read.json() == made
    assert read.headers["etag"] == response.headers["etag"]


async def test_a_change_leaves_other_members_alone(business_office: SignedIn, agency: Json) -> None:
    before = await business_office.get(f"/agencies/{agency['id']}")

    response = await business_office.patch(
        f"/agencies/{agency['id']}",
        json={"town": "Corby"},
        headers={"If-Match": before.headers["etag"]},
    )

    assert response.status_code == 200
    assert response.json() == agency | {
        "town": "Corby",
        "updated_at": response.json()["updated_at"],
    }


async def test_a_change_without_a_tag_is_refused(business_office: SignedIn, agency: Json) -> None:
    response = await business_office.patch(f"/agencies/{agency['id']}", json={"town": "Corby"})

    assert response.status_code == 428


async def test_a_change_of_what_has_changed_since_is_refused(
    business_office: SignedIn, agency: Json
) -> None:
    response = await business_office.patch(
        f"/agencies/{agency['id']}", json={"town": "Corby"}, headers={"If-Match": '"stale"'}
    )

    assert response.status_code == 412


async def test_an_agency_system_reads_agencies_but_may_not_record_them(
    agency_system: SignedIn, agency: Json
) -> None:
    read = await agency_system.get(f"/agencies/{agency['id']}")
    created = await agency_system.post("/agencies", json={"name": "Nobody", "sector": "police"})

    assert read.json() == agency
    assert created.status_code == 403


async def test_an_agency_goes_on_in_another(business_office: SignedIn) -> None:
    urn, later = uuid4().hex[:6], uuid4().hex[:6]
    old = await make_agency(business_office, identifiers=[{"scheme": "urn", "value": urn}])

    new = await make_agency(
        business_office,
        identifiers=[{"scheme": "urn", "value": later}],
        predecessors=[
            {
                "identifier": {"scheme": "urn", "value": urn},
                "kind": "converted",
                "effective_on": "2017-04-01",
            }
        ],
    )

    assert new["predecessors"] == [
        {
            "agency_id": old["id"],
            "name": old["name"],
            "kind": "converted",
            "effective_on": "2017-04-01",
        }
    ]
    read = await business_office.get(f"/agencies/{old['id']}")
    assert [each["agency_id"] for each in read.json()["successors"]] == [new["id"]]


async def test_pages_hold_every_agency_once(business_office: SignedIn) -> None:
    made = {(await make_agency(business_office, sector="fire"))["id"] for _ in range(5)}
    seen: list[str] = []
    query: dict[str, str | int] = {"sector": "fire", "limit": 2}

    while True:
        body = (await business_office.get("/agencies", params=query)).json()
        seen += [item["id"] for item in body["items"]]
        if body["next_cursor"] is None:
            break
        query["cursor"] = body["next_cursor"]

    assert made <= set(seen)
    assert len(seen) == len(set(seen))
    assert seen == sorted(seen, reverse=True)


async def test_a_cursor_is_good_for_its_own_list_and_caller_only(
    business_office: SignedIn, board_member: SignedIn
) -> None:
    for _ in range(2):
        await make_agency(business_office, sector="housing")
    query: dict[str, str | int] = {"sector": "housing", "limit": 1}
    cursor = (await business_office.get("/agencies", params=query)).json()["next_cursor"]

    other_caller = await board_member.get("/agencies", params=query | {"cursor": cursor})
    other_filter = await business_office.get("/agencies", params={"limit": 1, "cursor": cursor})

    assert other_caller.status_code == 400
    assert other_filter.status_code == 400
    assert other_filter.json()["code"] == "invalid_cursor"


async def test_a_repeated_push_makes_one_agency(business_office: SignedIn) -> None:
    body = {"name": f"Agency {uuid4().hex[:8]}", "sector": "crc"}
    key = {"Idempotency-Key": uuid4().hex}

    first = await business_office.post("/agencies", json=body, headers=key)
    again = await business_office.post("/agencies", json=body, headers=key)
    other = await business_office.post("/agencies", json=body | {"sector": "pcc"}, headers=key)

    assert again.status_code == 201
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert other.status_code == 409


async def test_an_agency_names_its_own_lead_and_no_other(
    agency_system: SignedIn, agency: Json, other_agency: Json
) -> None:
    lead = {"function": "data", "name": "A. Officer", "valid_from": "2017-04-01"}

    own = await agency_system.post("/agency-leads", json=lead | {"agency_id": agency["id"]})
    other = await agency_system.post("/agency-leads", json=lead | {"agency_id": other_agency["id"]})

    assert own.status_code == 201
    assert other.status_code == 403


async def test_a_filter_that_comes_twice_is_refused(business_office: SignedIn) -> None:
    response = await business_office.get("/agencies?valid_on=2017-01-01&valid_on=2018-01-01")

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "valid_on"


async def test_an_unknown_filter_is_refused(business_office: SignedIn) -> None:
    response = await business_office.get("/agencies?sectr=police")

    assert response.status_code == 422
    assert "sectr" not in response.text


@pytest.mark.duty("9.14")
async def test_a_vacancy_shows_until_somebody_is_named(business_office: SignedIn) -> None:
    agency = await make_agency(business_office, sector="gp_primary")
    query = {"sector": "gp_primary", "without_lead": "data"}
    before = (await business_office.get("/agencies", params=query)).json()["items"]

    await business_office.post(
        "/agency-leads",
        json={
            "agency_id": agency["id"],
            "function": "data",
            "name": "A. Officer",
            "valid_from": "2017-04-01",
        },
    )

    after = (await business_office.get("/agencies", params=query)).json()["items"]
    assert agency["id"] in [each["id"] for each in before]
    assert agency["id"] not in [each["id"] for each in after]
