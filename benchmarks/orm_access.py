"""Who calls the ORM version: a session for the request, and the user as a dependency."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.tokens import hash_of
from app.models.access import Principal, Role, RoleAssignment, Token


@dataclass(frozen=True, slots=True)
class User:
    """Who calls, and what they may do."""

    id: UUID
    agency_id: UUID | None
    level: int
    capabilities: frozenset[str]


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """Open a session for the request."""
    async with request.app.state.sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]
bearer = HTTPBearer()


async def get_user(
    session: Session, credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]
) -> User:
    """Look up who holds the token."""
    found = await session.execute(
        select(Principal, Token)
        .join(Token, Token.principal_id == Principal.id)
        .where(
            Token.token_hash == hash_of(credentials.credentials),
            Token.expires_at > datetime.now(UTC),
            Token.revoked_at.is_(None),
            Principal.is_active,
        )
    )
    row = found.one_or_none()
    if row is None:
        raise HTTPException(401)
    principal, token = row
    if token.scopes is not None:
        return User(principal.id, principal.agency_id, 1, frozenset(token.scopes))
    roles = await session.scalars(
        select(Role)
        .join(RoleAssignment, RoleAssignment.role == Role.code)
        .where(RoleAssignment.user_id == principal.id)
    )
    held = roles.all()
    capabilities = frozenset(name for role in held for name in role.capabilities)
    level = max((role.level for role in held), default=0)
    return User(principal.id, principal.agency_id, level, capabilities)


class Requires:
    """A dependency that lets through who holds a scope."""

    def __init__(self, scope: str) -> None:
        self.scope = scope

    async def __call__(self, user: Annotated[User, Depends(get_user)]) -> User:
        """Return the user. Raises 403."""
        if self.scope not in user.capabilities:
            raise HTTPException(403)
        return user
