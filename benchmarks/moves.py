"""What one kind of caller may do with a response, worked out beforehand for the other versions."""

from collections.abc import Iterable
from functools import cache

from app.access.roles import CLIENT_SCOPES, ROLES
from app.lifecycle import Move
from app.models.audits import RESPONSE_LIFECYCLE

BUSINESS_OFFICE = ROLES["bo_manager"].capabilities
AGENCY_SYSTEM = frozenset(map(str, CLIENT_SCOPES))


@cache
def moves(capabilities: frozenset[str], *, is_own: bool) -> dict[str, list[Move]]:
    """Return the moves that a caller may make, by the state they start from."""
    found: dict[str, list[Move]] = {}
    for move in RESPONSE_LIFECYCLE.moves:
        if move.needs not in capabilities or (move.is_own if not is_own else move.is_others):
            continue
        found.setdefault(move.source, []).append(move)
    return found


def as_sql(found: dict[str, list[Move]]) -> str:
    """Write them as one expression over `t`."""
    cases = "".join(f" WHEN '{source}' THEN {_targets(of)}" for source, of in found.items())
    return f"CASE t.status{cases} ELSE '[]'::json END"


def _targets(of: Iterable[Move]) -> str:
    items = ", ".join(
        f"CASE WHEN {move.condition} THEN '{move.target}' END"
        if move.condition
        else f"'{move.target}'"
        for move in of
    )
    return f"array_to_json(array_remove(ARRAY[{items}]::text[], NULL))"
