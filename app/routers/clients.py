"""Agency systems: who they are, their secrets, and keeping a whole agency out (section 15).

The manager of the Business Office and the operator register them. A system acts for one agency,
with scopes of an agency at most: never with a capability of the Board.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.caller import Caller, Requires
from app.access.errors import TooManySecrets
from app.access.registration import register_client
from app.access.scopes import Scope
from app.access.sign_in import SigningIn
from app.errors import NotFound, responses
from app.models.access import Client, Principal
from app.pagination import Page
from app.schemas.clients import (
    AgencySuspensionCreate,
    AgencySuspensionFilters,
    AgencySuspensionRead,
    ClientCreate,
    ClientFilters,
    ClientRead,
    ClientRegistered,
    ClientUpdate,
    SecretCreate,
    SecretFilters,
    SecretIssued,
    SecretRead,
    network,
)
from app.services.client_secrets import add_secret, revoke_secret
from app.services.records import (
    changing,
    create,
    creating,
    page,
    patch,
    remove,
    show,
    update,
)
from app.services.revealing import revealing

router = APIRouter(tags=["clients"])

ClientId = Annotated[UUID, Path(description="The system.")]
KeyId = Annotated[UUID, Path(description="The secret.")]
SuspensionId = Annotated[UUID, Path(description="The suspension.")]
Read = Annotated[Caller, Requires(Scope.clients_read)]
Write = Annotated[Caller, Requires(Scope.clients_write)]


def _with_networks(values: dict[str, Any]) -> dict[str, Any]:
    """Read the allowed addresses, where there are any."""
    if "allowed_addresses" in values:
        values["allowed_addresses"] = [network(each) for each in values["allowed_addresses"]]
    return values


@router.get("/clients", response_model=Page[ClientRead])
async def list_clients(caller: Read, filters: Annotated[ClientFilters, Query()]) -> Response:
    """List the systems of agencies, newest first."""
    return await page(caller, ClientRead, filters)


@router.post("/clients", status_code=201, response_model=ClientRegistered)
async def create_client(caller: Write, body: ClientCreate) -> Response:
    """Register a system of an agency. The answer shows its secret, this once."""
    secret = None
    async with creating(caller, ClientRead, body) as creation:
        if creation.is_new:
            values = _with_networks(body.model_dump())
            creation.id, made = await register_client(creation.db, **values)
            secret = made.text
    return revealing(creation.response, client_id=str(creation.id), client_secret=secret)


@router.get("/clients/{client_id}", response_model=ClientRead)
async def read_client(caller: Read, client_id: ClientId) -> Response:
    """Read one system."""
    return await show(caller, ClientRead, client_id)


@router.patch("/clients/{client_id}", response_model=ClientRead)
async def update_client(
    caller: Write, sign_in: SigningIn, client_id: ClientId, body: ClientUpdate
) -> Response:
    """Change a system, or switch its access off and on.

    Other scopes and switching off end its access tokens at once.
    """
    async with changing(caller, ClientRead, client_id, body) as changed:
        values = _with_networks(patch(body))
        access = {name: values.pop(name) for name in ("is_active",) if name in values}
        await update(changed.db, Client, client_id, values)
        await update(changed.db, Principal, client_id, access)
    if "scopes" in values or access.get("is_active") is False:
        await sign_in.end_all(client_id)
    return changed.response


@router.get("/clients/{client_id}/secrets", response_model=Page[SecretRead])
async def list_client_secrets(
    caller: Write, client_id: ClientId, filters: Annotated[SecretFilters, Query()]
) -> Response:
    """List the secrets of a system, newest first, without what they are."""
    return await page(caller, SecretRead, filters, where="t.client_id = $3", args=(client_id,))


@router.post(
    "/clients/{client_id}/secrets",
    status_code=201,
    response_model=SecretIssued,
    responses=responses(TooManySecrets),
)
async def create_client_secret(caller: Write, client_id: ClientId, body: SecretCreate) -> Response:
    """Make a new secret; the older one goes on working for `overlap_hours`.

    At most two are live. The answer shows the new one, this once.
    """
    text = None
    async with creating(caller, SecretRead, body) as creation:
        if creation.is_new:
            made = await add_secret(creation.db, client_id, body.secret_days, body.overlap_hours)
            creation.id, text = made.id, made.text
    return revealing(creation.response, client_secret=text)


@router.get("/clients/{client_id}/secrets/{key_id}", response_model=SecretRead)
async def read_client_secret(caller: Write, client_id: ClientId, key_id: KeyId) -> Response:
    """Read one secret of a system, without what it is."""
    return await show(caller, SecretRead, key_id, "t.client_id = $4", client_id)


@router.delete(
    "/clients/{client_id}/secrets/{key_id}",
    status_code=204,
    openapi_extra={"x-unconditional": True},
)
async def delete_client_secret(
    caller: Write, sign_in: SigningIn, client_id: ClientId, key_id: KeyId
) -> None:
    """Revoke a secret; the access tokens of its system end at once."""
    async with caller.transaction() as db:
        if not await revoke_secret(db, client_id, key_id):
            raise NotFound
    await sign_in.end_all(client_id)


@router.get("/agency-suspensions", response_model=Page[AgencySuspensionRead])
async def list_agency_suspensions(
    caller: Write, filters: Annotated[AgencySuspensionFilters, Query()]
) -> Response:
    """List the agencies that are kept out, newest first."""
    return await page(caller, AgencySuspensionRead, filters)


@router.post("/agency-suspensions", status_code=201, response_model=AgencySuspensionRead)
async def create_agency_suspension(caller: Write, body: AgencySuspensionCreate) -> Response:
    """Keep everybody and every system of an agency out, from the next request."""
    return await create(caller, AgencySuspensionRead, body.model_dump())


@router.get("/agency-suspensions/{suspension_id}", response_model=AgencySuspensionRead)
async def read_agency_suspension(caller: Write, suspension_id: SuspensionId) -> Response:
    """Read why an agency is kept out."""
    return await show(caller, AgencySuspensionRead, suspension_id)


@router.delete("/agency-suspensions/{suspension_id}", status_code=204)
async def delete_agency_suspension(caller: Write, suspension_id: SuspensionId) -> Response:
    """Let an agency in again."""
    return await remove(caller, AgencySuspensionRead, suspension_id)
