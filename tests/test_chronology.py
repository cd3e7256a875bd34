"""The integrated chronology over HTTP: pushed by agencies, read side by side (section 16)."""

from base64 import urlsafe_b64decode
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.agency_reports import Involved, chronology, entry, push
from tests.casework import STORY, TOLD
from tests.conftest import Json, SignedIn, SignIn, make_agency
from tests.rounds import post
from tests.stage import TODAY, tag_of


def days(items: list[Json]) -> list[tuple[Any, ...]]:
    """Return day and agency of entries."""
    return [(each["happened_on"], each["agency_id"]) for each in items]


@pytest.mark.duty("16.12")
async def test_the_team_reads_agencies_side_by_side_in_order(
    involved: Involved, reviewer: SignedIn
) -> None:
    await push(involved.system, involved, entry("a", "2015-06-01"), entry("b", "2015-01-09"))
    await push(involved.other_system, involved, entry("a", "2015-06-01"), entry("c", "2015-03-03"))

    whole = await chronology(reviewer, involved)
    paged = await chronology(reviewer, involved, limit=1)

    ours, theirs = involved.agency["id"], involved.other_agency["id"]
    same_day = sorted([ours, theirs])
    assert days(whole) == [
        ("2015-01-09", ours),
        ("2015-03-03", theirs),
        *(("2015-06-01", each) for each in same_day),
    ]
    assert paged == whole


@pytest.mark.duty("16.12")
async def test_an_agency_reads_its_own_entries_only(involved: Involved) -> None:
    await push(involved.system, involved, entry("a"), entry("b"))
    await push(involved.other_system, involved, entry("c"))
    (hidden,) = await chronology(involved.other_system, involved)

    seen = await chronology(involved.system, involved)

    assert [each["external_ref"] for each in seen] == ["a", "b"]
    assert await chronology(involved.system, involved, agency_id=hidden["agency_id"]) == []
    assert (await involved.system.get(f"/chronology-entries/{hidden['id']}")).status_code == 404
    changed = await involved.system.patch(
        f"/chronology-entries/{hidden['id']}", json={"event": "x"}, headers={"If-Match": "*"}
    )
    assert changed.status_code == 404


async def test_two_agencies_use_the_same_reference_apart(involved: Involved) -> None:
    first = await push(involved.system, involved, entry("visit-1", event="Ours."))
    second = await push(involved.other_system, involved, entry("visit-1", event="Theirs."))

    assert (first["created"], second["created"]) == (1, 1)
    assert [each["event"] for each in await chronology(involved.system, involved)] == ["Ours."]


async def test_who_has_no_part_in_the_case_gets_404(
    business_office: SignedIn, sign_in: SignIn, involved: Involved
) -> None:
    agency = await make_agency(business_office)
    stranger = await sign_in(agency_id=agency["id"])
    await push(involved.system, involved, entry("a"))
    (seen,) = await chronology(involved.system, involved)

    assert (await stranger.get(involved.chronology)).status_code == 404
    assert (await stranger.get(f"/chronology-entries/{seen['id']}")).status_code == 404
    await push(stranger, involved, entry("a"), status=404)
    body = entry("a") | {"case_review_id": involved.review["id"]}
    assert (await stranger.post("/chronology-entries", json=body)).status_code == 409


@pytest.mark.duty("16.12")
async def test_names_become_labels_in_every_text(
    owner: asyncpg.Connection, involved: Involved, reviewer: SignedIn
) -> None:
    texts = dict.fromkeys(("source", "event", "significance", "practice_comment"), STORY)

    await push(involved.system, involved, entry("a", **texts))

    (seen,) = await chronology(reviewer, involved)
    assert {seen[name] for name in texts} == {TOLD}
    assert [each["label"] for each in seen["people"]] == ["Child A", "Health Visitor 1"]
    stored = await owner.fetchval(
        "SELECT c::text FROM chronology_entries c WHERE id = $1", UUID(seen["id"])
    )
    assert "Zo" not in stored
    assert "Quist" not in stored


async def test_every_doubtful_place_is_named_by_its_entry_and_nothing_is_kept(
    involved: Involved,
) -> None:
    doubtful = "Her neighbour Desmond Hartigan collected her."
    entries = [entry(f"e{n}") for n in range(60)]
    entries[3]["event"] = entries[55]["significance"] = doubtful

    problem = await push(involved.system, involved, *entries, status=422)

    places = [each["pointer"] for each in problem["identifiers"]]
    assert places == ["/entries/3/event", "/entries/55/significance"]
    assert "Hartigan" not in str(problem)
    assert await chronology(involved.system, involved) == []


async def test_what_is_doubtful_is_resolved_by_its_entry(involved: Involved) -> None:
    doubtful = "Her neighbour Desmond Hartigan collected her."
    entries = [entry("a"), entry("b", event=doubtful)]
    place = {"pointer": "/entries/1/event", "start": 14, "length": 16, "treat_as": "mask"}

    done = await push(involved.system, involved, *entries, resolutions=[place])

    assert done["created"] == 2
    seen = await chronology(involved.system, involved)
    assert seen[1]["event"] == "Her neighbour [redacted name 1] collected her."
    lost = place | {"pointer": "/entries/2/event"}
    await push(involved.system, involved, *entries, resolutions=[lost], status=422)


@pytest.mark.duty("16.12")
async def test_what_is_pushed_again_changes_what_is_on_record(
    owner: asyncpg.Connection, involved: Involved
) -> None:
    doubtful = "Her neighbour Desmond Hartigan collected her."
    first = [entry("a"), entry("b", event=doubtful), entry("c")]
    assert await push(involved.system, involved, *first, masks=True) == {
        "created": 3,
        "changed": 0,
        "unchanged": 0,
    }
    before = await chronology(involved.system, involved)

    again = await push(involved.system, involved, *first, masks=True)
    more = [entry("a", significance="It was the third."), *first[1:], entry("d")]
    changed = await push(involved.system, involved, *more, masks=True)

    assert again == {"created": 0, "changed": 0, "unchanged": 3}
    assert changed == {"created": 1, "changed": 1, "unchanged": 2}
    after = await chronology(involved.system, involved)
    assert [each["id"] for each in after[:3]] == [each["id"] for each in before]
    assert after[0]["significance"] == "It was the third."
    assert after[1:3] == before[1:]
    masked = await owner.fetchval(
        "SELECT count(*) FROM masked_texts WHERE case_id = $1", UUID(after[0]["case_id"])
    )
    assert masked == 1


async def test_all_entries_are_written_or_none(involved: Involved) -> None:
    entries = [
        entry("a"),
        entry("b", happened_to="2015-01-01"),
        entry("a"),
        entry("c", str(TODAY + timedelta(days=1))),
        entry("d", happened_at="10:00", precision="month"),
    ]

    problem = await push(involved.system, involved, *entries, status=422)

    assert [each["pointer"] for each in problem["errors"]] == [
        "/entries/1/happened_to",
        "/entries/2/external_ref",
        "/entries/3/happened_on",
        "/entries/4/happened_at",
    ]
    assert await chronology(involved.system, involved) == []


async def test_five_hundred_entries_are_taken_at_once_and_no_more(involved: Involved) -> None:
    entries = [entry(f"e{n}", f"2015-01-{n % 28 + 1:02}") for n in range(501)]

    await push(involved.system, involved, *entries, status=422)
    done = await push(involved.system, involved, *entries[:500])

    assert done["created"] == 500
    seen = await chronology(involved.system, involved, limit=200)
    assert len({each["id"] for each in seen}) == 500
    assert days(seen) == sorted(days(seen))


async def test_a_month_and_a_year_stand_at_their_first_day(involved: Involved) -> None:
    await push(
        involved.system,
        involved,
        entry("m", "2015-03-17", precision="month"),
        entry("y", "2015-08-02", precision="year"),
        entry("d", "2015-03-02", happened_at="14:30"),
    )

    seen = await chronology(involved.system, involved)

    assert [(each["happened_on"], each["precision"]) for each in seen] == [
        ("2015-01-01", "year"),
        ("2015-03-01", "month"),
        ("2015-03-02", "day"),
    ]
    assert seen[2]["happened_at"] == "14:30"


async def test_the_chronology_is_narrowed_by_day_and_agency(
    involved: Involved, reviewer: SignedIn
) -> None:
    await push(involved.system, involved, entry("a", "2015-01-01"), entry("b", "2015-02-01"))
    await push(involved.other_system, involved, entry("c", "2015-01-15"))

    asked = {"happened_on_from": "2015-01-15", "happened_on_before": "2015-02-01"}
    between = await chronology(reviewer, involved, **asked)
    of_agency = await chronology(reviewer, involved, agency_id=involved.agency["id"])

    assert [each["external_ref"] for each in between] == ["c"]
    assert [each["external_ref"] for each in of_agency] == ["a", "b"]


async def test_a_cursor_says_no_day(involved: Involved, reviewer: SignedIn) -> None:
    await push(involved.system, involved, entry("a", "2015-01-07"), entry("b", "2015-02-07"))

    page = (await reviewer.get(involved.chronology, params={"limit": 1})).json()

    padded = page["next_cursor"] + "=" * (-len(page["next_cursor"]) % 4)
    assert b"2015-01-07" not in urlsafe_b64decode(padded)


async def test_an_entry_is_recorded_corrected_and_taken_back(
    involved: Involved, reviewer: SignedIn
) -> None:
    body = {"case_review_id": involved.review["id"], "happened_on": "2015-03-02", "event": STORY}
    made = await post(involved.system, "/chronology-entries", body)
    path = f"/chronology-entries/{made['id']}"

    changed = await involved.system.patch(
        path,
        json={"practice_comment": "[Child A] was not asked.", "is_withdrawn": True},
        headers=await tag_of(involved.system, path),
    )

    assert made["event"] == TOLD
    assert changed.json()["practice_comment"] == "[Child A] was not asked."
    assert (await reviewer.get(path)).json()["is_withdrawn"] is True
    assert await chronology(reviewer, involved, is_withdrawn=False) == []
    refused = await reviewer.patch(path, json={"event": "x"}, headers={"If-Match": "*"})
    assert refused.status_code == 403


async def test_a_change_that_contradicts_the_entry_is_refused(involved: Involved) -> None:
    body = {"case_review_id": involved.review["id"], "event": "A visit."}
    made = await post(involved.system, "/chronology-entries", body | {"happened_on": "2015-03-02"})
    path = f"/chronology-entries/{made['id']}"

    response = await involved.system.patch(
        path, json={"happened_to": "2015-01-01"}, headers={"If-Match": "*"}
    )

    assert response.status_code == 409
    assert response.json()["errors"][0]["code"] == "chronology_entries_period_check"
