"""Rotation of keys: survivors open, what was destroyed never does, and a crash loses nobody.

Framework section 7.
"""
# ruff: noqa: SLF001 - a crash is the half of a rotation

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.access.scopes import Capability
from app.access.tokens import hash_of, service_token
from app.installation import Installation
from app.jobs.destruction import rotate_if_due
from app.models.vault import BlindKind
from app.privacy.crypto import Place, blind_index, nhs_number, open_sealed
from app.privacy.keeper import Keeper, Rotation, RotationRunning
from app.privacy.key_state import BLIND, check_installed
from app.privacy.keys import KeyGone, KeyProvider
from app.privacy.keys.environment import EnvironmentProvider
from app.privacy.vault import IDENTITY, Vault
from app.reference.identifiers import is_nhs_number
from app.settings import Settings
from tests.backups import files_with, restored, take_backup
from tests.casework import Case, open_case
from tests.conftest import Json, SignedIn
from tests.retaining import approve, carry_out, classify, patch, propose, read
from tests.rounds import post
from tests.stage import Within
from tests.test_cli import made, run

OVER = "2015-06-30"


def somebody() -> Json:
    """Make up a child nobody else is: a name of its own, and an NHS number that checks."""
    letters = "".join(chr(ord("a") + int(each, 16)) for each in uuid4().hex[:12])
    first = 9_990_000_000 + int(uuid4().hex[:5], 16) % 900_000
    number = next(str(n) for n in range(first, first + 100) if is_nhs_number(str(n)))
    return {
        "kind": "child",
        "identity": {
            "names": [{"use": "current", "given": "Ottilie", "family": f"Q{letters}"}],
            "nhs_number": number,
            "date_of_birth": "2010-02-03",
        },
    }


async def insisting(caller: SignedIn, path: str, body: Json) -> Json:
    """Post again as long as the keys are being changed."""
    for _ in range(100):
        response = await caller.post(path, json=body)
        if response.status_code not in {409, 503}:
            break
        await asyncio.sleep(0.02)
    assert response.status_code == 201, response.text
    made: Json = response.json()
    return made


async def finds(caller: SignedIn, person: Json) -> list[str]:
    """Return the people a look-up finds by an NHS number, as who runs cases."""
    body = {
        "nhs_number": person["identity"]["nhs_number"],
        "gateway": "ca2004_s14B",
        "purpose": "The same child may be known.",
    }
    found = await post(caller, "/person-lookups", body)
    return [each["person_id"] for each in found["found"]]


async def family_names(installation: Installation, case_id: str) -> set[str | None]:
    """Open everybody of a case as a process does that was just started."""
    key = installation.secret_key
    vault = await Vault.connect(installation.vault_url, key, installation.keys())
    people = await vault.people(UUID(case_id))
    await vault.close()
    return {name.family for person in people for name in person.names}


async def destroyed(
    office: SignedIn, dpo: SignedIn, officer: SignedIn, keeper: Keeper, case: Case
) -> Json:
    """Destroy who the people of a case are, short of the rotation."""
    await patch(office, case.path, {"closed_on": OVER})
    await classify(office, case, "multi_agency_case_audit_identities")
    proposed = await propose(officer, case)
    await approve(dpo, proposed, "data_protection")
    await approve(office, proposed, "office")
    assert await carry_out(keeper, proposed)
    return proposed


async def live(installation: Installation) -> list[int]:
    """Return the versions that whoever keeps keys has."""
    return [each.number for each in await installation.keys().versions()]


@pytest.mark.duty("X7")
async def test_survivors_open_and_are_found_after_a_rotation(
    owner: asyncpg.Connection,
    installation: Installation,
    business_office: SignedIn,
    case: Case,
    keeper: Keeper,
) -> None:
    child = somebody()
    made = await post(business_office, f"{case.path}/persons", child)
    before = await live(installation)

    rotation = await keeper.rotate()

    assert child["identity"]["names"][0]["family"] in await family_names(installation, case.id)
    assert made["id"] in await finds(business_office, child)
    assert await live(installation) == [rotation.version]
    assert rotation.version not in before
    assert rotation.destroyed == before
    assert rotation.rewrapped == await owner.fetchval("SELECT count(*) FROM case_keys")
    states = {number: state for number, _, state in await keeper.states()}
    assert states[rotation.version] == "live"
    assert set(states.values()) == {"live", "destroyed"}
    acts = await owner.fetch(
        "SELECT act FROM access_log WHERE operation = 'rotate_keys' ORDER BY seq DESC LIMIT 2"
    )
    assert {row["act"] for row in acts} == {"keys_rotated", "key_destroyed"}


async def test_a_case_that_is_opened_meanwhile_keeps_its_key(
    installation: Installation, business_office: SignedIn, keeper: Keeper
) -> None:
    next_version = await installation.keys().rotate()
    child = somebody()
    case = await open_case(business_office)
    await post(business_office, f"{case.path}/persons", child)

    rotation = await keeper.rotate()

    assert rotation.version == next_version.number
    assert child["identity"]["names"][0]["family"] in await family_names(installation, case.id)


async def test_nobody_is_lost_who_is_recorded_during_a_rotation(
    installation: Installation, business_office: SignedIn, keeper: Keeper
) -> None:
    people: list[tuple[str, Json, str]] = []

    async def record() -> None:
        for _ in range(6):
            child = somebody()
            case = await insisting(business_office, "/cases", {"occurred_on": "2016-05-04"})
            made = await insisting(business_office, f"/cases/{case['id']}/persons", child)
            people.append((case["id"], child, made["id"]))

    async def turn() -> Rotation:
        await asyncio.sleep(0.05)
        return await keeper.rotate()

    await asyncio.gather(record(), turn(), record())

    for case_id, child, _ in people:
        assert await family_names(installation, case_id) == {
            child["identity"]["names"][0]["family"]
        }
    for _, child, person_id in people[:3]:
        assert person_id in await finds(business_office, child)


async def test_nothing_is_written_under_a_retired_key(
    owner: asyncpg.Connection, case: Case, keeper: Keeper
) -> None:
    old = (await keeper.provider.current()).number
    await keeper.rotate()

    with pytest.raises(asyncpg.SerializationError):
        await owner.execute(
            "UPDATE case_keys SET key_version = $2 WHERE case_id = $1", case.id, old
        )
    with pytest.raises(asyncpg.SerializationError):
        await owner.execute(
            "INSERT INTO blind_indexes (case_id, person_id, kind, key_version, mac)"
            " VALUES ($1, $2, 'upn', $3, '\\x00')",
            case.id,
            case.child["id"],
            old,
        )


async def test_only_one_process_rotates(keeper: Keeper) -> None:
    async with keeper._alone():
        with pytest.raises(RotationRunning):
            await keeper.rotate()


async def half(keeper: Keeper) -> int:
    """Do a rotation until the database is done, as if killed before the old key is destroyed."""
    async with keeper._alone() as connection:
        version = await keeper._newest(connection)
        async with keeper._entered(connection):
            rows = await connection.fetch("SELECT case_id, key_version, wrapped FROM case_keys")
        await keeper._write(connection, version, await keeper._rewrapped(rows, version))
    return version.number


async def test_a_crash_before_the_old_key_is_destroyed_is_made_up_for(
    installation: Installation,
    business_office: SignedIn,
    dpo: SignedIn,
    officer: SignedIn,
    case: Case,
    keeper: Keeper,
) -> None:
    destruction = await destroyed(business_office, dpo, officer, keeper, case)
    before = await live(installation)
    version = await half(keeper)
    token = hash_of(service_token(installation.secret_key, "vault"))
    await check_installed(installation.app_url, token, installation.keys())
    assert await live(installation) == [*before, version]
    assert (await read(dpo, destruction))["status"] == "awaiting_key_rotation"

    finished = await keeper.finish()

    assert finished.destroyed == before
    assert await live(installation) == [version]
    assert (await read(dpo, destruction))["status"] == "complete"
    await check_installed(installation.app_url, token, installation.keys())


async def test_a_crash_after_the_old_key_is_destroyed_is_made_up_for(
    installation: Installation, keeper: Keeper
) -> None:
    before = await live(installation)
    await half(keeper)
    for number in before:
        await installation.keys().destroy(number)
    token = hash_of(service_token(installation.secret_key, "vault"))
    await check_installed(installation.app_url, token, installation.keys())

    assert (await keeper.finish()).destroyed == before
    assert (await keeper.finish()).destroyed == []


@pytest.mark.duty("7.5")
async def test_the_certificate_comes_with_the_end_of_the_old_key(
    owner: asyncpg.Connection,
    installation: Installation,
    business_office: SignedIn,
    dpo: SignedIn,
    officer: SignedIn,
    case: Case,
    keeper: Keeper,
) -> None:
    survivor = await open_case(business_office)
    destruction = await destroyed(business_office, dpo, officer, keeper, case)
    path = f"/destructions/{destruction['id']}/certificate"
    old = await keeper.provider.current()
    early = await dpo.get(path)
    assert (early.status_code, early.json()["code"]) == (409, "destruction_not_complete")

    rotation = await keeper.rotate()

    certificate = (await dpo.get(path)).json()
    assert rotation.completed >= 1
    assert certificate["destroyed"] == {
        "identities": 3,
        "look_up_hashes": 2,
        "masked_texts": 0,
        "revoked_grants": 0,
    }
    assert {each["capacity"]: each["approved_by_id"] for each in certificate["approvals"]} == {
        "data_protection": str(dpo.principal_id),
        "office": str(business_office.principal_id),
    }
    assert certificate["proposed_by_id"] == str(officer.principal_id)
    assert certificate["key"]["version"] == old.number
    assert certificate["key"]["fingerprint"] == old.fingerprint
    assert certificate["key"]["rewrapped_cases"] == rotation.rewrapped
    entry = await owner.fetchrow(
        "SELECT seq, act FROM access_log WHERE id = $1", certificate["access_log_entry_id"]
    )
    assert entry is not None
    assert (entry["seq"], entry["act"]) == (certificate["access_log_seq"], "key_destroyed")
    reference = (await business_office.get(case.path)).json()["reference"]
    for part in (reference, old.fingerprint, str(dpo.principal_id), "recovery files"):
        assert part in certificate["text"]
    assert await family_names(installation, survivor.id)


async def test_the_worker_rotates_once_a_destruction_has_waited_long_enough(
    installation: Installation,
    business_office: SignedIn,
    dpo: SignedIn,
    officer: SignedIn,
    case: Case,
    keeper: Keeper,
    within: Within,
) -> None:
    destruction = await destroyed(business_office, dpo, officer, keeper, case)
    caller = within(service_token(installation.secret_key, "vault"), Capability.open_vault)

    assert not await rotate_if_due(caller, keeper, 30)
    assert (await read(dpo, destruction))["status"] == "awaiting_key_rotation"
    assert await rotate_if_due(caller, keeper, 0)
    assert (await read(dpo, destruction))["status"] == "complete"
    assert not await rotate_if_due(caller, keeper, 0)


async def test_keys_of_the_environment_wait_for_who_sets_them(
    installation: Installation, settings: Settings, keeper: Keeper
) -> None:
    text = settings.key_path.read_text()
    unchanged = Keeper(keeper.pool, EnvironmentProvider(text), keeper.token_hash)

    with pytest.raises(Exception, match="Add version"):
        await unchanged.rotate()

    await installation.keys().rotate()
    changed = Keeper(
        keeper.pool, EnvironmentProvider(settings.key_path.read_text()), keeper.token_hash
    )
    rotation = await changed.rotate()
    assert (rotation.destroyed, "Remove version" in str(rotation.remark)) == ([], True)
    assert (await keeper.finish()).remark is None


async def opens(provider: KeyProvider, connection: asyncpg.Connection, case_id: str) -> list[Any]:
    """Open the identities of a case in a database. Raises KeyGone."""
    key = await connection.fetchrow("SELECT * FROM case_keys WHERE case_id = $1", case_id)
    assert key is not None
    data_key = await provider.unwrap(key["key_version"], key["wrapped"], UUID(case_id).bytes)
    rows = await connection.fetch("SELECT * FROM identities WHERE case_id = $1", case_id)
    case = UUID(case_id)
    places = [Place(case, row["person_id"], IDENTITY, row["version"]) for row in rows]
    return [
        open_sealed(data_key, place, row["sealed"]) for place, row in zip(places, rows, strict=True)
    ]


async def look_up_key(provider: KeyProvider, connection: asyncpg.Connection) -> bytes:
    """Return the key of look-ups in a database. Raises KeyGone."""
    row = await connection.fetchrow("SELECT * FROM blind_keys ORDER BY key_version DESC LIMIT 1")
    assert row is not None
    return await provider.unwrap(row["key_version"], row["wrapped"], BLIND)


@pytest.mark.duty("7.5")
@pytest.mark.duty("X7")
async def test_a_backup_from_before_opens_with_the_keys_of_then_and_never_with_those_of_now(
    owner: asyncpg.Connection,
    installation: Installation,
    settings: Settings,
    business_office: SignedIn,
    dpo: SignedIn,
    officer: SignedIn,
    case: Case,
    keeper: Keeper,
) -> None:
    child, survivor = somebody(), somebody()
    family = child["identity"]["names"][0]["family"]
    await post(business_office, f"{case.path}/persons", child)
    kept = await open_case(business_office)
    await post(business_office, f"{kept.path}/persons", survivor)
    before = EnvironmentProvider(settings.key_path.read_text())
    copy = await asyncio.to_thread(take_backup, settings, installation)

    await destroyed(business_office, dpo, officer, keeper, case)
    await keeper.rotate()

    names = (family, child["identity"]["nhs_number"], survivor["identity"]["names"][0]["family"])
    assert await asyncio.to_thread(files_with, settings.data_dir / "postgres", *names) == []
    assert await asyncio.to_thread(files_with, copy, *names) == []
    assert await asyncio.to_thread(files_with, copy, "case_keys") != []  # it does look
    now = installation.keys()
    kind, number = BlindKind.nhs_number, nhs_number(child["identity"]["nhs_number"])
    with restored(copy, settings.database) as url:
        backup = await asyncpg.connect(url)
        opened = await opens(before, backup, case.id)
        assert family in {name["family"] for person in opened for name in person["names"]}
        macs = [row["mac"] for row in await backup.fetch("SELECT mac FROM blind_indexes")]
        assert blind_index(await look_up_key(before, backup), kind, number) in macs
        with pytest.raises(KeyGone):
            await opens(now, backup, case.id)
        with pytest.raises(KeyGone):
            await look_up_key(now, backup)
        assert blind_index(await look_up_key(now, owner), kind, number) not in macs
        await backup.close()
    assert survivor["identity"]["names"][0]["family"] in await family_names(installation, kept.id)
    assert await opens(now, owner, kept.id)


async def test_an_operator_rotates_by_command(
    settings: Settings, owner: asyncpg.Connection, case: Case
) -> None:
    where = {"KEY_FILE": str(settings.key_path)}

    done = made(await asyncio.to_thread(run, settings, "keys", "rotate", "--json", **where))

    listed = await asyncio.to_thread(
        run, settings, "keys", "list", "--with-states", "--json", **where
    )
    states: list[Json] = json.loads(listed.stdout)
    assert [each["number"] for each in states if each["state"] == "live"] == [done["version"]]
    version = await owner.fetchval("SELECT key_version FROM case_keys WHERE case_id = $1", case.id)
    assert version == done["version"]
