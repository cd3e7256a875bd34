"""Cases, their teams and people over HTTP (Framework sections 7 and 16)."""

import asyncpg
import httpx
import pytest

from app.access.tokens import hash_of
from app.installation import Installation
from tests.casework import CHILD, MOTHER, VISITOR, Case, join_team, open_case, reference, take_part
from tests.conftest import Json, SignedIn, SignIn
from tests.people import everything
from tests.rounds import post
from tests.stage import tag_of, token_of


async def test_a_case_is_opened_with_a_reference_that_says_nothing(
    business_office: SignedIn,
) -> None:
    made = await post(business_office, "/cases", {"occurred_on": "2016-05-04"})

    assert made["reference"].startswith("C-")
    assert (await business_office.get(f"/cases/{made['id']}")).json() == made
    assert (made["occurred_on"], made["redactions"]) == ("2016-05-04", [])


async def test_a_case_of_which_nothing_is_known_is_opened(business_office: SignedIn) -> None:
    made = await post(business_office, "/cases", {})

    assert (made["occurred_on"], made["closed_on"]) == (None, None)


async def test_two_cases_have_not_one_reference(business_office: SignedIn) -> None:
    name = reference()
    await post(business_office, "/cases", {"reference": name})

    again = await business_office.post("/cases", json={"reference": name})

    assert again.status_code == 409
    assert again.json()["errors"][0]["code"] == "cases_reference_key"


@pytest.mark.parametrize("role", ["board_member", "bo_analyst", "qa_chair", "lead_reviewer"])
async def test_who_has_no_part_in_a_case_does_not_learn_that_there_is_one(
    sign_in: SignIn, case: Case, role: str
) -> None:
    stranger = await sign_in(role)

    seen = [await stranger.get(path) for path in (case.path, f"{case.path}/persons", "/cases")]

    assert [each.status_code for each in seen[:2]] in ([404, 404], [403, 403])
    assert seen[2].json().get("items", []) == []


async def test_an_agency_that_does_not_take_part_gets_404(
    agency_system: SignedIn, case: Case
) -> None:
    paths = (case.path, f"{case.path}/persons", f"{case.path}/agencies", f"{case.path}/members")

    assert [(await agency_system.get(path)).status_code for path in paths] == [404] * 4
    assert (await agency_system.get(f"/persons/{case.child['id']}")).status_code == 404
    assert (await agency_system.get("/cases")).json()["items"] == []


async def test_an_agency_that_takes_part_sees_the_case_and_its_own_part_only(
    business_office: SignedIn, agency: Json, other_agency: Json, agency_system: SignedIn, case: Case
) -> None:
    part = await take_part(business_office, case, agency)
    await take_part(business_office, case, other_agency)

    seen = (await agency_system.get(case.path)).json()
    parts = (await agency_system.get(f"{case.path}/agencies")).json()["items"]

    assert (seen["id"], seen["occurred_on"]) == (case.id, None)
    assert {each["pointer"] for each in seen["redactions"]} == {"/area_id", "/occurred_on"}
    assert parts == [part]
    assert (await agency_system.get(f"{case.path}/members")).json()["items"] == []


async def test_an_agency_whose_part_has_ended_sees_the_case_no_more(
    business_office: SignedIn, agency: Json, agency_system: SignedIn, case: Case
) -> None:
    part = await take_part(business_office, case, agency)
    path = f"{case.path}/agencies/{part['id']}"

    await business_office.patch(
        path, json={"valid_to": "2016-01-01"}, headers=await tag_of(business_office, path)
    )

    assert (await agency_system.get(case.path)).status_code == 404


async def test_the_team_sees_all_of_its_case_until_its_part_ends(
    business_office: SignedIn, sign_in: SignIn, case: Case
) -> None:
    member = await sign_in("panel_member")
    other = await open_case(business_office)
    joined = await join_team(business_office, case, member, "panel_member")

    seen = (await member.get(case.path)).json()
    path = f"{case.path}/members/{joined['id']}"
    ended = await business_office.patch(
        path, json={"valid_to": joined["valid_from"]}, headers=await tag_of(business_office, path)
    )

    assert (seen["occurred_on"], seen["redactions"]) == ("2016-05-04", [])
    assert (await member.get(other.path)).status_code == 404
    assert ended.status_code == 200


async def test_people_are_known_by_label_alone(business_office: SignedIn, case: Case) -> None:
    people = (await business_office.get(f"{case.path}/persons")).json()["items"]

    assert [each["label"] for each in people] == ["Child A", "Mother", "Health Visitor 1"]
    assert [each["identity"] for each in people] == [None] * 3
    assert people[0]["redactions"] == [{"pointer": "/identity", "reason": "no_disclosure_grant"}]
    assert "Zo" not in (await business_office.get(f"/persons/{case.child['id']}")).text


async def test_labels_go_on_where_they_are_taken(business_office: SignedIn, case: Case) -> None:
    path = f"{case.path}/persons"

    made = [await post(business_office, path, each) for each in (CHILD, MOTHER, VISITOR)]

    assert [each["label"] for each in made] == ["Child B", "Mother 2", "Health Visitor 2"]


@pytest.mark.parametrize("label", ["Zozo", "O'Hallorán", "Zoe"])
async def test_a_label_does_not_say_who_it_is(
    business_office: SignedIn, case: Case, label: str
) -> None:
    response = await business_office.post(f"{case.path}/persons", json=CHILD | {"label": label})

    assert response.status_code == 422
    assert label not in response.text


@pytest.mark.parametrize(
    ("member", "value"), [("nhs_number", "9990000027"), ("upn", "B123456789012")]
)
async def test_a_wrong_check_digit_is_refused_and_not_repeated(
    business_office: SignedIn, case: Case, member: str, value: str
) -> None:
    person = {"kind": "child", "identity": {member: value}}

    response = await business_office.post(f"{case.path}/persons", json=person)

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == f"/identity/{member}"
    assert value not in response.text


async def test_an_identity_is_replaced_as_a_whole(business_office: SignedIn, case: Case) -> None:
    path = f"/persons/{case.visitor['id']}"
    identity = {"names": [{"given": "Ambrose", "family": "Vane"}]}

    changed = await business_office.patch(
        path, json={"identity": identity}, headers=await tag_of(business_office, path)
    )

    assert changed.status_code == 200, changed.text
    assert changed.json()["identity_version"] == 2


async def test_who_may_not_record_people_is_refused(
    agency: Json, agency_system: SignedIn, business_office: SignedIn, case: Case
) -> None:
    await take_part(business_office, case, agency)

    assert (await agency_system.post(f"{case.path}/persons", json=CHILD)).status_code == 403


@pytest.mark.duty("X7")
@pytest.mark.duty("7.4")
async def test_nobody_finds_who_the_people_are_in_the_database(
    owner: asyncpg.Connection, case: Case
) -> None:
    text = (await everything(owner)).casefold()

    found = [
        each for each in ("zozo", "hallor", "quarrywell", "9990000026", "quist") if each in text
    ]

    assert case.id in text
    assert found == []


async def test_the_application_cannot_read_what_is_sealed(
    installation: Installation,
) -> None:
    connection = await asyncpg.connect(installation.app_url)
    try:
        for table, column in (
            ("identities", "sealed"),
            ("case_keys", "wrapped"),
            ("blind_keys", "wrapped"),
            ("blind_indexes", "mac"),
            ("masked_texts", "sealed"),
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"SELECT {column} FROM {table}")
    finally:
        await connection.close()


@pytest.mark.usefixtures("case")
async def test_the_vault_shows_nobody_to_who_was_not_logged(
    installation: Installation, business_office: SignedIn
) -> None:
    connection = await asyncpg.connect(installation.vault_url)
    try:
        rows = await connection.fetch(
            "WITH caller AS MATERIALIZED (SELECT * FROM actor.enter($1, 'me'))"
            " SELECT i.person_id FROM caller, LATERAL (SELECT * FROM identities"
            " WHERE caller.id IS NOT NULL) i",
            hash_of(token_of(business_office)),
        )
    finally:
        await connection.close()

    assert rows == []


async def test_an_unknown_case_is_answered_like_one_that_is_hidden(
    agency_system: SignedIn, case: Case, anonymous: httpx.AsyncClient
) -> None:
    hidden = await agency_system.get(case.path)
    unknown = await agency_system.get("/cases/0199f7c2-5d3e-7a41-9c06-2b8f41d7e650")

    def told(response: httpx.Response) -> Json:
        return {k: v for k, v in response.json().items() if k not in ("instance", "request_id")}

    assert told(hidden) == told(unknown)
    assert (await anonymous.get(case.path)).status_code == 401
