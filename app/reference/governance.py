"""The bodies and priorities that the framework names, for every installation to begin with.

Framework section 13 and its list of priorities. They are only added: what a board has made of
them since stays as it is.
"""

import json
from collections.abc import Sequence
from typing import Any

from app.reference.shipped import read

BODY_SQL = """
INSERT INTO bodies (code, name, kind, parent_id, quorum, member_role, chair_role, valid_from)
VALUES ($1, $2, $3, (SELECT id FROM bodies WHERE code = $4), $5, $6, $7, '2004-11-15')
ON CONFLICT DO NOTHING
"""
PRIORITY_SQL = """
INSERT INTO priorities (code, title, status) VALUES ($1, $2, 'active') ON CONFLICT DO NOTHING
"""


def governance_rows() -> list[tuple[str, Sequence[Sequence[object]]]]:
    """Return the statements that add them, with their rows; a parent comes before its children."""
    bodies: list[dict[str, Any]] = json.loads(read("bodies.json"))
    priorities: list[dict[str, Any]] = json.loads(read("priorities.json"))
    return [
        (BODY_SQL, [tuple(body.values()) for body in bodies]),
        (PRIORITY_SQL, [tuple(priority.values()) for priority in priorities]),
    ]
