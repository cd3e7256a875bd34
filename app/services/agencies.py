"""What hangs on an agency: its identifiers, and the agencies before it."""

from typing import Any
from uuid import UUID

from app.access.caller import ActorSession
from app.errors import UnknownReference

BY_IDENTIFIER = (
    "SELECT agency_id FROM agency_identifiers WHERE scheme = $1 AND value = $2"
    " ORDER BY valid_to DESC NULLS FIRST LIMIT 1"
)


async def find_by_identifier(db: ActorSession, identifier: dict[str, Any]) -> UUID:
    """Return the agency known by an identifier: today, or last. Raises `UnknownReference`."""
    row = await db.fetchrow(BY_IDENTIFIER, identifier["scheme"], identifier["value"])
    if row is None:
        raise UnknownReference
    found: UUID = row["agency_id"]
    return found


async def write_parts(
    db: ActorSession,
    agency_id: UUID,
    identifiers: list[dict[str, Any]] | None,
    predecessors: list[dict[str, Any]] | None,
) -> None:
    """Make identifiers and predecessors what they are given as; null leaves them as they are."""
    if identifiers is not None:
        await _write_identifiers(db, agency_id, identifiers)
    if predecessors is not None:
        await _write_predecessors(db, agency_id, predecessors)


async def _write_identifiers(
    db: ActorSession, agency_id: UUID, identifiers: list[dict[str, Any]]
) -> None:
    await db.fetch("DELETE FROM agency_identifiers WHERE agency_id = $1", agency_id)
    await db.fetch(
        "INSERT INTO agency_identifiers (agency_id, scheme, value, valid_to)"
        " SELECT $1, g.* FROM unnest($2::text[], $3::text[], $4::date[]) AS g",
        agency_id,
        [each["scheme"] for each in identifiers],
        [each["value"] for each in identifiers],
        [each["valid_to"] for each in identifiers],
    )


async def _write_predecessors(
    db: ActorSession, agency_id: UUID, predecessors: list[dict[str, Any]]
) -> None:
    await db.fetch("DELETE FROM agency_successions WHERE successor_id = $1", agency_id)
    for each in predecessors:
        await db.fetch(
            "INSERT INTO agency_successions (predecessor_id, successor_id, kind, effective_on)"
            " VALUES ($1, $2, $3, $4)",
            await find_by_identifier(db, each["identifier"]),
            agency_id,
            each["kind"],
            each["effective_on"],
        )
