"""Narratives over HTTP: nobody registered is named, labels come back as they went out.

Framework section 7.
"""

from uuid import UUID

import asyncpg
import pytest

from app.access.caller import Caller
from app.access.tokens import derived_key, hash_of, service_token
from app.database import Database
from app.installation import Installation
from app.jobs.rescan import rescan
from app.models import Base
from app.privacy.projection import narrated
from app.privacy.vault import Vault
from app.schemas.base import ReadSchema
from app.services.mentions import narrative_tables
from tests.casework import STORY, TOLD, WHY, Case, request_grant
from tests.conftest import Json, SignedIn
from tests.rounds import post
from tests.test_guards import every


async def ask(caller: SignedIn, case: Case, **members: object) -> Json:
    """Write narratives, as those of a request for disclosure."""
    return await request_grant(caller, case, case.child, **members)


async def attempt(caller: SignedIn, case: Case, purpose: str, **members: object) -> Json:
    """Write a narrative that is refused; return the problem."""
    body = {"case_id": case.id, "person_ids": [case.child["id"]], "fields": ["names"]}
    response = await caller.post(
        "/disclosure-grants", json=body | WHY | {"purpose": purpose} | members
    )
    assert response.status_code == 422, response.text
    problem: Json = response.json()
    return problem


async def test_whoever_is_registered_shows_by_label(holder: SignedIn, case: Case) -> None:
    asked = await ask(holder, case, purpose=STORY)

    assert asked["purpose"] == TOLD
    assert [each["label"] for each in asked["people"]] == ["Child A", "Health Visitor 1"]


async def test_what_came_back_is_written_back_unchanged(holder: SignedIn, case: Case) -> None:
    first = await ask(holder, case, purpose=STORY, necessity="Born 9.3.11, at 14 Quarrywell Lane.")

    again = await ask(holder, case, purpose=first["purpose"], necessity=first["necessity"])

    assert (again["purpose"], again["necessity"]) == (first["purpose"], first["necessity"])
    assert again["people"] == first["people"]
    assert "Quarrywell" not in first["necessity"]


async def test_no_name_is_stored(owner: asyncpg.Connection, holder: SignedIn, case: Case) -> None:
    asked = await ask(holder, case, purpose=STORY)

    stored = await owner.fetchval(
        "SELECT purpose FROM disclosure_grants WHERE id = $1", asked["id"]
    )

    assert stored == "⟦1⟧ (NHS number ⟦1:nhs_number⟧) was seen by ⟦3⟧ on Monday."


async def test_what_is_doubtful_is_refused_by_its_place_and_not_repeated(
    holder: SignedIn, case: Case
) -> None:
    problem = await attempt(holder, case, "Her neighbour Desmond Hartigan collected her.")

    assert problem["code"] == "unresolved_identifiers"
    (place,) = problem["identifiers"]
    assert (place["pointer"], place["start"], place["length"]) == ("/purpose", 14, 16)
    assert "Hartigan" not in str(problem)


@pytest.mark.parametrize(
    ("treat_as", "shown"),
    [
        ("mask", "Her neighbour [redacted name 1] collected her."),
        ("not_identifying", "Her neighbour Desmond Hartigan collected her."),
        ("person", "Her neighbour [Mother] collected her."),
    ],
)
async def test_the_writer_says_what_is_doubtful(
    owner: asyncpg.Connection, holder: SignedIn, case: Case, treat_as: str, shown: str
) -> None:
    said = {"pointer": "/purpose", "start": 14, "length": 16, "treat_as": treat_as}
    if treat_as == "person":
        said["person_id"] = case.mother["id"]

    asked = await ask(
        holder, case, purpose="Her neighbour Desmond Hartigan collected her.", resolutions=[said]
    )

    assert asked["purpose"] == shown
    kept = await owner.fetch(
        "SELECT members FROM access_log WHERE case_id = $1 AND act = 'identifier_kept'", case.id
    )
    assert [row["members"] for row in kept] == (
        [["purpose"]] if treat_as == "not_identifying" else []
    )


async def test_who_pushes_by_itself_has_doubts_masked_and_nothing_lost(
    owner: asyncpg.Connection, holder: SignedIn, case: Case
) -> None:
    body = {"case_id": case.id, "person_ids": [case.child["id"]], "fields": ["names"]}
    body |= WHY | {"purpose": "Her neighbour Desmond Hartigan collected her."}

    response = await holder.post(
        "/disclosure-grants", json=body, headers={"Prefer": "identifiers=mask"}
    )

    assert response.json()["purpose"] == "Her neighbour [redacted name 1] collected her."
    assert (
        await owner.fetchval("SELECT count(*) FROM masked_texts WHERE case_id = $1", case.id) == 1
    )


@pytest.mark.parametrize(
    "resolution",
    [
        {"pointer": "/purpose", "start": 500, "length": 5, "treat_as": "mask"},
        {"pointer": "/nothing", "start": 0, "length": 5, "treat_as": "mask"},
        {"pointer": "/purpose", "start": 0, "length": 5, "treat_as": "person"},
        {"pointer": "/purpose", "start": 0, "length": 14, "treat_as": "not_identifying"},
    ],
)
async def test_a_resolution_that_fits_nothing_is_refused(
    holder: SignedIn, case: Case, resolution: Json
) -> None:
    problem = await attempt(holder, case, "Zoë O'Hallorán was seen.", resolutions=[resolution])

    assert problem["code"] == "invalid_token"


@pytest.mark.parametrize("text", ["A ⟦1⟧ by hand.", "Half a ⟦.", "⟧ alone"])
async def test_tokens_are_not_written_by_hand(holder: SignedIn, case: Case, text: str) -> None:
    assert (await attempt(holder, case, text))["code"] == "invalid_token"


async def test_brackets_hide_nobody(holder: SignedIn, case: Case) -> None:
    asked = await ask(holder, case, purpose="Seen [Zoë O'Hallorán] and [sic] noted.")

    assert "Hallor" not in asked["purpose"]
    assert "[sic]" in asked["purpose"]


async def test_labels_of_another_case_mean_nothing(holder: SignedIn, case: Case) -> None:
    asked = await ask(holder, case, purpose="As for [Child Z], nothing is known.")

    assert asked["purpose"] == "As for [Child Z], nothing is known."
    assert asked["people"] == []


async def test_a_record_says_whose_identity_it_withholds(holder: SignedIn, case: Case) -> None:
    written = await ask(holder, case, purpose="[Child A] and [Mother] were seen together.")

    plain = (await holder.get(f"/disclosure-grants/{written['id']}")).json()

    assert [each["identity"] for each in plain["people"]] == [None, None]
    assert {each["pointer"] for each in plain["redactions"]} == {
        "/people/0/identity",
        "/people/1/identity",
    }


async def test_whoever_is_registered_later_is_found_in_what_was_written_before(
    owner: asyncpg.Connection,
    installation: Installation,
    business_office: SignedIn,
    holder: SignedIn,
    case: Case,
) -> None:
    said = {"pointer": "/purpose", "start": 14, "length": 16, "treat_as": "not_identifying"}
    text = "Her neighbour Desmond Hartigan collected her."
    asked = await ask(holder, case, purpose=text, resolutions=[said])
    uncle = {"names": [{"given": "Desmond", "family": "Hartigan"}]}
    person = {"kind": "family", "role": "Uncle", "identity": uncle}
    await post(business_office, f"{case.path}/persons", person)
    key = installation.secret_key
    database = await Database.connect(installation.app_url, 2)
    vault = await Vault.connect(installation.vault_url, key, installation.keys())
    token = hash_of(service_token(key, "vault"))

    changed = await rescan(
        Caller(database, token, "vault:open", derived_key(key, "cursors")),
        vault,
        UUID(case.id),
    )
    await vault.close()
    await database.close()

    shown = (await holder.get(f"/disclosure-grants/{asked['id']}")).json()
    assert changed == 1
    assert shown["purpose"] == "Her neighbour [Uncle] collected her."
    logged = await owner.fetchval(
        "SELECT members FROM access_log WHERE record_id = $1 AND act = 'narratives_rescanned'",
        asked["id"],
    )
    assert logged == ["purpose"]


def test_every_narrative_is_stored_as_one_and_belongs_to_a_case() -> None:
    stored = {(table.name, column) for table, columns in narrative_tables() for column in columns}
    shown = {
        (schema.table.__tablename__, name)
        for schema in every(ReadSchema)
        if hasattr(schema.table, "__table__")
        for name in narrated(schema)
    }

    assert shown <= stored
    assert [
        table for table, _ in stored if "case_id" not in Base.metadata.tables[table].columns
    ] == []


async def test_the_vault_may_go_through_every_table_of_narratives_again(
    owner: asyncpg.Connection,
) -> None:
    rows = await owner.fetch("SELECT tablename FROM pg_policies WHERE policyname = 'rescans'")

    assert {row["tablename"] for row in rows} == {table.name for table, _ in narrative_tables()}
