"""Signing in: who somebody is, found out by a service that alone can read what proves it.

It acts as the service `sign-in`, whose token is worked out from the installation's key. Each step
is a transaction of its own: none is open while a password is hashed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from app.access import links, sessions
from app.access.addresses import Address, client_address
from app.access.caller import Actor, ActorSession, Caller
from app.access.errors import (
    InvalidCredentials,
    InvalidLink,
    ProofRefused,
    SecondFactorRequired,
)
from app.access.passwords import Hashing
from app.access.people import People
from app.access.scopes import Capability
from app.access.second_factor import SecondFactor
from app.access.sessions import Session
from app.access.throttle import Throttle, refuse
from app.access.tokens import derived_key, hash_of, service_token
from app.database import Database
from app.errors import Forbidden, Unauthenticated
from app.models.access import Account, LinkPurpose
from app.settings import Settings


def sign_in_service(database: Database, secret_key: bytes) -> Caller:
    """Return the service `sign-in` as a caller."""
    token = service_token(secret_key, "sign-in")
    key = derived_key(secret_key, "cursors")
    return Caller(database, hash_of(token), Capability.authenticate, key)


@dataclass(frozen=True, slots=True)
class SignIn:
    """The sign-in service at work for one request."""

    service: Caller
    secret_key: bytes
    settings: Settings
    hashing: Hashing
    throttle: Throttle
    address: Address | None

    async def admit(self) -> None:
        """Count an attempt from this address. Raises `TooManyRequests`."""
        async with self.service.transaction() as db:
            wait = await self.throttle.spend(db)
        refuse(wait)

    async def log_in(
        self, email: str, password: str, totp_code: str | None, recovery_code: str | None
    ) -> Session:
        """Begin a session. Raises `InvalidCredentials` and `SecondFactorRequired`."""
        await self.admit()
        try:
            account = await self.prove(email, password)
            if account.has_second_factor:
                if totp_code is None and recovery_code is None:
                    raise SecondFactorRequired
                await self.check_code(account, totp_code, recovery_code)
        except ProofRefused:
            raise InvalidCredentials from None
        async with self.service.transaction() as db:
            await self.throttle.succeeded(db, email)
            return await sessions.begin(
                db,
                self.settings,
                account.id,
                self.address,
                is_stepped_up=account.has_second_factor,
            )

    async def prove(self, email: str, password: str) -> Account:
        """Return whose password this is. Takes its time, whether or not anybody goes by the name.

        Raises `ProofRefused`, and `TooManyRequests` during a delay.
        """
        # The place is held from the look at earlier failures to the count of this one: a burst of
        # guesses cannot overtake the delay.
        async with self.hashing.place():
            async with self.service.transaction() as db:
                await self.throttle.check_name(db, email)
                account = await People(db).find(email)
            is_active = account is not None and account.is_active
            hashed = account.hashed_password if account else ""
            is_right, better = await self.hashing.verify(password, hashed)
            if account is None or not (is_right and is_active):
                await self._count_failure(email)
                raise ProofRefused
        if better is not None:
            async with self.service.transaction() as db:
                await People(db).keep_password(account, better)
        return account

    async def check_code(
        self, account: Account, totp_code: str | None, recovery_code: str | None = None
    ) -> None:
        """Use up a code of the second factor. Raises `ProofRefused` and `TooManyRequests`."""
        factor = SecondFactor(self.secret_key, account)
        async with self.hashing.place():
            async with self.service.transaction() as db:
                await self.throttle.check_name(db, account.email)
                is_right = await factor.accepts(db, totp_code, recovery_code)
            if not is_right:
                await self._count_failure(account.email)
                raise ProofRefused

    async def person(self, caller: Caller) -> tuple[Actor, Account]:
        """Return who has signed in. Raises `Forbidden` for an agency's system."""
        async with caller.transaction() as db:
            actor = db.actor
        async with self.service.transaction() as db:
            account = await People(db).find_by_id(actor.id)
        if account is None:
            raise Forbidden
        return actor, account

    async def change_password(self, caller: Caller, current: str, new: str) -> None:
        """Change a password, and end every other session of its holder.

        Raises `ProofRefused`, `TooManyRequests` and `WeakPassword`.
        """
        actor, account = await self.person(caller)
        await self.prove(account.email, current)
        hashed = await self.hashing.hash(new, (account.email, account.name))
        async with self.service.transaction() as db:
            await self._keep(db, account, hashed, keep=actor.token_id)

    async def redeem(self, token: str, purpose: LinkPurpose, password: str) -> None:
        """Set a password by a one-time link, and end every session of its holder.

        An invitation also takes away the second factor: it is how somebody starts again who has
        lost it. Raises `InvalidLink`, `TooManyRequests` and `WeakPassword`.
        """
        await self.admit()
        async with self.service.transaction() as db:
            account = await People(db).get(await links.holder(db, token, purpose))
        if not account.is_active:
            raise InvalidLink
        hashed = await self.hashing.hash(password, (account.email, account.name))
        async with self.service.transaction() as db:
            await links.use(db, token, purpose)
            if purpose == LinkPurpose.invitation:
                await SecondFactor(self.secret_key, account).remove(db)
            await self._keep(db, account, hashed)

    async def step_up(self, token_id: UUID) -> datetime:
        """Note that the second factor was just shown in a session; return when."""
        async with self.service.transaction() as db:
            row = await db.fetchrow(sessions.STEP_UP, token_id)
        if row is None:
            raise Unauthenticated
        moment: datetime = row["stepped_up_at"]
        return moment

    async def end_all(self, principal_id: UUID) -> None:
        """End every session and access token of somebody."""
        async with self.service.transaction() as db:
            await sessions.end_all(db, principal_id)

    async def _keep(
        self, db: ActorSession, account: Account, hashed: str, keep: UUID | None = None
    ) -> None:
        await People(db).keep_password(account, hashed)
        await links.void(db, account.id)
        await sessions.end_all(db, account.id, keep)
        await self.throttle.succeeded(db, account.email)

    async def _count_failure(self, name: str) -> None:
        async with self.service.transaction() as db:
            await self.throttle.failed(db, name)


def sign_in(request: Request) -> SignIn:
    """Return the sign-in service for a request."""
    state = request.app.state
    address = client_address(request)
    key = derived_key(state.secret_key, "attempts")
    return SignIn(
        sign_in_service(state.database, state.secret_key),
        state.secret_key,
        state.settings,
        state.hashing,
        Throttle(key, address, state.settings.sign_in_attempts_per_minute),
        address,
    )


SigningIn = Annotated[SignIn, Depends(sign_in)]
"""For an operation that signs somebody in, or out, or finds out who it is."""
