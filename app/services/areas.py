"""What hangs on an area: the areas it went on from."""

from uuid import UUID

from app.access.caller import ActorSession
from app.errors import UnknownReference

UNKNOWN = (
    "SELECT '/predecessors/' || n - 1 AS pointer"
    " FROM unnest($1::text[]) WITH ORDINALITY AS given (code, n)"
    " WHERE NOT EXISTS (SELECT FROM areas WHERE gss_code = given.code) ORDER BY n LIMIT 50"
)
SUCCEED = (
    "INSERT INTO area_successions (predecessor_id, successor_id)"
    " SELECT id, $1 FROM areas WHERE gss_code = ANY ($2::text[])"
)


async def write_predecessors(db: ActorSession, area_id: UUID, gss_codes: list[str] | None) -> None:
    """Make the predecessors what they are given as; null leaves them as they are.

    Raises `UnknownReference` at each code that no area has.
    """
    if gss_codes is None:
        return
    unknown = await db.fetch(UNKNOWN, gss_codes)
    if unknown:
        raise UnknownReference.at_each(row["pointer"] for row in unknown)
    await db.fetch("DELETE FROM area_successions WHERE successor_id = $1", area_id)
    await db.fetch(SUCCEED, area_id, gss_codes)
