"""Areas and agencies from registers: found by their codes, made if new, changed if they differ.

Members that a row leaves out stay as they are. Identifiers and predecessors are added to those on
record, because registers know different ones of the same agency.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from app.access.caller import ActorSession
from app.errors import Conflict, Invalid
from app.models.agencies import Agency
from app.models.areas import Area
from app.models.imports import RowOutcome
from app.schemas.agencies import AgencyCreate
from app.schemas.areas import AreaCreate
from app.services.agencies import find_by_identifier, write_parts
from app.services.areas import write_predecessors
from app.services.records import insert, update

AREA = (
    "SELECT t.*, ARRAY(SELECT p.gss_code FROM area_successions s JOIN areas p"
    " ON p.id = s.predecessor_id WHERE s.successor_id = t.id) AS codes"
    " FROM areas t WHERE t.gss_code = $1"
)
AGENCIES = (
    "SELECT t.*, ARRAY(SELECT ROW(i.scheme, i.value, i.valid_to) FROM agency_identifiers i"
    " WHERE i.agency_id = t.id) AS known FROM agencies t WHERE t.id IN ("
    "SELECT i.agency_id FROM agency_identifiers i"
    " JOIN unnest($1::text[], $2::text[], $3::date[]) AS g (scheme, value, valid_to)"
    " USING (scheme, value) WHERE i.valid_to IS NULL OR i.valid_to = g.valid_to)"
)
SUCCEED = (
    "INSERT INTO agency_successions AS s (predecessor_id, successor_id, kind, effective_on)"
    " VALUES ($1, $2, $3, $4) ON CONFLICT (predecessor_id, successor_id) DO UPDATE"
    " SET kind = excluded.kind, effective_on = excluded.effective_on"
    " WHERE (s.kind, s.effective_on) IS DISTINCT FROM (excluded.kind, excluded.effective_on)"
    " RETURNING id"
)


class AmbiguousIdentifiers(Conflict):
    """The identifiers belong to more than one agency on record."""

    code = "ambiguous_identifiers"


class IdentifierNeeded(Invalid):
    """A row of a register says by which code its record is found again."""

    code = "identifier_needed"


async def write_area(db: ActorSession, body: AreaCreate) -> tuple[UUID, RowOutcome]:
    """Record an area, or what has changed of it, by its GSS code. Raises `ApiError`."""
    if body.gss_code is None:
        raise IdentifierNeeded.at("/gss_code")
    values = body.model_dump(exclude_unset=True)
    codes: list[str] = values.pop("predecessors", [])
    found = await db.fetchrow(AREA, body.gss_code)
    if found is None:
        area_id = await insert(db, Area, values)
        await write_predecessors(db, area_id, codes)
        return area_id, RowOutcome.accepted
    area_id, changed = found["id"], _changes(found, values)
    await update(db, Area, area_id, changed)
    if not set(codes) <= set(found["codes"]):
        await write_predecessors(db, area_id, [*dict.fromkeys([*found["codes"], *codes])])
        changed["predecessors"] = codes
    return area_id, RowOutcome.accepted if changed else RowOutcome.unchanged


async def write_agency(db: ActorSession, body: AgencyCreate) -> tuple[UUID, RowOutcome]:
    """Record an agency, or what has changed of it, by any of its identifiers.

    Raises `ApiError`.
    """
    if not body.identifiers:
        raise IdentifierNeeded.at("/identifiers")
    values = body.model_dump(exclude_unset=True, exclude={"identifiers", "predecessors"})
    identifiers = [each.model_dump() for each in body.identifiers]
    predecessors = [each.model_dump() for each in body.predecessors]
    found = await _find_agency(db, identifiers)
    if found is None:
        agency_id = await insert(db, Agency, values)
        known: list[dict[str, Any]] = []
    else:
        agency_id, known = found["id"], [_identifier(each) for each in found["known"]]
        values = _changes(found, values)
        await update(db, Agency, agency_id, values)
    merged = _merge(known, identifiers)
    if merged != known:
        await write_parts(db, agency_id, merged, None)
    has_new = await _write_predecessors(db, agency_id, predecessors)
    is_same = found is not None and not values and merged == known and not has_new
    return agency_id, RowOutcome.unchanged if is_same else RowOutcome.accepted


async def _find_agency(
    db: ActorSession, identifiers: Sequence[dict[str, Any]]
) -> asyncpg.Record | None:
    """Return the agency that has one of these identifiers. Raises `AmbiguousIdentifiers`."""
    members = ("scheme", "value", "valid_to")
    found = await db.fetch(AGENCIES, *([each[name] for each in identifiers] for name in members))
    if len(found) > 1:
        raise AmbiguousIdentifiers.at("/identifiers")
    return found[0] if found else None


def _changes(found: asyncpg.Record, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if found[name] != value}


def _identifier(row: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(("scheme", "value", "valid_to"), row, strict=True))


def _merge(known: list[dict[str, Any]], given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add identifiers to those known; one that is known takes over the day it ended."""
    merged = {(each["scheme"], each["value"]): each for each in known}
    for each in given:
        merged[each["scheme"], each["value"]] = each
    return [*merged.values()]


async def _write_predecessors(
    db: ActorSession, agency_id: UUID, predecessors: Sequence[dict[str, Any]]
) -> bool:
    """Add predecessors to those on record; tell whether one was new or different."""
    has_new = False
    for each in predecessors:
        predecessor_id = await find_by_identifier(db, each["identifier"])
        row = await db.fetchrow(
            SUCCEED, predecessor_id, agency_id, each["kind"], each["effective_on"]
        )
        has_new = has_new or row is not None
    return has_new
