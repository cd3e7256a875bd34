"""People: the user table, the manager and the password hash of fastapi-users, and nothing more.

Its routers, its tokens and its way of hashing within the event loop are not used (ADR 0006).
"""

from uuid import UUID

from fastapi_users import BaseUserManager, UUIDIDMixin
from fastapi_users.exceptions import UserNotExists
from fastapi_users_db_sqlalchemy import SQLAlchemyUserDatabase

from app.access.caller import ActorSession
from app.models.access import Account


# A mapped class has what the protocol of the library asks for, but mypy cannot see it.
class People(UUIDIDMixin, BaseUserManager[Account, UUID]):  # type: ignore[type-var]
    """People who may sign in, as the sign-in service sees them."""

    def __init__(self, db: ActorSession) -> None:
        super().__init__(SQLAlchemyUserDatabase(db, Account))  # type: ignore[type-var]

    async def find(self, email: str) -> Account | None:
        """Return who signs in under an address, in whatever case it is written."""
        try:
            return await self.get_by_email(email)
        except UserNotExists:
            return None

    async def find_by_id(self, id: UUID) -> Account | None:
        """Return a person; null for an agency's system."""
        try:
            return await self.get(id)
        except UserNotExists:
            return None

    async def keep_password(self, account: Account, hashed: str) -> None:
        """Give a person a new password, which proves that the address is theirs."""
        await self.user_db.update(account, {"hashed_password": hashed, "is_verified": True})
