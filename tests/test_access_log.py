"""The access log over HTTP: who looked at what, for whom, and with which proof."""

import json
from collections.abc import AsyncIterator
from hashlib import sha256
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.access.caller import Caller
from app.installation import Installation
from app.models.access_log import AccessAct
from app.privacy.merkle import verify_inclusion
from tests.conftest import Json, SignedIn, SignIn
from tests.logs import TABLES, enter, log_as, seal_all


def hash_of(body: Json, first: bytes, *without: str) -> str:
    """Hash a body as docs/access-log.md tells a stranger to."""
    rest = {name: value for name, value in body.items() if name not in without}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(first + text.encode()).hexdigest()


@pytest.fixture
async def dpo(sign_in: SignIn) -> SignedIn:
    """The data protection officer."""
    return await sign_in("dpo")


@pytest.mark.duty("X6")
async def test_a_look_is_found_with_who_did_it_and_without_what_was_seen(
    log: asyncpg.Connection, dpo: SignedIn, agency_system: SignedIn
) -> None:
    case, record, grant, person = (uuid4() for _ in range(4))
    (entry,) = await log_as(
        *(log, agency_system),
        case_id=case,
        record_id=record,
        grant_id=grant,
        person_ids=[person],
        members=["given_names", "address.postcode"],
    )

    response = await dpo.get("/access-log", params={"record_id": str(record)})

    (found,) = response.json()["items"]
    assert found == {
        "id": str(entry),
        "seq": 1,
        "occurred_at": found["occurred_at"],
        "actor_id": str(agency_system.principal_id),
        "actor_kind": "client",
        "actor_agency_id": str(agency_system.agency_id),
        "act": "identity_read",
        "operation": "read_person_identity",
        "case_id": str(case),
        "record_id": str(record),
        "grant_id": str(grant),
        "person_ids": [str(person)],
        "members": ["given_names", "address.postcode"],
        "found": None,
        "salt": found["salt"],
        "place": None,
    }


async def test_filters_narrow_the_log(
    log: asyncpg.Connection, dpo: SignedIn, board_member: SignedIn
) -> None:
    case, grant = uuid4(), uuid4()
    (look,) = await log_as(log, board_member, case_id=case, grant_id=grant)
    (question,) = await log_as(log, board_member, act="person_lookup", found=True)

    async def found(**query: object) -> list[str]:
        response = await dpo.get("/access-log", params=query)  # type: ignore[arg-type]
        return [each["id"] for each in response.json()["items"]]

    both = [str(question), str(look)]
    assert await found(actor_id=str(board_member.principal_id)) == both
    assert await found(act=["person_lookup", "log_export"]) == [str(question)]
    assert await found(case_id=str(case)) == [str(look)]
    assert await found(grant_id=str(grant)) == [str(look)]
    assert await found(actor_id=str(dpo.principal_id)) == []
    assert await found(occurred_at_from="2017-01-01T00:00:00Z") == both
    assert await found(occurred_at_before="2017-01-01T00:00:00Z") == []


async def test_the_log_pages_without_loss(log: asyncpg.Connection, dpo: SignedIn) -> None:
    written = await log_as(log, dpo, count=5)

    first = (await dpo.get("/access-log", params={"limit": 3})).json()
    second = (
        await dpo.get("/access-log", params={"limit": 3, "cursor": first["next_cursor"]})
    ).json()

    ids = [each["id"] for each in first["items"] + second["items"]]
    assert ids == [str(each) for each in reversed(written)]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("dpo", {"of a case", "of a record", "of neither"}),
        ("chair", {"of a case", "of a record", "of neither"}),
        ("bo_manager", {"of a case", "of a record"}),
    ],
)
async def test_the_log_is_for_those_who_account_for_it(
    log: asyncpg.Connection, sign_in: SignIn, board_member: SignedIn, role: str, seen: set[str]
) -> None:
    reader = await sign_in(role)
    names: dict[str, str] = {}
    kinds: tuple[tuple[str, Json], ...] = (
        ("of a case", {"case_id": uuid4()}),
        ("of a record", {"record_id": uuid4()}),
        ("of neither", {}),
    )
    for name, parts in kinds:
        (entry,) = await log_as(log, board_member, **parts)
        names[str(entry)] = name

    listed = (await reader.get("/access-log")).json()["items"]
    one_by_one = {
        name
        for entry, name in names.items()
        if (await reader.get(f"/access-log/{entry}")).status_code == 200
    }

    assert {names[each["id"]] for each in listed} == seen
    assert one_by_one == seen
    assert {each["act"] for each in listed} == {"identity_read"}


@pytest.mark.parametrize("role", ["bo_officer", "board_member", "sysadmin", "agency_lead"])
async def test_nobody_else_reads_the_log(
    log: asyncpg.Connection, sign_in: SignIn, role: str
) -> None:
    reader = await sign_in(role)
    (entry,) = await log_as(log, reader, case_id=uuid4())

    statuses = [
        (await reader.get(path)).status_code
        for path in ("/access-log", "/access-log/export", f"/access-log/{entry}")
    ]

    assert statuses == [403, 403, 403]


async def test_everybody_sees_what_they_themselves_looked_at(
    log: asyncpg.Connection, agency_system: SignedIn, other_system: SignedIn, dpo: SignedIn
) -> None:
    (mine,) = await log_as(log, agency_system)
    await log_as(log, other_system)

    async def of(caller: SignedIn) -> list[str]:
        items = (await caller.get("/me/access-log")).json()["items"]
        return [each["id"] for each in items]

    assert await of(agency_system) == [str(mine)]
    assert await of(dpo) == []


@pytest.mark.duty("X6")
async def test_a_stranger_can_recompute_heads_and_proofs(
    log: asyncpg.Connection,
    sealer: Caller,
    dpo: SignedIn,
    agency_system: SignedIn,
    anonymous: SignedIn,
) -> None:
    await log_as(log, dpo, count=3)
    await seal_all(sealer, log)
    written = await log_as(log, dpo, count=5, members=["given_names"], person_ids=[uuid4()])
    await seal_all(sealer, log)

    heads = (await agency_system.get("/access-log/heads")).json()["items"]
    for head, before in zip(heads, [*heads[1:], {"head": "0" * 64, "total": 0}], strict=True):
        assert hash_of(head, b"\x02", "id", "head") == head["head"]
        assert head["previous_head"] == before["head"]
        assert head["total"] == before["total"] + head["size"]
    for position, entry in enumerate(written):
        body = (await dpo.get(f"/access-log/{entry}")).json()
        proof = body["proof"]
        assert proof["leaf"] == hash_of(body, b"\x00", "place", "proof")
        assert (proof["position"], proof["size"]) == (position, 5)
        assert (proof["root"], proof["head"]) == (heads[0]["root"], heads[0]["head"])
        path = [bytes.fromhex(each) for each in proof["path"]]
        leaf, root = bytes.fromhex(proof["leaf"]), bytes.fromhex(proof["root"])
        assert verify_inclusion(leaf, position, 5, path, root)
    one = await agency_system.get(f"/access-log/heads/{heads[1]['id']}")
    since = await agency_system.get("/access-log/heads", params={"number_from": 2})
    assert one.json() == heads[1]
    assert since.json()["items"] == [head for head in heads if head["number"] >= 2]
    assert (await anonymous.get("/access-log/heads")).status_code == 401


async def test_an_entry_is_there_before_it_is_sealed_and_its_tag_changes_with_the_seal(
    log: asyncpg.Connection, sealer: Caller, dpo: SignedIn
) -> None:
    (entry,) = await log_as(log, dpo)
    path = f"/access-log/{entry}"

    before = await dpo.get(path)
    await seal_all(sealer, log)
    after = await dpo.get(path, headers={"If-None-Match": before.headers["etag"]})
    again = await dpo.get(path, headers={"If-None-Match": after.headers["etag"]})

    assert (before.json()["place"], before.json()["proof"]) == (None, None)
    assert (after.json()["place"], after.json()["proof"]["batch"]) == (1, 1)
    assert again.status_code == 304
    assert (await dpo.get(f"/access-log/{uuid4()}")).status_code == 404


@pytest.mark.duty("X6")
async def test_a_collector_gets_every_sealed_entry_once_and_is_logged(
    log: asyncpg.Connection, sealer: Caller, dpo: SignedIn, board_member: SignedIn
) -> None:
    written = await log_as(log, board_member, count=5)
    await seal_all(sealer, log)
    await log_as(log, board_member)  # not sealed yet

    async def collected(after: int, limit: int) -> list[Json]:
        query = {"after_place": after, "limit": limit}
        response = await dpo.get("/access-log/export", params=query)
        assert response.headers["content-type"] == "application/x-ndjson"
        return [json.loads(line) for line in response.text.splitlines()]

    first = await collected(0, 3)
    second = await collected(first[-1]["place"], 3)

    assert [each["place"] for each in first + second] == [1, 2, 3, 4, 5]
    assert {each["id"] for each in first + second} == {str(each) for each in written}
    assert await collected(5, 1000) == []
    exports = (await dpo.get("/me/access-log")).json()["items"]
    assert [(each["act"], each["operation"]) for each in exports] == [
        ("log_export", "export_access_log")
    ] * 2


async def test_a_collector_does_not_find_its_own_last_look_for_ever(
    log: asyncpg.Connection, sealer: Caller, dpo: SignedIn
) -> None:
    await log_as(log, dpo)
    for _ in range(3):
        await dpo.get("/access-log/export", params={"after_place": 1})
        await seal_all(sealer, log)

    lines = (await dpo.get("/access-log/export", params={"after_place": 0})).text.splitlines()
    await seal_all(sealer, log)
    rest = [(await dpo.get("/access-log/export?after_place=1")).text for _ in range(3)]
    await seal_all(sealer, log)

    assert len(lines) == 1
    assert len(rest[-1].splitlines()) == 1
    assert rest[0] == rest[2]


@pytest.mark.parametrize("act", AccessAct)
async def test_every_act_of_the_contract_can_be_logged(
    log: asyncpg.Connection, board_member: SignedIn, act: AccessAct
) -> None:
    assert len(await log_as(log, board_member, act=str(act))) == 1


@pytest.mark.parametrize(
    "parts",
    [
        {"members": ["Jane Doe"]},
        {"members": [None]},
        {"members": ["name"] * 201},
        {"person_ids": [None]},
        {"operation": "Jane"},
        {"act": "looked"},
    ],
)
async def test_what_may_be_a_value_cannot_be_logged(
    log: asyncpg.Connection, board_member: SignedIn, parts: Json
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await log_as(log, board_member, **parts)


async def test_what_comes_to_nothing_leaves_no_entry(
    log: asyncpg.Connection, board_member: SignedIn
) -> None:
    transaction = log.transaction()
    await transaction.start()
    await log_as(log, board_member)
    await transaction.rollback()

    assert await log.fetchval("SELECT count(*) FROM access_log") == 0


@pytest.fixture
async def app_transaction(
    installation: Installation, board_member: SignedIn
) -> AsyncIterator[asyncpg.Connection]:
    """A transaction of the run-time role, entered by a member of the Board."""
    connection = await asyncpg.connect(installation.app_url)
    transaction = connection.transaction()
    await transaction.start()
    await enter(connection, board_member)
    yield connection
    await connection.close()


COLUMNS = {"access_log": "found", "access_log_leaves": "seq", "access_log_heads": "size"}
CHANGES = ("UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "act",
    [*CHANGES, "INSERT INTO {0} DEFAULT VALUES", "ALTER TABLE {0} DISABLE TRIGGER append_only"],
)
async def test_the_application_changes_nothing_in_the_log(
    app_transaction: asyncpg.Connection, table: str, act: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app_transaction.execute(act.format(table, COLUMNS[table]))


async def test_the_application_cannot_log_that_something_was_opened(
    app_transaction: asyncpg.Connection,
) -> None:
    """The vault discloses to whoever stands in the log: only a grant may put one there."""
    for act in ("identity_read", "emergency_disclosure", "subject_export", "person_lookup"):
        for function in (
            f"note('{act}', 'x', NULL, NULL, NULL, NULL)",
            f"log('{act}', 'x', NULL, NULL, NULL, NULL, NULL, NULL)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with app_transaction.transaction():
                    await app_transaction.execute(f"SELECT actor.{function}")


async def test_the_application_notes_what_it_did_as_who_acts(
    app_transaction: asyncpg.Connection, board_member: SignedIn
) -> None:
    entry = await app_transaction.fetchval(
        "SELECT actor.note('identifier_kept', 'update_chronology', NULL, NULL, NULL, NULL)"
    )

    actor = await app_transaction.fetchval("SELECT actor_id FROM access_log WHERE id = $1", entry)
    assert isinstance(entry, UUID)
    assert actor == board_member.principal_id


async def test_nobody_logs_without_having_entered(log: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await log.execute("SELECT actor.log('log_export', 'x', NULL, NULL, NULL, NULL, NULL, NULL)")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("act", CHANGES)
async def test_the_owner_changes_nothing_by_accident(
    log: asyncpg.Connection, table: str, act: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await log.execute(act.format(table, COLUMNS[table]))
