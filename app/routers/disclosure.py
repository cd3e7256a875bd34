"""Disclosure: undertakings, grants that another person approves, and look-ups. All of it logged.

Framework section 7.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.scopes import Scope
from app.errors import TooManyLookUps, responses
from app.models.disclosure import GRANT_LIFECYCLE, DisclosureGrant, PersonLookup, Undertaking
from app.pagination import Page
from app.privacy.errors import InvalidToken, UnresolvedIdentifiers
from app.schemas.disclosure import (
    DisclosureGrantCreate,
    DisclosureGrantFilters,
    DisclosureGrantRead,
    DisclosureGrantTransitionCreate,
    FoundPerson,
    PersonLookupCreate,
    PersonLookupFilters,
    PersonLookupRead,
    PersonLookupResult,
    UndertakingCreate,
    UndertakingFilters,
    UndertakingRead,
)
from app.schemas.transitions import TransitionFilters, TransitionRead
from app.services.casework import refuse_names
from app.services.grants import NoUndertaking, macs_of, refuse_unknown_gateway, request_grant
from app.services.nested import page_of_moves
from app.services.records import creating, insert, page, show
from app.services.transitions import move

router = APIRouter(tags=["disclosure"])

GrantId = Annotated[UUID, Path(description="The grant.")]
LookupId = Annotated[UUID, Path(description="The look-up.")]
UndertakingId = Annotated[UUID, Path(description="The undertaking.")]
Me = Annotated[Caller, Requires(Scope.me)]
Read = Annotated[Caller, Requires(Scope.disclosure_grants_read)]
Ask = Annotated[Caller, Requires(Scope.disclosure_grants_write)]
LookUp = Annotated[Caller, Requires(Scope.person_lookups_write)]
LOOK_UP = "SELECT * FROM actor.look_up($1, $2, $3)"


@router.get("/undertakings", response_model=Page[UndertakingRead])
async def list_undertakings(
    caller: Me, filters: Annotated[UndertakingFilters, Query()]
) -> Response:
    """List undertakings: your own, or all for who approves grants; newest first."""
    return await page(caller, UndertakingRead, filters)


@router.post("/undertakings", status_code=201, response_model=UndertakingRead)
async def create_undertaking(caller: Me, body: UndertakingCreate) -> Response:
    """Undertake to keep confidential what is disclosed to you, for a year."""
    async with creating(caller, UndertakingRead, body) as creation:
        if creation.is_new:
            values = {"user_id": creation.db.actor.id, "version": body.version}
            creation.id = await insert(creation.db, Undertaking, values)
    return creation.response


@router.get("/undertakings/{undertaking_id}", response_model=UndertakingRead)
async def read_undertaking(caller: Me, undertaking_id: UndertakingId) -> Response:
    """Read one undertaking."""
    return await show(caller, UndertakingRead, undertaking_id)


@router.get("/disclosure-grants", response_model=Page[DisclosureGrantRead])
async def list_disclosure_grants(
    caller: Read, filters: Annotated[DisclosureGrantFilters, Query()]
) -> Response:
    """List grants: those you asked for, or all for who approves them; newest first."""
    return await page(caller, DisclosureGrantRead, filters)


@router.post(
    "/disclosure-grants",
    status_code=201,
    response_model=DisclosureGrantRead,
    responses=responses(NoUndertaking, UnresolvedIdentifiers, InvalidToken),
)
async def create_disclosure_grant(caller: Ask, body: DisclosureGrantCreate) -> Response:
    """Ask for leave to see who some people of a case are. Another person approves it.

    An emergency needs no approval: it lasts four hours, approvers are told by mail at once, and
    one of them reviews it within two working days.
    """
    async with creating(caller, DisclosureGrantRead, body) as creation:
        if creation.is_new:
            creation.id = await request_grant(creation.db, caller, body)
    return creation.response


@router.get("/disclosure-grants/{grant_id}", response_model=DisclosureGrantRead)
async def read_disclosure_grant(caller: Read, grant_id: GrantId) -> Response:
    """Read one grant: how often it was used, and what you may do with it now."""
    return await show(caller, DisclosureGrantRead, grant_id)


@router.get("/disclosure-grants/{grant_id}/transitions", response_model=Page[TransitionRead])
async def list_disclosure_grant_transitions(
    caller: Read, grant_id: GrantId, filters: Annotated[TransitionFilters, Query()]
) -> Response:
    """List the moves of a grant, newest first."""
    return await page_of_moves(caller, DisclosureGrant, grant_id, filters)


@router.post(
    "/disclosure-grants/{grant_id}/transitions", status_code=201, response_model=TransitionRead
)
async def move_disclosure_grant(
    caller: Read, grant_id: GrantId, body: DisclosureGrantTransitionCreate
) -> Response:
    """Approve, refuse, revoke or review a grant; what was asked cannot be changed with it."""
    return await move(
        caller,
        DisclosureGrantRead,
        GRANT_LIFECYCLE,
        grant_id,
        body.to,
        body.reason,
        resolutions=body.resolutions,
    )


@router.get("/person-lookups", response_model=Page[PersonLookupRead])
async def list_person_lookups(
    caller: LookUp, filters: Annotated[PersonLookupFilters, Query()]
) -> Response:
    """List look-ups: your own, or all for who approves grants; newest first."""
    return await page(caller, PersonLookupRead, filters)


@router.post(
    "/person-lookups",
    status_code=201,
    response_model=PersonLookupResult,
    responses=responses(TooManyLookUps, UnresolvedIdentifiers),
)
async def create_person_lookup(caller: LookUp, body: PersonLookupCreate) -> Response:
    """Ask whether a person is known, by one identifier: at most twenty times an hour, each logged.

    What you send is compared as a keyed hash and not kept. Found are people of cases that you may
    know of. Sent again under the same key it is answered by the record alone, with nobody found.
    """
    refuse_unknown_gateway(body.gateway)
    await refuse_names(caller, None, "/purpose", body.purpose)
    kind, macs = await macs_of(caller, body)
    found: list[FoundPerson] = []
    async with creating(caller, PersonLookupRead, body) as creation:
        if creation.is_new:
            asked = {
                "requested_by_id": creation.db.actor.id,
                "kind": kind,
                "gateway": body.gateway,
                "purpose": body.purpose,
            }
            creation.id = await insert(creation.db, PersonLookup, asked)
            rows = await creation.db.fetch(LOOK_UP, creation.id, kind, macs)
            found = [FoundPerson(**dict(row)) for row in rows]
    return _with_found(creation.response, found)


def _with_found(response: Response, found: list[FoundPerson]) -> Response:
    people = b",".join(each.model_dump_json().encode() for each in found)
    body = bytes(response.body)[:-1] + b',"found":[' + people + b"]}"
    headers = {name: response.headers[name] for name in ("location",)}
    return Response(body, 201, headers, "application/json")


@router.get("/person-lookups/{lookup_id}", response_model=PersonLookupRead)
async def read_person_lookup(caller: LookUp, lookup_id: LookupId) -> Response:
    """Read that somebody looked a person up, and what for."""
    return await show(caller, PersonLookupRead, lookup_id)
