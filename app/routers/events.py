"""`/events`: what happened to records that the caller may read, in order, for catching up.

The same events go out to webhooks (`/subscriptions`). Framework section 8.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.schemas.event_feed import FeedEventFilters, FeedPage
from app.services.event_feed import follow

router = APIRouter(tags=["events"])

Read = Annotated[Caller, Requires(Scope.event_feed_read)]


@router.get("/events", response_model=FeedPage)
async def list_events(caller: Read, filters: Annotated[FeedEventFilters, Query()]) -> Response:
    """List what happened to records that you may read, oldest first, from where you were.

    Go on with `next_cursor` while there is one, though a page may be empty; come back later with
    `position` as `cursor`. Events name the record and hold nothing of it.
    """
    return await follow(caller, filters)
