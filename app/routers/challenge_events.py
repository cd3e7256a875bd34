"""`/challenge-events`: members of the Board challenge each other's returns (section 15)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import PreconditionFailed, PreconditionRequired, responses
from app.models.challenge_events import ChallengeEvent, ChallengeEventStatus
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.challenge_events import (
    ChallengeEventCreate,
    ChallengeEventFilters,
    ChallengeEventRead,
    ChallengeEventTransitionCreate,
    ChallengeEventUpdate,
    ChallengePairingFilters,
    ChallengePairingRead,
    ChallengePairings,
    PairingsCreate,
)
from app.schemas.challenge_exchanges import (
    ExchangeCreate,
    ExchangeFilters,
    ExchangeRead,
    ExchangeUpdate,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.challenge_events import (
    NotPaired,
    challenge_agency,
    change_exchange,
    move_event_on,
)
from app.services.challenge_pairings import NotInRing, pair
from app.services.nested import page_of_moves, page_within
from app.services.records import page, show
from app.services.transitions import DecisionNeeded
from app.services.wording import RecordFixed, reword, word

router = APIRouter(tags=["challenge-events"])

EventId = Annotated[UUID, Path(description="The event.")]
ExchangeId = Annotated[UUID, Path(description="The exchange.")]
Read = Annotated[Caller, Requires(Scope.learning_read)]
Write = Annotated[Caller, Requires(Scope.challenges_write)]
OF_TEXTS = (UnresolvedIdentifiers, InvalidToken)
OF_EVENT, THIS_EVENT = "t.event_id = $3", "t.event_id = $4"
NOT_AGREED = frozenset(ChallengeEventStatus) - {
    ChallengeEventStatus.record_agreed,
    ChallengeEventStatus.closed,
}


@router.get("/challenge-events", response_model=Page[ChallengeEventRead])
async def list_challenge_events(
    caller: Read, filters: Annotated[ChallengeEventFilters, Query()]
) -> Response:
    """List challenge events, newest first."""
    return await page(caller, ChallengeEventRead, filters)


@router.post(
    "/challenge-events",
    status_code=201,
    response_model=ChallengeEventRead,
    responses=responses(*OF_TEXTS),
)
async def create_challenge_event(caller: Write, body: ChallengeEventCreate) -> Response:
    """Plan a challenge event on an audit. For the Business Office."""
    return await word(caller, ChallengeEventRead, body)


@router.get("/challenge-events/{event_id}", response_model=ChallengeEventRead)
async def read_challenge_event(caller: Read, event_id: EventId) -> Response:
    """Read one challenge event."""
    return await show(caller, ChallengeEventRead, event_id)


@router.patch(
    "/challenge-events/{event_id}",
    response_model=ChallengeEventRead,
    responses=responses(RecordFixed, *OF_TEXTS),
)
async def update_challenge_event(
    caller: Write, event_id: EventId, body: ChallengeEventUpdate
) -> Response:
    """Change an event, or write its record, until that is agreed."""
    return await reword(caller, ChallengeEventRead, event_id, body, NOT_AGREED)


@router.get("/challenge-events/{event_id}/transitions", response_model=Page[TransitionRead])
async def list_challenge_event_transitions(
    caller: Read, event_id: EventId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a challenge event, newest first."""
    return await page_of_moves(caller, ChallengeEvent, event_id, filters)


@router.post(
    "/challenge-events/{event_id}/transitions",
    status_code=201,
    response_model=TransitionRead,
    responses=responses(DecisionNeeded, *OF_TEXTS),
)
async def move_challenge_event(
    caller: Read, event_id: EventId, body: ChallengeEventTransitionCreate
) -> Response:
    """Move an event to another state; `allowed_transitions` says which you may choose.

    The Independent Chair agrees the record, or the Board by a decision: every commitment becomes a
    draft action. To close the event marks the moderated returns that were challenged.
    """
    return await move_event_on(caller, event_id, body)


@router.post(
    "/challenge-events/{event_id}/pairings",
    responses=responses(RecordFixed, NotInRing, PreconditionRequired, PreconditionFailed),
)
async def pair_agencies(
    caller: Write, event_id: EventId, body: PairingsCreate
) -> ChallengePairings:
    """Say who challenges whom, or have it computed; it takes the place of what was said before.

    Each agency that returned challenges one other, and one other challenges it. The same event
    and agencies give the same pairings.
    """
    return ChallengePairings(pairs=await pair(caller, event_id, body))


@router.get("/challenge-events/{event_id}/pairings", response_model=Page[ChallengePairingRead])
async def list_pairings(
    caller: Read, event_id: EventId, filters: Annotated[ChallengePairingFilters, Query()]
) -> Response:
    """List who challenges whom at an event, newest first."""
    return await page_within(
        caller, ChallengeEvent, event_id, ChallengePairingRead, filters, OF_EVENT
    )


@router.get("/challenge-events/{event_id}/exchanges", response_model=Page[ExchangeRead])
async def list_exchanges(
    caller: Read, event_id: EventId, filters: Annotated[ExchangeFilters, Query()]
) -> Response:
    """List what was asked at an event, newest first; until it is agreed, of your agency only."""
    return await page_within(caller, ChallengeEvent, event_id, ExchangeRead, filters, OF_EVENT)


@router.post(
    "/challenge-events/{event_id}/exchanges",
    status_code=201,
    response_model=ExchangeRead,
    responses=responses(NotPaired, *OF_TEXTS),
)
async def create_exchange(caller: Write, event_id: EventId, body: ExchangeCreate) -> Response:
    """Put a question to the agency that yours is paired with, about its return."""
    return await challenge_agency(caller, event_id, body)


@router.get("/challenge-events/{event_id}/exchanges/{exchange_id}", response_model=ExchangeRead)
async def read_exchange(caller: Read, event_id: EventId, exchange_id: ExchangeId) -> Response:
    """Read one exchange."""
    return await show(caller, ExchangeRead, exchange_id, THIS_EVENT, event_id)


@router.patch(
    "/challenge-events/{event_id}/exchanges/{exchange_id}",
    response_model=ExchangeRead,
    responses=responses(*OF_TEXTS),
)
async def update_exchange(
    caller: Write, event_id: EventId, exchange_id: ExchangeId, body: ExchangeUpdate
) -> Response:
    """Reply and commit, as the challenged agency; or grade, as who runs the event."""
    await show(caller, ExchangeRead, exchange_id, THIS_EVENT, event_id)
    return await change_exchange(caller, event_id, exchange_id, body)
