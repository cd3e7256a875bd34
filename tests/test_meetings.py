"""Meetings over HTTP: agenda, minutes, and how often each agency is there (section 13)."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.conftest import Json, SignedIn, SignIn
from tests.governance import body_of, post, seat
from tests.stage import TODAY


@pytest.fixture(autouse=True)
async def nothing_to_read(owner: asyncpg.Connection) -> None:
    """No document of the induction is left over from elsewhere."""
    await owner.execute("UPDATE documents SET is_for_induction = false WHERE is_for_induction")


@pytest.fixture
async def group(business_office: SignedIn) -> Json:
    """A body that nobody else uses."""
    body = {
        "code": f"group_{uuid4().hex[:8]}",
        "name": "Neglect Group",
        "kind": "task_and_finish_group",
        "quorum": 1,
        "valid_from": str(TODAY),
    }
    return await post(business_office, "/bodies", body)


async def plan(office: SignedIn, group: Json, **members: object) -> str:
    """Plan a meeting of a body for today; return its path."""
    body = {"body_id": group["id"], "held_on": str(TODAY), "title": "Meeting"}
    return f"/meetings/{(await post(office, '/meetings', body | members))['id']}"


async def move(office: SignedIn, path: str, to: str, **members: object) -> httpx.Response:
    """Move a meeting as it stands."""
    return await office.post(
        f"{path}/transitions", json={"to": to} | members, headers={"If-Match": "*"}
    )


async def attend(office: SignedIn, path: str, member: Json, presence: str = "attended") -> Json:
    """Record the presence of a member."""
    body = {"membership_id": member["id"], "presence": presence}
    return await post(office, f"{path}/attendances", body)


async def test_a_meeting_is_planned_read_whole_and_moved_to_another_day(
    business_office: SignedIn, board_member: SignedIn, group: Json
) -> None:
    path = await plan(business_office, group, place="County Hall")
    later = str(TODAY + timedelta(days=7))

    changed = await business_office.patch(
        path, json={"held_on": later, "title": "Meeting, spring"}, headers={"If-Match": "*"}
    )

    read = (await board_member.get(path)).json()
    assert read == changed.json() | {"allowed_transitions": []}
    assert (read["body_id"], read["held_on"], read["place"]) == (group["id"], later, "County Hall")
    assert (read["title"], read["status"], read["minutes"]) == ("Meeting, spring", "planned", None)
    assert (read["present"], read["is_quorate"]) == (0, False)
    listed = (await board_member.get("/meetings", params={"body_id": group["id"]})).json()["items"]
    assert [f"/meetings/{each['id']}" for each in listed] == [path]


async def test_the_day_of_a_held_meeting_stands_and_its_minutes_name_nobody(
    business_office: SignedIn, group: Json
) -> None:
    path = await plan(business_office, group)
    held = await move(business_office, path, "held")
    bodies: list[Json] = [
        {"held_on": str(TODAY - timedelta(days=1))},
        {"minutes": "Desmond Hartigan was considered."},
        {"minutes": "The audit of neglect was considered."},
    ]

    day, named, nameless = [
        await business_office.patch(path, json=each, headers={"If-Match": "*"}) for each in bodies
    ]
    agreed = await move(business_office, path, "minutes_agreed")
    cancelled = await move(business_office, path, "cancelled", reason="No quorum.")

    assert (held.status_code, agreed.status_code, cancelled.status_code) == (201, 201, 409)
    assert (day.status_code, day.json()["code"]) == (409, "meeting_is_over")
    assert (named.status_code, named.json()["code"]) == (422, "unresolved_identifiers")
    read = (await business_office.get(path)).json()
    assert nameless.status_code == 200
    assert read["held_on"] == str(TODAY)
    assert (read["status"], read["minutes"]) == (
        "minutes_agreed",
        "The audit of neglect was considered.",
    )
    moves = (await business_office.get(f"{path}/transitions")).json()["items"]
    assert [each["to_state"] for each in moves] == ["minutes_agreed", "held"]


async def test_an_agenda_is_in_its_order_and_tells_what_it_is_about(
    business_office: SignedIn, board_member: SignedIn, group: Json
) -> None:
    path = f"{await plan(business_office, group)}/agenda-items"
    found = (await business_office.get("/priorities", params={"code": "neglect"})).json()["items"]
    about = {"subject": "priorities", "record_id": found[0]["id"]}
    second = await post(business_office, path, {"number": 2, "title": "Neglect"} | about)
    first = await post(
        business_office, path, {"number": 1, "title": "Welcome", "presenter": "Business Office"}
    )

    taken = await business_office.post(path, json={"number": 2, "title": "Another"})

    assert (await board_member.get(path)).json()["items"] == [first, second]
    assert (await board_member.get(f"{path}/{second['id']}")).json() == second
    assert {name: second[name] for name in about} == about
    assert taken.status_code == 409


async def test_an_item_is_about_one_record_that_one_sees(
    business_office: SignedIn, group: Json
) -> None:
    path = f"{await plan(business_office, group)}/agenda-items"
    item = {"number": 1, "title": "Neglect", "subject": "priorities"}

    unknown = await business_office.post(path, json=item | {"record_id": str(uuid4())})
    half = await business_office.post(path, json=item)
    named = await business_office.post(path, json={"number": 1, "title": "Desmond Hartigan"})

    assert (unknown.status_code, unknown.json()["code"]) == (409, "unknown_reference")
    assert (half.status_code, half.json()["code"]) == (422, "invalid")
    assert (named.status_code, named.json()["code"]) == (422, "unresolved_identifiers")
    assert (await business_office.get(path)).json()["items"] == []


async def test_each_seat_of_the_body_is_recorded_once(
    business_office: SignedIn, board_member: SignedIn, sign_in: SignIn, group: Json
) -> None:
    path = await plan(business_office, group)
    member = await seat(business_office, sign_in, group["id"])
    board = await body_of(business_office, "board")
    stranger = await seat(business_office, sign_in, board["id"])

    made = await attend(business_office, path, member)
    again, foreign = [
        await business_office.post(
            f"{path}/attendances", json={"membership_id": each["id"], "presence": "absent"}
        )
        for each in (member, stranger)
    ]

    assert again.status_code == 409
    assert (foreign.status_code, foreign.json()["code"]) == (409, "not_of_this_body")
    assert (await board_member.get(f"{path}/attendances")).json()["items"] == [made]
    assert (await board_member.get(f"{path}/attendances/{made['id']}")).json() == made
    read = (await board_member.get(path)).json()
    assert (read["present"], read["is_quorate"]) == (1, True)


@pytest.mark.duty("13.2")
async def test_attendance_is_told_in_percent_of_the_meetings_that_were_held(
    business_office: SignedIn,
    board_member: SignedIn,
    sign_in: SignIn,
    group: Json,
    agency: Json,
    other_agency: Json,
) -> None:
    first, second = [
        await seat(business_office, sign_in, group["id"], agency_id=each["id"])
        for each in (agency, other_agency)
    ]
    days = [str(TODAY - timedelta(days=n)) for n in (30, 10)]
    paths = [await plan(business_office, group, held_on=day) for day in days]
    await attend(business_office, paths[0], first)
    await attend(business_office, paths[1], first, "deputised")
    await attend(business_office, paths[0], second)
    await attend(business_office, paths[1], second, "apologies")
    for path in paths:
        await move(business_office, path, "held")
    await attend(business_office, await plan(business_office, group), second, "absent")
    rates = f"/bodies/{group['id']}/attendance"

    whole = (await board_member.get(rates)).json()["items"]
    late = (await board_member.get(rates, params={"held_on_from": days[1]})).json()["items"]

    told = ("meetings", "attended", "deputised", "percent")
    figures = {each["agency_id"]: tuple(each[name] for name in told) for each in whole}
    assert figures == {agency["id"]: (2, 1, 1, 100), other_agency["id"]: (2, 1, 0, 50)}
    figures = {each["agency_id"]: tuple(each[name] for name in told) for each in late}
    assert figures == {agency["id"]: (1, 0, 1, 100), other_agency["id"]: (1, 0, 0, 0)}
    assert (await board_member.get(f"/bodies/{uuid4()}/attendance")).status_code == 404


async def test_only_the_business_office_keeps_meetings(
    business_office: SignedIn, sign_in: SignIn, group: Json, agency: Json
) -> None:
    path = await plan(business_office, group)
    member = await seat(business_office, sign_in, group["id"])
    lead = await sign_in("agency_lead", agency_id=agency["id"])
    body = {"body_id": group["id"], "held_on": str(TODAY), "title": "Ours"}
    there = {"membership_id": member["id"], "presence": "attended"}

    answers = [
        await lead.post("/meetings", json=body),
        await lead.post(f"{path}/agenda-items", json={"number": 1, "title": "Ours"}),
        await lead.post(f"{path}/attendances", json=there),
        await lead.patch(path, json={"title": "Ours"}, headers={"If-Match": "*"}),
        await move(lead, path, "held"),
    ]

    assert [each.status_code for each in answers] == [403] * 5
    assert (await business_office.get(path)).json()["title"] == "Meeting"
