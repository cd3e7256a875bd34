"""Oneself: who I am, what I may do, my password and my second factor."""

from typing import Annotated

from fastapi import APIRouter, Response

from app.access.caller import ENTER, Caller, Requires
from app.access.errors import NoSecondFactor, ProofRefused, SecondFactorExists, WeakPassword
from app.access.scopes import Scope
from app.access.second_factor import SecondFactor
from app.access.sign_in import SigningIn
from app.errors import NotFound, responses
from app.privacy.projection import statement
from app.schemas.sign_in import (
    IssuedRecoveryCodes,
    PasswordChange,
    TotpConfirmation,
    TotpProposal,
    TotpProposed,
    TotpRemoval,
)
from app.schemas.users import MeRead
from app.services.records import answer

router = APIRouter(prefix="/me", tags=["me"])

Me = Annotated[Caller, Requires(Scope.me)]
ME = (
    f"{ENTER} SELECT row_to_json(r)::text AS json FROM caller CROSS JOIN LATERAL"
    f" ({statement(MeRead)} WHERE t.id = caller.id LIMIT 1) r"
)


@router.get("", response_model=MeRead)
async def read_me(caller: Me) -> Response:
    """Read who I am and what I may do."""
    row = await caller.fetchrow(ME)
    if row is None:
        raise NotFound
    return answer(row["json"].encode())


@router.post("/password", status_code=204, responses=responses(ProofRefused, WeakPassword))
async def change_password(caller: Me, sign_in: SigningIn, body: PasswordChange) -> None:
    """Change my password; every other session of mine ends."""
    await sign_in.change_password(caller, body.current_password, body.new_password)


@router.post(
    "/totp", response_model=TotpProposed, responses=responses(ProofRefused, SecondFactorExists)
)
async def propose_second_factor(caller: Me, sign_in: SigningIn, body: TotpProposal) -> Response:
    """Set up a second factor (TOTP). It counts once its first code has confirmed it."""
    _, account = await sign_in.person(caller)
    if account.has_second_factor:
        raise SecondFactorExists
    await sign_in.prove(account.email, body.current_password)
    async with sign_in.service.transaction() as db:
        uri = await SecondFactor(sign_in.secret_key, account).propose(db)
    proposed = TotpProposed(provisioning_uri=uri)
    return Response(proposed.model_dump_json(), media_type="application/json")


@router.post(
    "/totp/confirm",
    response_model=IssuedRecoveryCodes,
    responses=responses(ProofRefused, SecondFactorExists, NoSecondFactor),
)
async def confirm_second_factor(caller: Me, sign_in: SigningIn, body: TotpConfirmation) -> Response:
    """Confirm the second factor by its first code; answers with codes for its loss."""
    _, account = await sign_in.person(caller)
    if account.has_second_factor:
        raise SecondFactorExists
    if account.totp_secret is None:
        raise NoSecondFactor
    await sign_in.check_code(account, body.totp_code)
    async with sign_in.service.transaction() as db:
        codes = await SecondFactor(sign_in.secret_key, account).confirm(db)
    confirmed = IssuedRecoveryCodes(recovery_codes=codes)
    return Response(confirmed.model_dump_json(), media_type="application/json")


@router.post("/totp/removal", status_code=204, responses=responses(ProofRefused, NoSecondFactor))
async def remove_second_factor(caller: Me, sign_in: SigningIn, body: TotpRemoval) -> None:
    """Do without my second factor from now on; takes the password and a code."""
    _, account = await sign_in.person(caller)
    if not account.has_second_factor:
        raise NoSecondFactor
    await sign_in.prove(account.email, body.current_password)
    await sign_in.check_code(account, body.totp_code, body.recovery_code)
    async with sign_in.service.transaction() as db:
        await SecondFactor(sign_in.secret_key, account).remove(db)
