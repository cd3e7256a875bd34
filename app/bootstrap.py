"""From an empty PostgreSQL to one the product can move into: a database, three roles, their rights.

The administrator's address is used here and nowhere else.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Self

import asyncpg

from app.secret_files import SecretFileError, create_secret, read_secret

OLDEST_VERSION = 18

ATTEMPTS = 5
"""Tries before two administrators who change the same role at once are reported."""

_SQL = Path(__file__).with_suffix(".sql")

_LOCK = int.from_bytes(b"safeguar")
"""One bootstrap at a time on a server: roles belong to all of its databases."""

_COLLISIONS = (
    asyncpg.DuplicateObjectError,
    asyncpg.DuplicateDatabaseError,
    asyncpg.UniqueViolationError,
    asyncpg.ObjectInUseError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InternalServerError,  # "tuple concurrently updated"
)

_REFUSALS = (
    asyncpg.RaiseError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.LockNotAvailableError,
)


class BootstrapError(RuntimeError):
    """The server cannot be made ready; the message is a sentence and holds no secret."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The secrets of an installation. Whoever has them has every record."""

    owner_password: str = field(repr=False)
    app_password: str = field(repr=False)
    secret_key: str = field(repr=False)
    """64 hexadecimal digits."""
    vault_password: str = field(default="", repr=False)

    @classmethod
    def load_or_create(cls, path: Path) -> Self:
        """Read the file, or write one with new secrets. All processes get the same.

        Raises SecretFileError if other users may read the file, or if it is not ours.
        """
        if not path.exists():
            owner, app, vault = (secrets.token_urlsafe(32) for _ in range(3))
            fresh = cls(owner, app, secrets.token_hex(32), vault)
            create_secret(path, json.dumps(asdict(fresh), indent=2) + "\n")
        return cls._parse(path, read_secret(path))

    @classmethod
    def _parse(cls, path: Path, text: str) -> Self:
        try:
            found = dict(json.loads(text))
            # Files written before there was a vault have no password for its role.
            found.setdefault("vault_password", _of_vault(found["secret_key"]))
            values = {each.name: found[each.name] for each in fields(cls)}
        except (ValueError, KeyError, TypeError, AttributeError):
            values = {}
        if not values or not all(value and isinstance(value, str) for value in values.values()):
            raise SecretFileError(f"{path} does not hold the credentials of this product.")
        return cls(**values)


def _of_vault(secret_key: str) -> str:
    """Return a password that whoever has the file could work out, and nobody else."""
    return hmac.digest(secret_key.encode(), b"password:safeguarding_vault", "sha256").hex()


async def bootstrap(admin_url: str, database: str, credentials: Credentials) -> None:
    """Make the database and the roles, or bring them to what they should be.

    Rights change in this database only. Raises BootstrapError, and what asyncpg raises where the
    server cannot be reached.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            await _bootstrap(admin_url, database, credentials)
        except _COLLISIONS as error:
            if attempt == ATTEMPTS:
                raise BootstrapError(f"The set-up does not come through: {error}.") from error
            await asyncio.sleep(0.1 * attempt)
        except _REFUSALS as error:
            raise BootstrapError(f"PostgreSQL refuses the set-up: {error}.") from error
        else:
            return


async def _bootstrap(admin_url: str, database: str, credentials: Credentials) -> None:
    async with _connection(admin_url) as server:
        if server.get_server_version().major < OLDEST_VERSION:
            raise BootstrapError(f"The server is older than PostgreSQL {OLDEST_VERSION}.")
        await server.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await _create_database(server, database)
        async with _connection(admin_url, database) as inside, inside.transaction():
            await inside.execute(_SQL.read_text(encoding="utf-8"))
            await _set_password(inside, "safeguarding_owner", credentials.owner_password)
            await _set_password(inside, "safeguarding_app", credentials.app_password)
            await _set_password(inside, "safeguarding_vault", credentials.vault_password)


@asynccontextmanager
async def _connection(url: str, database: str | None = None) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(
        url, database=database, server_settings={"lock_timeout": "60s"}
    )
    try:
        yield connection
    finally:
        await connection.close()


async def _create_database(server: asyncpg.Connection, database: str) -> None:
    encoding = await server.fetchval(
        "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = $1", database
    )
    if encoding is None:
        create = (
            "SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING UTF8"
            " LOCALE_PROVIDER builtin BUILTIN_LOCALE %L', $1::text, 'PG_UNICODE_FAST')"
        )
        await server.execute(await server.fetchval(create, database))
    elif encoding != "UTF8":
        raise BootstrapError(f"The encoding of the database {database} is not UTF8.")


async def _set_password(connection: asyncpg.Connection, role: str, password: str) -> None:
    """Set a password by its verifier: the server never sees the password, nor does its log."""
    await connection.execute(f"ALTER ROLE {role} PASSWORD '{_scram_verifier(password)}'")


def _scram_verifier(password: str) -> str:
    """Return what PostgreSQL keeps of a password. RFC 5803."""
    if not password.isascii() or not password.isprintable():
        raise BootstrapError("The password of a role must be printable ASCII.")
    salt, iterations = secrets.token_bytes(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    words = [base64.b64encode(each).decode() for each in (salt, stored_key, server_key)]
    return f"SCRAM-SHA-256${iterations}:{words[0]}${words[1]}:{words[2]}"
