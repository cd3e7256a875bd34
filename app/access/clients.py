"""Agency systems: client credentials for a short-lived access token (RFC 6749, section 4.4)."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.access.caller import ActorSession
from app.access.sign_in import SignIn
from app.access.throttle import refuse
from app.access.tokens import hash_of, new_token
from app.errors import BadRequest, Problem, Unauthenticated

SECRETS = """
SELECT s.id, s.secret_hash, s.expires_at, c.scopes,
    c.allowed_addresses = '{}' OR coalesce($2::inet <<= ANY (c.allowed_addresses), false) AS is_here
FROM clients c JOIN principals p ON p.id = c.id JOIN client_secrets s ON s.client_id = c.id
WHERE c.id = $1 AND p.is_active AND s.revoked_at IS NULL AND s.expires_at > now()
    AND NOT EXISTS (SELECT FROM agency_suspensions x WHERE x.agency_id = c.agency_id)
"""
ISSUE = """
INSERT INTO tokens (principal_id, kind, token_hash, scopes, expires_at)
VALUES ($1, 'access', $2, $3, now() + make_interval(mins => $4))
"""
USED = "UPDATE client_secrets SET last_used_at = now() WHERE id = $1"
NO_HASH = bytes(32)


def in_both_ways(problem: Problem) -> Problem:
    """Say a problem so that OAuth clients understand it as well (RFC 6749, section 5.2)."""
    return problem.model_copy(update={"error": problem.code, "error_description": problem.detail})


class InvalidRequest(BadRequest):
    """A parameter is missing or repeated, or the client authenticates in two ways."""

    code = "invalid_request"

    def problem(self, request_id: str) -> Problem:
        """Describe the refusal of one request."""
        return in_both_ways(super().problem(request_id))


class UnsupportedGrantType(InvalidRequest):
    """The grant type is not `client_credentials`."""

    code = "unsupported_grant_type"


class InvalidScope(InvalidRequest):
    """The client has none of the scopes that are asked for."""

    code = "invalid_scope"


class InvalidClient(Unauthenticated):
    """The client or its secret is not known, not live, or not used from an allowed address."""

    code = "invalid_client"
    headers: Mapping[str, str] = {"WWW-Authenticate": 'Basic realm="oauth"'}

    def problem(self, request_id: str) -> Problem:
        """Describe the refusal of one request."""
        return in_both_ways(super().problem(request_id))


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token that was just issued: the only time it is known."""

    token: str = field(repr=False)
    scopes: list[str]
    minutes: int
    secret_expires_at: datetime


async def grant(
    sign_in: SignIn, client_id: UUID, secret: str, asked: frozenset[str] | None
) -> AccessToken:
    """Issue an access token with the scopes asked for, as far as the client has them.

    Null asks for all. Raises `InvalidClient`, `InvalidScope` and `TooManyRequests`: only failures
    count against an address, for many systems may share one.
    """
    async with sign_in.service.transaction() as db:
        await sign_in.throttle.check_address(db)
        row = _match(await db.fetch(SECRETS, client_id, sign_in.address), hash_of(secret))
        wait = 0 if row is None else await sign_in.throttle.spend_of(db, client_id)
        if row is not None and not wait:
            return await _issue(db, sign_in.settings.access_token_minutes, client_id, row, asked)
    refuse(wait)
    await sign_in.admit()
    raise InvalidClient


def _match(rows: list[Any], given: bytes) -> Any | None:
    """Return the live secret that was given, if it may be used from where it was."""
    found = None
    for row in rows or [{"secret_hash": NO_HASH, "is_here": False}]:
        if hmac.compare_digest(row["secret_hash"], given) and row["is_here"]:
            found = row
    return found


async def _issue(
    db: ActorSession, minutes: int, client_id: UUID, secret: Any, asked: frozenset[str] | None
) -> AccessToken:
    held = set(secret["scopes"])
    scopes = sorted(held if asked is None else held & asked)
    if not scopes:
        raise InvalidScope
    token = new_token("a")
    await db.fetchrow(ISSUE, client_id, hash_of(token), scopes, minutes)
    await db.fetchrow(USED, secret["id"])
    return AccessToken(token, scopes, minutes, secret["expires_at"])
