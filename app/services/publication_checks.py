"""The check of a publication: that nothing in it says who the people of the case are.

What is found is kept by place and kind, never as text. It is worked out apart from any
transaction, and written only if text and people are still the same. Framework section 16.
"""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.access.caller import ActorSession, Caller
from app.errors import ConcurrentChange, Conflict, NotFound
from app.models.publications import PublicationCheck
from app.privacy.errors import InvalidToken
from app.privacy.renditions import Inspector, Place
from app.schemas.publication_checks import AcceptedPlace, PublicationCheckRead
from app.services.publication_labels import inspector_of, label_people
from app.services.publications import Draft, as_json, draft_of
from app.services.records import render, update

FIRM = frozenset(
    "vault_string working_label masked_text identifier person_without_label token".split()
)
"""Findings that nobody can accept."""
OF_CASE = """
SELECT p.case_id, c.people_version, p.report_id IS NULL AS is_open,
    ARRAY(SELECT id FROM persons WHERE case_id = p.case_id ORDER BY number) AS people
FROM publications p JOIN cases c ON c.id = p.case_id WHERE p.id = $1
"""
RENDITION = "SELECT hash FROM actor.rendition($1)"
LOG = "SELECT actor.note('publication_checked', 'create_publication_check', $1, $2, $3, $4)"
LOG_KEPT = "SELECT actor.note('identifier_kept', 'create_publication_check', $1, $2, '{}', $3)"
CHECK = """
SELECT id FROM publication_checks WHERE id = $1 AND publication_id = $2 FOR UPDATE
"""


class CheckOutdated(Conflict):
    """The check found something, was confirmed already, or is of another text."""

    code = "check_outdated"


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a check came to, and of which text and people."""

    case_id: UUID
    people_version: int
    people: list[UUID]
    draft: Draft
    findings: list[Place]
    accepted: list[Place]
    warnings: list[Place]


async def inspect(
    caller: Caller, publication_id: UUID, accepted: list[AcceptedPlace]
) -> Inspection:
    """Check a publication as it stands. Raises `NotFound`, and `InvalidToken`.

    The latter is for an accepted place that is no finding, or whose finding nobody can accept.
    """
    async with caller.transaction() as db:
        row = await db.fetchrow(OF_CASE, publication_id)
        if row is None:
            raise NotFound
        if row["is_open"]:
            await label_people(db, row["case_id"], publication_id)
        draft = await draft_of(db, publication_id)
        inspector = await inspector_of(db, caller, row["case_id"])
    found = await asyncio.to_thread(_findings, inspector, draft)
    kept = [_accepted(inspector, draft, found, place) for place in accepted]
    return Inspection(
        case_id=row["case_id"],
        people_version=row["people_version"],
        people=row["people"],
        draft=draft,
        findings=[place for place in found if place not in kept],
        accepted=kept,
        warnings=await asyncio.to_thread(draft.warnings),
    )


async def keep_check(db: ActorSession, publication_id: UUID, inspection: Inspection) -> UUID:
    """Keep and log a check. Raises `ConcurrentChange` if text or people have changed since."""
    row = await db.fetchrow(OF_CASE, publication_id)
    rendition = await db.fetchrow(RENDITION, publication_id)
    of_now = row and rendition and (rendition["hash"], row["people_version"])
    if of_now != (inspection.draft.sha256, inspection.people_version):
        raise ConcurrentChange
    members = sorted({_member(pointer) for pointer in inspection.draft.texts})[:200]
    await db.fetchrow(LOG, inspection.case_id, publication_id, inspection.people[:1000], members)
    if inspection.accepted:
        kept = sorted({_member(place.pointer) for place in inspection.accepted})
        await db.fetchrow(LOG_KEPT, inspection.case_id, publication_id, kept)
    return await _insert(db, publication_id, inspection)


async def confirm_check(
    db: ActorSession, publication_id: UUID, check_id: UUID, sha256: str
) -> bytes:
    """Confirm a check as the second person; return it.

    Raises `NotFound`, `CheckOutdated`, and what PostgreSQL refuses of editors and the checker.
    """
    if await db.fetchrow(CHECK, check_id, publication_id) is None:
        raise NotFound
    check: dict[str, Any] = json.loads(await render(db, PublicationCheckRead, check_id))
    rendition = await db.fetchrow(RENDITION, publication_id)
    row = await db.fetchrow(OF_CASE, publication_id)
    if (
        not check["is_clean"]
        or check["second_person_confirmed_by_id"] is not None
        or rendition is None
        or {sha256, check["sha256"]} != {rendition["hash"]}
        or row is None
        or await _people_version(db, check_id) != row["people_version"]
    ):
        raise CheckOutdated
    await update(db, PublicationCheck, check_id, {"second_person_confirmed_by_id": db.actor.id})
    return await render(db, PublicationCheckRead, check_id)


async def _people_version(db: ActorSession, check_id: UUID) -> int:
    row = await db.fetchrow("SELECT people_version FROM publication_checks WHERE id = $1", check_id)
    return -1 if row is None else row["people_version"]


async def _insert(db: ActorSession, publication_id: UUID, inspection: Inspection) -> UUID:
    row = await db.fetchrow(
        KEEP,
        inspection.case_id,
        publication_id,
        inspection.draft.sha256,
        inspection.people_version,
        as_json(inspection.findings),
        as_json(inspection.accepted),
        as_json(inspection.warnings),
    )
    assert row is not None  # noqa: S101 - RETURNING returns or the statement raises
    made: UUID = row["id"]
    return made


KEEP = """
INSERT INTO publication_checks (case_id, publication_id, sha256, people_version, is_clean,
    findings, accepted, warnings, checked_by_id)
VALUES ($1, $2, $3, $4, $5::jsonb = '[]', $5, $6, $7, (SELECT actor.id())) RETURNING id
"""


def _findings(inspector: Inspector, draft: Draft) -> list[Place]:
    """Return what was found, in order, each place once."""
    found: dict[tuple[str, int, int], Place] = {}
    for pointer, rendered in draft.texts.items():
        for place in sorted(inspector.findings(pointer, rendered), key=_firm_first):
            found.setdefault(place[:3], place)
    return sorted(found.values())


def _firm_first(place: Place) -> bool:
    return place.kind not in FIRM


def _accepted(
    inspector: Inspector, draft: Draft, found: Iterable[Place], place: AcceptedPlace
) -> Place:
    for each in found:
        if each[:3] == (place.pointer, place.start, place.length) and each.kind not in FIRM:
            text = draft.texts[each.pointer].text
            if inspector.is_of_nobody(text, each.start, each.length):
                return each
    raise InvalidToken.at("/accepted")


def _member(pointer: str) -> str:
    return pointer[1:].replace("/", ".")
