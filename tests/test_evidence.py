"""Evidence files over HTTP: sealed, kept for those who may read them, and swept."""

import os
import time
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import asyncpg
import pytest

from app.access.tokens import service_token
from app.installation import Installation
from app.services.evidence import sweep_orphans
from app.services.file_store import FileStore
from tests.conftest import Json, Server, SignedIn
from tests.stage import PDF, TODAY, WHOLE, StagedAudit, Within, move, push, send, tag_of


@pytest.mark.duty("X14")
async def test_a_file_is_kept_with_its_hash_and_sent_back_as_it_was(
    lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)

    response = await send(lead, path, question="1.2", description="Minutes, March.")

    assert response.status_code == 201
    made = response.json()
    assert made == {
        "id": made["id"],
        "created_at": made["created_at"],
        "updated_at": made["updated_at"],
        "response_id": str(audit.responses[agency["id"]]),
        "agency_id": agency["id"],
        "question": "1.2",
        "file_name": "minutes.pdf",
        "media_type": "application/pdf",
        "size_bytes": len(PDF),
        "sha256": sha256(PDF).hexdigest(),
        "description": "Minutes, March.",
        "expires_on": None,
        "is_expired": False,
        "scan_result": "not_scanned",
        "uploaded_by_id": str(lead.principal_id),
        "redactions": [],
    }
    assert response.headers["location"] == f"/v1/evidence/{made['id']}"
    assert (await lead.get(f"/evidence/{made['id']}")).json() == made
    assert (await lead.get(f"{path}/evidence")).json()["items"] == [made]
    assert (await lead.get(path)).json()["status"] == "in_progress"
    content = await lead.get(f"/evidence/{made['id']}/content")
    assert content.content == PDF
    assert {
        name: content.headers[name]
        for name in (
            "content-type",
            "content-disposition",
            "content-security-policy",
            "x-content-type-options",
            "cache-control",
        )
    } == {
        "content-type": "application/pdf",
        "content-disposition": "attachment; filename=\"minutes.pdf\"; filename*=UTF-8''minutes.pdf",
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }


@pytest.mark.duty("X14")
async def test_a_file_lies_sealed_on_the_disk(
    server: Server, lead: SignedIn, owner: asyncpg.Connection, agency: Json, audit: StagedAudit
) -> None:
    made = (await send(lead, audit.response_of(agency))).json()

    key = await owner.fetchval("SELECT storage_key FROM evidence WHERE id = $1", made["id"])
    path = server.settings.data_dir / "evidence" / key[:2] / key
    stored = path.read_bytes()
    assert PDF[:8] not in stored
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(stored[:-1] + bytes([stored[-1] ^ 1]))
    assert (await lead.get(f"/evidence/{made['id']}/content")).status_code == 503


async def test_a_repeated_upload_keeps_one_file(
    server: Server, lead: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    lead.headers["Idempotency-Key"] = uuid4().hex
    root = server.settings.data_dir / "evidence"

    first = await send(lead, audit.response_of(agency))
    before = len([*root.glob("??/*")])
    again = await send(lead, audit.response_of(agency))
    other = await send(lead, audit.response_of(agency), PDF + b"%")

    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert len([*root.glob("??/*")]) <= before + 1
    assert other.json()["code"] == "idempotency_key_reused"


@pytest.mark.duty("15.2")
async def test_a_file_stands_for_the_narrative_until_it_expires(
    lead: SignedIn, agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    path = audit.response_of(agency)
    answers = [WHOLE[0], {"question": "1.2", "grade": "met"}]
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    expired = (await send(lead, path, question="1.2", expires_on=yesterday)).json()

    without = await push(agency_system, audit, answers=answers)
    await send(lead, path, question="1.2", expires_on=TODAY.isoformat())
    submitted = await push(agency_system, audit, answers=answers)

    assert expired["is_expired"] is True
    assert [each["code"] for each in without.json()["errors"]] == ["evidence_missing"]
    assert submitted.status_code == 201
    assert (
        submitted.json()["answers"][1]["evidence"]
        == [{"file_name": "minutes.pdf", "sha256": sha256(PDF).hexdigest()}] * 2
    )


async def test_a_file_is_deleted_while_the_response_may_be_written(
    server: Server,
    lead: SignedIn,
    agency_system: SignedIn,
    owner: asyncpg.Connection,
    agency: Json,
    audit: StagedAudit,
) -> None:
    path = f"/evidence/{(await send(lead, audit.response_of(agency))).json()['id']}"
    key = await owner.fetchval("SELECT storage_key FROM evidence WHERE id = $1", path[10:])
    await push(agency_system, audit)

    submitted = await lead.delete(path, headers={"If-Match": "*"})
    await move(lead, audit.response_of(agency), "in_progress")
    without = await lead.delete(path)
    deleted = await lead.delete(path, headers=await tag_of(lead, path))

    assert submitted.json()["code"] == "response_not_open"
    assert (without.status_code, deleted.status_code) == (428, 204)
    assert (await lead.get(path)).status_code == 404
    assert not (server.settings.data_dir / "evidence" / key[:2] / key).exists()


async def test_nothing_is_added_to_what_was_submitted(
    lead: SignedIn, agency_system: SignedIn, agency: Json, audit: StagedAudit
) -> None:
    await push(agency_system, audit)

    response = await send(lead, audit.response_of(agency))

    assert (response.status_code, response.json()["code"]) == (409, "response_not_open")


@pytest.mark.duty("X14")
async def test_evidence_is_for_its_agency_and_the_boards_inner_roles(
    lead: SignedIn,
    moderator: SignedIn,
    business_office: SignedIn,
    board_member: SignedIn,
    other_system: SignedIn,
    agency: Json,
    audit: StagedAudit,
) -> None:
    path = f"/evidence/{(await send(lead, audit.response_of(agency))).json()['id']}"

    async def reads(caller: SignedIn) -> list[int]:
        return [(await caller.get(each)).status_code for each in (path, f"{path}/content")]

    assert [await reads(each) for each in (lead, moderator, business_office)] == [[200, 200]] * 3
    assert [await reads(each) for each in (board_member, other_system)] == [[404, 404]] * 2
    assert (await business_office.delete(path, headers={"If-Match": "*"})).status_code == 403
    listed = await board_member.get(f"{audit.response_of(agency)}/evidence")
    assert (listed.status_code, listed.json()["items"]) == (200, [])


async def test_files_that_no_record_names_are_swept(
    server: Server,
    installation: Installation,
    within: Within,
    lead: SignedIn,
    agency: Json,
    audit: StagedAudit,
) -> None:
    made = (await send(lead, audit.response_of(agency))).json()
    store = FileStore(server.settings.data_dir / "evidence", installation.secret_key)
    orphan, young = store.write(b"left behind"), store.write(b"on its way")
    day = timedelta(days=1)
    for path in store.root.glob("??/*"):
        if path.name != young:
            os.utime(path, (time.time() - 2 * day.total_seconds(),) * 2)
    worker = within(service_token(installation.secret_key, "worker"), "jobs:run")

    async with worker.transaction() as db:
        await sweep_orphans(db, store, day)

    left = {path.name for path in store.root.glob("??/*")}
    assert (orphan in left, young in left) == (False, True)
    assert (await lead.get(f"/evidence/{made['id']}/content")).content == PDF


async def test_nobody_but_the_worker_sweeps(
    server: Server, installation: Installation, within: Within, lead: SignedIn
) -> None:
    store = FileStore(server.settings.data_dir / "evidence", installation.secret_key)
    caller = within(lead.headers["authorization"][7:], "audit-responses:write")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with caller.transaction() as db:
            await sweep_orphans(db, store)
