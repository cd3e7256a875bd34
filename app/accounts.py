"""Accounts from the machine itself: the first person, and whoever cannot be made over HTTP yet.

The command acts as the service `operator`, through the same policies as everybody and with a line
in `events` for everything it makes. Whoever can run it holds the secret key already.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from pydantic import ValidationError

from app.access.caller import Caller
from app.access.passwords import Hashing
from app.access.registration import register_client, register_person
from app.access.roles import CLIENT_SCOPES, ROLES
from app.access.scopes import Scope
from app.access.sign_in import SignIn, sign_in_service
from app.access.throttle import Throttle
from app.access.tokens import derived_key, hash_of, service_token
from app.database import Database
from app.errors import UnknownReference
from app.installation import Installation, SetupError
from app.models.access import LinkPurpose
from app.models.agencies import IdentifierScheme
from app.schemas.base import CreateSchema
from app.schemas.clients import ClientCreate
from app.schemas.users import InvitationCreate
from app.services.agencies import find_by_identifier
from app.settings import Settings

S = TypeVar("S", bound=CreateSchema)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person who was just registered."""

    id: UUID
    email: str
    name: str
    roles: list[str]
    agency_id: UUID | None
    invitation_token: str | None = None
    """The only time it is known; null where it was used to set a password."""
    expires_at: datetime | None = None
    """End of the invitation."""


@dataclass(frozen=True, slots=True)
class NewClient:
    """A system of an agency that was just registered."""

    client_id: UUID
    client_secret: str
    """The only time it is known."""
    expires_at: datetime
    """End of the secret."""
    name: str
    agency_id: UUID
    scopes: list[str]


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever runs the command."""

    database: Database
    installation: Installation
    settings: Settings

    @classmethod
    @asynccontextmanager
    async def of(cls, settings: Settings, installation: Installation) -> AsyncIterator["Operator"]:
        """Connect for the block."""
        database = await Database.connect(installation.app_url, 2)
        try:
            yield cls(database, installation, settings)
        finally:
            await database.close()

    async def create_person(
        self,
        email: str,
        name: str,
        roles: Iterable[str],
        agency: str | None = None,
        password: str | None = None,
    ) -> NewPerson:
        """Register a person; with a password (judged first) the invitation is used at once.

        Raises SetupError for a role or agency there is none of, and ApiError for what the records
        contradict.
        """
        members = _checked(
            InvitationCreate,
            email=email,
            name=name,
            roles=_known(roles, ROLES, "role"),
            agency_id=None if agency is None else await self.agency(agency),
        ).model_dump()
        if password is not None:
            await Hashing().hash(password, (email, name))
        async with self._as(Scope.users_write).transaction() as db:
            user_id, link = await register_person(db, **members)
        del members["valid_to"]
        if password is None:
            return NewPerson(
                user_id, **members, invitation_token=link.token, expires_at=link.expires_at
            )
        await self._sign_in().redeem(link.token, LinkPurpose.invitation, password)
        return NewPerson(user_id, **members)

    async def create_client(self, agency: str, name: str, scopes: Iterable[str]) -> NewClient:
        """Register a system of an agency; without scopes it gets all that a system may have.

        Raises as `create_person` does.
        """
        allowed = sorted(map(str, CLIENT_SCOPES))
        members = _checked(
            ClientCreate,
            name=name,
            scopes=_known(scopes, allowed, "scope") or allowed,
            agency_id=await self.agency(agency),
        ).model_dump()
        async with self._as(Scope.clients_write).transaction() as db:
            client_id, secret = await register_client(db, **members)
        kept = {name: members[name] for name in ("name", "agency_id", "scopes")}
        return NewClient(client_id, secret.text, secret.expires_at, **kept)

    async def agency(self, reference: str) -> UUID:
        """Return an agency by its id, or by `scheme:value` as in `urn:121902`."""
        scheme, colon, value = reference.partition(":")
        if colon and scheme in IdentifierScheme.__members__:
            async with self._as(Scope.agencies_read).transaction() as db:
                try:
                    return await find_by_identifier(db, {"scheme": scheme, "value": value})
                except UnknownReference:
                    raise SetupError("There is no agency with this identifier.") from None
        try:
            return UUID(reference)
        except ValueError:
            schemes = ", ".join(IdentifierScheme)
            raise SetupError(
                f"An agency is given by its id or as scheme:value, with one of {schemes}."
            ) from None

    def _as(self, scope: Scope) -> Caller:
        key = self.installation.secret_key
        token = service_token(key, "operator")
        return Caller(self.database, hash_of(token), scope, derived_key(key, "cursors"))

    def _sign_in(self) -> SignIn:
        key = self.installation.secret_key
        limit = self.settings.sign_in_attempts_per_minute
        return SignIn(
            sign_in_service(self.database, key),
            key,
            self.settings,
            Hashing(),
            Throttle(derived_key(key, "attempts"), None, limit),
            None,
        )


def _checked(schema: type[S], **members: object) -> S:
    """Hold members to the schema of the operation that does the same. Raises SetupError."""
    try:
        return schema.model_validate(members)
    except ValidationError as error:
        raise SetupError.of(error) from None


def _known(asked: Iterable[str], known: Iterable[str], kind: str) -> list[str]:
    """Return what was asked for, sorted. Raises SetupError if there is no such thing."""
    chosen, listed = sorted(set(asked)), sorted(known)
    if not set(chosen) <= set(listed):
        raise SetupError(f"There is no such {kind}; there are {', '.join(listed)}.")
    return chosen
