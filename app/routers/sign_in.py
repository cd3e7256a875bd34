"""Signing in: sessions, passwords and one-time links of people."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from app.access import sessions
from app.access.caller import Caller, Requires
from app.access.errors import (
    InvalidCredentials,
    InvalidLink,
    NoSecondFactor,
    ProofRefused,
    SecondFactorRequired,
    WeakPassword,
)
from app.access.scopes import Scope
from app.access.sign_in import SigningIn
from app.errors import NotFound, responses
from app.models.access import LinkPurpose
from app.pagination import Page
from app.schemas.sign_in import (
    LogIn,
    NewPasswordByLink,
    PasswordReset,
    SessionFilters,
    SessionRead,
    SessionStarted,
    SteppedUp,
    StepUp,
)
from app.services.invitations import mail_reset
from app.services.records import page

router = APIRouter(tags=["sign-in"])

Me = Annotated[Caller, Requires(Scope.me)]
SessionId = Annotated[UUID, Path(description="The session.")]
UNCONDITIONAL = {"x-unconditional": True}
"""Access ends whatever has changed in between: no `If-Match`."""
LIVE = (
    "t.kind = 'session' AND t.revoked_at IS NULL AND t.expires_at > now()"
    " AND (t.idle IS NULL OR t.last_seen_at + t.idle > now())"
)


@router.post(
    "/sessions",
    status_code=201,
    response_model=SessionStarted,
    responses=responses(InvalidCredentials, SecondFactorRequired),
)
async def log_in(sign_in: SigningIn, body: LogIn) -> Response:
    """Log in with e-mail address and password, and with a code where there is a second factor.

    Unknown addresses, wrong passwords and accounts that are switched off answer alike. After five
    failures for an address, known or not, each answer is 429 for a while that doubles, up to a
    quarter of an hour; never for ever.
    """
    begun = await sign_in.log_in(body.email, body.password, body.totp_code, body.recovery_code)
    started = SessionStarted(
        id=begun.id,
        token=begun.token,
        token_type="Bearer",  # noqa: S106 - a kind of token
        expires_at=begun.expires_at,
        idle_minutes=sign_in.settings.session_idle_minutes,
    )
    headers = {"Location": f"/v1/sessions/{begun.id}"}
    return Response(started.model_dump_json(), 201, headers, "application/json")


@router.get("/sessions", response_model=Page[SessionRead])
async def list_sessions(caller: Me, filters: Annotated[SessionFilters, Query()]) -> Response:
    """List one's own sessions that have not ended, newest first."""
    return await page(caller, SessionRead, filters, where=LIVE)


@router.delete("/sessions/current", status_code=204, openapi_extra=UNCONDITIONAL)
async def log_out(caller: Me) -> None:
    """Log out: end this session, or this access token, at once."""
    async with caller.transaction() as db:
        await db.fetchrow(sessions.END_CURRENT, db.actor.token_id)


@router.delete("/sessions/{session_id:uuid}", status_code=204, openapi_extra=UNCONDITIONAL)
async def delete_session(caller: Me, session_id: SessionId) -> None:
    """End one of one's own sessions at once."""
    async with caller.transaction() as db:
        if await db.fetchrow(sessions.END, session_id) is None:
            raise NotFound


@router.post(
    "/sessions/step-up",
    response_model=SteppedUp,
    responses=responses(ProofRefused, NoSecondFactor),
)
async def step_up(caller: Me, sign_in: SigningIn, body: StepUp) -> Response:
    """Show the second factor again, for operations that ask for it to be fresh."""
    actor, account = await sign_in.person(caller)
    if not account.has_second_factor:
        raise NoSecondFactor
    await sign_in.check_code(account, body.totp_code)
    stepped_up = SteppedUp(stepped_up_at=await sign_in.step_up(actor.token_id))
    return Response(stepped_up.model_dump_json(), media_type="application/json")


@router.post("/password-resets", status_code=202, response_class=Response)
async def reset_password(sign_in: SigningIn, request: Request, body: PasswordReset) -> Response:
    """Ask for a mail with a one-time link, after a password was forgotten.

    The answer is the same, and takes the same time, whether or not there is such an account.
    """
    await sign_in.admit()
    request.app.state.errands.run(mail_reset(sign_in, body.email))
    return Response(status_code=202)


@router.post(
    "/password-resets/confirm", status_code=204, responses=responses(InvalidLink, WeakPassword)
)
async def confirm_password_reset(sign_in: SigningIn, body: NewPasswordByLink) -> None:
    """Set a new password by a one-time link, and end every session of the account.

    A second factor stays as it is.
    """
    await sign_in.redeem(body.token, LinkPurpose.password_reset, body.new_password)


@router.post("/invitations/accept", status_code=204, responses=responses(InvalidLink, WeakPassword))
async def accept_invitation(sign_in: SigningIn, body: NewPasswordByLink) -> None:
    """Accept an invitation by choosing a password.

    Whoever was invited again starts anew: sessions end, and a second factor is taken away.
    """
    await sign_in.redeem(body.token, LinkPurpose.invitation, body.new_password)
