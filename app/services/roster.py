"""Rosters: which agencies an audit asks, and on what basis (Framework section 15)."""

import json
from uuid import UUID

import asyncpg
from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Conflict, NotFound, UnknownReference
from app.models.agencies import DutyBasis
from app.models.instruments import AuditKind
from app.schemas.audits import RosterAdd, RosterAdded, RosterEntryRead, RosterSelection
from app.services.audits import PLANNED, RUNNING, ask_agencies
from app.services.records import check_tag, render

BASES: dict[AuditKind, tuple[DutyBasis, ...]] = {
    AuditKind.section_11: (
        DutyBasis.section_11,
        DutyBasis.section_55_bcia,
        DutyBasis.childcare_act_2006_s40,
        DutyBasis.contract,
        DutyBasis.voluntary,
    ),
    AuditKind.section_175: (
        DutyBasis.section_175,
        DutyBasis.section_157,
        DutyBasis.niss_regs_2015,
        DutyBasis.apprenticeships_act_2009,
        DutyBasis.childcare_act_2006_s40,
        DutyBasis.contract,
        DutyBasis.voluntary,
    ),
}
"""What an agency may owe an answer on, strongest first: the law before a contract or goodwill."""

LOCK = "SELECT id, kind, status, opens_on FROM audits WHERE id = $1 FOR UPDATE"
NAMED = """
SELECT '/agency_ids/' || n - 1 AS pointer, a.id
FROM unnest($1::uuid[]) WITH ORDINALITY AS given (id, n) LEFT JOIN agencies a ON a.id = given.id
UNION ALL
SELECT '/identifiers/' || n - 1, known.agency_id
FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS given (scheme, value, n)
LEFT JOIN LATERAL (
    SELECT i.agency_id FROM agency_identifiers i
    WHERE i.scheme = given.scheme AND i.value = given.value
    ORDER BY i.valid_to DESC NULLS FIRST LIMIT 1
) AS known ON true
"""
SELECTED = """
SELECT g.id FROM agencies g
WHERE ($1::text[] = '{}' OR g.sector = ANY ($1)) AND ($2::text[] = '{}' OR g.duty_bases && $2)
    AND ($3::uuid IS NULL OR g.area_id IN
        (SELECT a.id FROM areas a WHERE a.id = $3 OR a.part_of_id = $3))
    AND coalesce(g.valid_from, '-infinity') <= $4 AND coalesce(g.valid_to, 'infinity') >= $4
"""
ADD = """
WITH before AS MATERIALIZED (
    SELECT count(*) AS size, count(*) FILTER (WHERE agency_id = ANY ($2)) AS already_there
    FROM roster_entries WHERE audit_id = $1
), made AS (
    INSERT INTO roster_entries (audit_id, agency_id, duty_basis)
    SELECT $1, g.id, (SELECT b FROM unnest($3::text[]) WITH ORDINALITY AS fits (b, n)
        WHERE b = ANY (g.duty_bases) ORDER BY n LIMIT 1)
    FROM agencies g WHERE g.id = ANY ($2)
    ON CONFLICT ON CONSTRAINT roster_entries_audit_agency_key DO NOTHING
    RETURNING id
)
SELECT (SELECT count(*) FROM made) AS added, before.already_there,
    before.size + (SELECT count(*) FROM made) AS size FROM before
"""


class RosterFixed(Conflict):
    """Agencies join the roster until the audit closes, and leave it until the audit opens."""

    code = "roster_fixed"


async def add_to_roster(caller: Caller, audit_id: UUID, body: RosterAdd) -> RosterAdded:
    """Put agencies on a roster, all or none. In an audit that runs they are asked at once.

    Raises `NotFound`, `RosterFixed`, and `UnknownReference` at each agency that is not on record.
    """
    async with caller.transaction() as db:
        audit = await _lock(db, audit_id)
        if audit["status"] not in PLANNED | RUNNING:
            raise RosterFixed
        chosen = await _named(db, body)
        if body.select is not None:
            chosen += await _selected(db, body.select, audit)
        fits = list(BASES[AuditKind(audit["kind"])])
        done = await db.fetchrow(ADD, audit_id, chosen, fits)
        assert done is not None  # noqa: S101 - counts are always one row
        if audit["status"] in RUNNING:
            await ask_agencies(db, audit_id)
    return RosterAdded(**dict(done))


async def remove_from_roster(caller: Caller, audit_id: UUID, entry_id: UUID) -> Response:
    """Take an agency off a roster under `If-Match`. Raises `NotFound` and `RosterFixed`."""
    expected = caller.header("if-match")
    async with caller.transaction() as db:
        audit = await _lock(db, audit_id)
        body = await render(db, RosterEntryRead, entry_id)
        if json.loads(body)["audit_id"] != str(audit_id):
            raise NotFound
        check_tag(expected, body)
        if audit["status"] not in PLANNED:
            raise RosterFixed
        await db.fetch("DELETE FROM roster_entries WHERE id = $1", entry_id)
    return Response(status_code=204)


async def _lock(db: ActorSession, audit_id: UUID) -> asyncpg.Record:
    audit = await db.fetchrow(LOCK, audit_id)
    if audit is None:
        raise NotFound
    return audit


async def _named(db: ActorSession, body: RosterAdd) -> list[UUID]:
    schemes = [each.scheme for each in body.identifiers]
    values = [each.value for each in body.identifiers]
    rows = await db.fetch(NAMED, body.agency_ids, schemes, values)
    unknown = [row["pointer"] for row in rows if row["id"] is None]
    if unknown:
        raise UnknownReference.at_each(unknown)
    return [row["id"] for row in rows]


async def _selected(db: ActorSession, select: RosterSelection, audit: asyncpg.Record) -> list[UUID]:
    if select.area_id is not None and not await db.fetch(
        "SELECT FROM areas WHERE id = $1", select.area_id
    ):
        raise UnknownReference.at("/select/area_id")
    day = select.existing_on or audit["opens_on"]
    rows = await db.fetch(SELECTED, select.sectors, select.duty_bases, select.area_id, day)
    return [row["id"] for row in rows]
