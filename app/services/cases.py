"""Cases: opened with a key of their own (Framework sections 7 and 16)."""

from typing import Any
from uuid import UUID

from app.access.caller import ActorSession, Caller
from app.models.cases import Case
from app.services.casework import vault_of
from app.services.people import add_case_key
from app.services.records import insert


async def open_case(db: ActorSession, caller: Caller, values: dict[str, Any]) -> UUID:
    """Open a case and make its data key. Raises `Unavailable` without the keeper of keys."""
    case_id = await insert(db, Case, values)
    await add_case_key(db, vault_of(caller), case_id)
    return case_id
