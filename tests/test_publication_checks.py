"""The check of a publication over HTTP: nobody can be found in it (Framework sections 7 and 16)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import asyncpg
import pytest

from tests.casework import Case, open_case
from tests.conftest import Json, SignedIn, SignIn
from tests.publications import (
    SAID,
    approved_review,
    checked,
    confirm,
    confirmed,
    draft,
    patch,
    path_of,
    shown,
)
from tests.rounds import post

SCHOOL_AND_PHONE: Json = {
    "kind": "child",
    "label": "Child B",
    "identity": {
        "names": [
            {"use": "current", "given": "Anneliese", "family": "Fitzwarine"},
            {"use": "nickname", "given": "Lisl"},
            {"use": "former", "given": "Anneliese", "family": "Thorogood"},
        ],
        "date_of_birth": "2013-11-23",
        "nhs_number": "9990000018",
        "local_identifiers": ["CIN/77123/B"],
        "telephones": ["01604 496 0123"],
        "emails": ["lisl.f@example.org"],
        "addresses": [{"lines": "3 Cuttlebrook Mews, Rothwell", "postcode": "NN14 6ZZ"}],
        "school": "Cuttlebrook Primary School",
    },
}


Smuggle = Callable[[Json, str], Awaitable[None]]


@pytest.fixture
async def smuggle(owner: asyncpg.Connection) -> AsyncIterator[Smuggle]:
    """Put a text into a section as it is, as if what recognises names at write had missed it."""
    smuggled: list[UUID] = []
    write = "UPDATE publication_sections SET text = $2 WHERE publication_id = $1"

    async def put(publication: Json, text: str) -> None:
        smuggled.append(UUID(publication["id"]))
        await owner.execute(write, smuggled[-1], text)

    yield put
    for publication_id in smuggled:  # other tests look for names in the whole database
        await owner.execute(write, publication_id, "Nothing.")


@pytest.mark.duty("16.3")
@pytest.mark.parametrize(
    "text",
    [
        "Zoë went home.",
        "ZOE went home.",
        "Then zoe went home.",
        "They called her Zozo.",
        "then zozo cried",
        "Little Z\u200boë cried.",
        "Mrs O\u2019HALLORAN rang.",
        "A Hallorán was there.",
        "The ohallorans moved.",
        "Write to bartholomewquist@example.org.",
        "B-a-r-t-h-o-l-o-m-e-w came.",
        "Quist's notes were late.",
        "Sian rang.",
        "Number 999 000 0026.",
        "Number 999-000-0026 it was.",
        "Born 9.3.11.",
        "Born on 9th March 2011.",
        "Born 2011-03-09.",
        "They lived at 14 quarrywell lane.",
        "They lived in Quarrywell Lane.",
        "It was NN157QX.",
        "Lisl was her sister.",
        "Anneliese THOROGOOD before.",
        "See cin 77123 b.",
        "Ring 01604 496012-3.",
        "lisl.f@example.org wrote.",
        "She went to Cuttlebrook Academy.",
        "She went to Cuttlebrook Primary School.",
    ],
)
async def test_nothing_of_the_vault_passes(
    smuggle: Smuggle, business_office: SignedIn, review: Json, case: Case, text: str
) -> None:
    await post(business_office, f"{case.path}/persons", SCHOOL_AND_PHONE)
    made = await draft(business_office, review)
    await smuggle(made, f"⟦1⟧ was seen. {text}")

    check = await checked(business_office, made)

    assert not check["is_clean"]
    assert {each["pointer"] for each in check["findings"]} == {"/sections/0/text"}
    assert text not in str(check)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("⟦1:nhs_number⟧ was noted.", "identifier"),
        ("⟦m1:name⟧ was noted.", "masked_text"),
        ("⟦9⟧ was noted.", "person_without_label"),
        ("A bracket ⟦ alone.", "token"),
        ("[Child A] was noted.", "token"),
        ("Child A was noted.", "working_label"),
        ("The HEALTH VISITOR 1 was noted.", "working_label"),
    ],
)
async def test_nothing_unrendered_and_no_label_of_the_case_passes(
    smuggle: Smuggle, business_office: SignedIn, review: Json, text: str, kind: str
) -> None:
    made = await draft(business_office, review)
    await smuggle(made, text)

    check = await checked(business_office, made)

    assert kind in {each["kind"] for each in check["findings"]}


async def test_ordinary_words_pass(business_office: SignedIn, review: Json) -> None:
    text = (
        "The mother of Zoë was annoyed. Annual reviews were late, and nobody in Children's"
        " Services asked why. The Health Visitor came in March. Professionals must be curious."
    )
    made = await draft(business_office, review, sections=[{"heading": "Learning", "text": text}])

    check = await checked(business_office, made)

    assert (check["is_clean"], check["findings"]) == (True, [])


async def test_a_pseudonym_is_no_finding(business_office: SignedIn, review: Json) -> None:
    made = await draft(business_office, review)
    sam = {"person_id": made["labels"][0]["person_id"], "label": "Sam"}
    await patch(business_office, made, labels=[sam])

    check = await checked(business_office, made)

    assert check["findings"] == []


async def test_a_name_of_nobody_in_the_case_may_be_accepted_and_that_is_logged(
    owner: asyncpg.Connection, smuggle: Smuggle, business_office: SignedIn, review: Json, case: Case
) -> None:
    made = await draft(business_office, review)
    await smuggle(made, "The author is Desmond Hartigan.")
    (found,) = (await checked(business_office, made))["findings"]
    place = {name: found[name] for name in ("pointer", "start", "length")}

    check = await checked(business_office, made, accepted=[place])

    kept = await owner.fetchval(
        "SELECT members FROM access_log WHERE case_id = $1 AND act = 'identifier_kept'", case.id
    )
    assert (check["is_clean"], check["accepted"]) == (True, [found])
    assert kept == ["sections.0.text"]


@pytest.mark.parametrize("text", ["Zoë Hartigan came.", "Child A came.", "zozo came."])
async def test_nobody_of_the_case_can_be_accepted(
    smuggle: Smuggle, business_office: SignedIn, review: Json, text: str
) -> None:
    made = await draft(business_office, review)
    await smuggle(made, text)
    found = (await checked(business_office, made))["findings"]

    for each in found:
        place = {name: each[name] for name in ("pointer", "start", "length")}
        refused = await post(business_office, f"{path_of(made)}/checks", {"accepted": [place]}, 422)
        assert refused["code"] == "invalid_token"


@pytest.mark.duty("16.3")
async def test_a_check_is_logged_with_everybody_it_looked_for(
    owner: asyncpg.Connection, business_office: SignedIn, review: Json, case: Case
) -> None:
    made = await draft(business_office, review)

    await checked(business_office, made)

    row = await owner.fetchrow(
        "SELECT * FROM access_log WHERE record_id = $1 AND act = 'publication_checked'", made["id"]
    )
    assert row is not None
    assert row["actor_id"] == business_office.principal_id
    assert {str(each) for each in row["person_ids"]} == {
        each["id"] for each in (case.child, case.mother, case.visitor)
    }


@pytest.mark.duty("16.3")
async def test_who_wrote_or_checked_is_not_the_second_person(
    business_office: SignedIn, second: SignedIn, sign_in: SignIn, review: Json
) -> None:
    made = await draft(business_office, review)
    checker = await sign_in("bo_officer")
    check = await checked(checker, made)

    for caller in (business_office, checker):
        refused = await confirm(caller, made, check, 409)
        assert refused["errors"][0]["code"] == "publication_checks_two_people_check"
    done = await confirm(second, made, check)

    assert done["second_person_confirmed_by_id"] == str(second.principal_id)
    assert (await shown(second, made))["is_checked"]


async def test_who_changed_a_label_is_an_editor_too(
    business_office: SignedIn, sign_in: SignIn, review: Json
) -> None:
    made = await draft(business_office, review)
    other = await sign_in("bo_officer")
    sam = {"person_id": made["labels"][0]["person_id"], "label": "Sam"}
    changed = await patch(other, made, labels=[sam])
    check = await checked(business_office, made)

    await confirm(other, made, check, 409)

    assert str(other.principal_id) in changed["editor_ids"]


async def test_what_was_not_read_is_not_confirmed(
    business_office: SignedIn, second: SignedIn, review: Json
) -> None:
    made = await draft(business_office, review)
    check = await checked(business_office, made)

    refused = await confirm(second, made, check, 409, sha256="0" * 64)

    assert refused["code"] == "check_outdated"


async def test_a_check_that_found_something_is_not_confirmed(
    smuggle: Smuggle, business_office: SignedIn, second: SignedIn, review: Json
) -> None:
    made = await draft(business_office, review)
    await smuggle(made, "Zozo cried.")

    refused = await confirm(second, made, await checked(business_office, made), 409)

    assert refused["code"] == "check_outdated"


@pytest.mark.duty("16.3")
@pytest.mark.parametrize("part", ["title", "sections", "labels", "people"])
async def test_a_change_ends_a_check(
    business_office: SignedIn, second: SignedIn, review: Json, case: Case, part: str
) -> None:
    made = await draft(business_office, review)
    check = await confirmed(business_office, second, made)
    changes: Json = {
        "title": {"title": "Another title"},
        "sections": {"sections": [{"heading": "What happened", "text": f"{SAID} It was late."}]},
        "labels": {"labels": [{"person_id": made["labels"][0]["person_id"], "label": "Sam"}]},
    }
    assert (await shown(second, made))["is_checked"]

    if part == "people":  # who was unknown may stand in the text
        await post(business_office, f"{case.path}/persons", SCHOOL_AND_PHONE)
    else:
        await patch(business_office, made, **changes[part])

    assert not (await shown(second, made))["is_checked"]
    await confirm(second, made, check, 409)


async def test_days_and_plans_leave_a_check_as_it_is(
    business_office: SignedIn, second: SignedIn, review: Json
) -> None:
    made = await draft(business_office, review)
    await confirmed(business_office, second, made)

    await patch(business_office, made, planned_on="2027-06-01")

    assert (await shown(second, made))["is_checked"]


async def test_a_text_changed_behind_the_api_ends_a_check_too(
    smuggle: Smuggle, business_office: SignedIn, second: SignedIn, review: Json
) -> None:
    made = await draft(business_office, review)
    check = await confirmed(business_office, second, made)

    await smuggle(made, "Zozo cried.")

    assert not (await shown(second, made))["is_checked"]
    assert check["is_clean"]


async def test_checks_are_for_those_who_work_on_the_case(
    owner: asyncpg.Connection, business_office: SignedIn, review: Json, sign_in: SignIn
) -> None:
    made = await draft(business_office, review)
    stranger = await sign_in("lead_reviewer")
    other = await approved_review(owner, business_office, await open_case(business_office))
    elsewhere = await draft(business_office, other)
    check = await checked(business_office, made)

    hidden = await stranger.post(f"{path_of(made)}/checks", json={})
    misplaced = await business_office.get(f"{path_of(elsewhere)}/checks/{check['id']}")

    assert (hidden.status_code, misplaced.status_code) == (404, 404)
