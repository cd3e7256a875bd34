"""Vacancies: a chair that nobody holds, an agency of the Board that nobody speaks for there."""

from uuid import UUID

from fastapi import Response

from app.access.caller import ENTER, Caller
from app.errors import NotFound
from app.schemas.bodies import ACTIVE, CHAIR
from app.services.answering import JSON

UNSEATED = f"""
SELECT a.id FROM agencies a
WHERE t.kind = 'board' AND a.is_board_member
    AND coalesce(a.valid_from, '-infinity') <= current_date
    AND coalesce(a.valid_to, 'infinity') >= current_date
    AND NOT EXISTS (SELECT FROM memberships m WHERE {ACTIVE} AND m.agency_id = a.id)
ORDER BY a.id LIMIT 1000
"""
VACANCIES = f"""
{ENTER}
SELECT body.json FROM caller LEFT JOIN LATERAL (
    SELECT json_build_object('is_without_chair', {CHAIR} IS NULL,
        'agencies', array({UNSEATED}))::text AS json
    FROM bodies t WHERE t.id = $3 AND caller.id IS NOT NULL
) body ON true
"""


async def show_vacancies(caller: Caller, body_id: UUID) -> Response:
    """Answer with what is vacant in a body today. Raises `NotFound`."""
    row = await caller.fetchrow(VACANCIES, body_id)
    if row is None or row["json"] is None:
        raise NotFound
    return Response(row["json"], 200, media_type=JSON)
