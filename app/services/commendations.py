"""Commendations: drafted by one person, agreed by a body, published (Framework section 23)."""

from fastapi import Response

from app.access.caller import Caller
from app.errors import Invalid
from app.schemas.commendations import CommendationCreate, CommendationRead
from app.services.nameless import refuse_names_in
from app.services.records import creating, insert
from app.services.wording import texts_of


async def draft_commendation(caller: Caller, body: CommendationCreate) -> Response:
    """Draft a commendation. Raises `Invalid` where it is of nobody.

    The database refuses whoever commends the own agency.
    """
    if body.agency_id is None and body.team is None:
        raise Invalid.at("/agency_id")
    await refuse_names_in(caller, texts_of(body))
    async with creating(caller, CommendationRead, body) as creation:
        if creation.is_new:
            values = body.model_dump() | {"drafted_by_id": creation.db.actor.id}
            creation.id = await insert(creation.db, CommendationRead.table, values)
    return creation.response
