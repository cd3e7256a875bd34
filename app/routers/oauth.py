"""OAuth 2: how an agency's system gets its access token (RFC 6749, section 4.4; RFC 8414).

Errors are problems like everywhere, with the members `error` and `error_description` of RFC 6749
besides, so that a client library finds what it looks for.
"""

from base64 import b64decode
from binascii import Error as BadBase64
from urllib.parse import parse_qsl, unquote_plus
from uuid import UUID

from fastapi import APIRouter, Request, Response

from app.access.clients import (
    InvalidClient,
    InvalidRequest,
    InvalidScope,
    UnsupportedGrantType,
    grant,
)
from app.access.roles import CLIENT_SCOPES
from app.access.sign_in import SigningIn
from app.errors import UnsupportedMediaType, responses
from app.schemas.clients import AccessTokenIssued, AuthorizationServer, TokenRequest

router = APIRouter(prefix="/oauth", tags=["oauth"])
well_known = APIRouter(prefix="/.well-known", tags=["oauth"])

FORM = "application/x-www-form-urlencoded"
GRANT = "client_credentials"
NEVER_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@router.post(
    "/token",
    response_model=AccessTokenIssued,
    responses=responses(InvalidRequest, UnsupportedGrantType, InvalidScope, InvalidClient),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {FORM: {"schema": TokenRequest.model_json_schema()}},
        }
    },
)
async def issue_access_token(sign_in: SigningIn, request: Request) -> Response:
    """Exchange a client's credentials for an access token of a quarter of an hour.

    The client authenticates by `Basic` or in the form (`client_id`, `client_secret`), not both.
    The token carries the scopes that are asked for as far as the client has them; all of them if
    none is named. `secret_expires_at` says when the secret must have been replaced.
    """
    form = await _form(request)
    client_id, secret = _credentials(form, request.headers.get("authorization"))
    asked = frozenset(form["scope"].split()) if form.get("scope") else None
    issued = await grant(sign_in, client_id, secret, asked)
    body = AccessTokenIssued(
        access_token=issued.token,
        token_type="Bearer",  # noqa: S106 - a kind of token
        expires_in=issued.minutes * 60,
        scope=" ".join(issued.scopes),
        secret_expires_at=issued.secret_expires_at,
    )
    return Response(body.model_dump_json(), 200, NEVER_STORED, "application/json")


async def _form(request: Request) -> dict[str, str]:
    """Read the parameters; what is not known is ignored, as RFC 6749 (3.2) asks."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise UnsupportedMediaType
    pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True)
    form = dict(pairs)
    if len(form) < len(pairs) or "grant_type" not in form:
        raise InvalidRequest
    if form["grant_type"] != GRANT:
        raise UnsupportedGrantType
    return form


def _credentials(form: dict[str, str], authorization: str | None) -> tuple[UUID, str]:
    """Return the client and its secret, from the one place where they are."""
    if authorization is None:
        name, secret = form.get("client_id", ""), form.get("client_secret", "")
    elif "client_secret" in form:
        raise InvalidRequest
    else:
        name, secret = _basic(authorization)
    try:
        return UUID(name), secret
    except ValueError:
        raise InvalidClient from None


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        name, _, secret = b64decode(encoded, validate=True).decode().partition(":")
    except (BadBase64, UnicodeDecodeError):
        raise InvalidClient from None
    if scheme.lower() != "basic":
        raise InvalidClient
    return unquote_plus(name), unquote_plus(secret)


@well_known.get("/oauth-authorization-server")
async def read_authorization_server(request: Request) -> AuthorizationServer:
    """Read where and how an agency's system gets its access token."""
    settings = request.app.state.settings
    issuer = (settings.public_url or str(request.base_url)).rstrip("/")
    return AuthorizationServer(
        issuer=issuer,
        token_endpoint=f"{issuer}/v1/oauth/token",
        grant_types_supported=[GRANT],
        response_types_supported=[],
        token_endpoint_auth_methods_supported=["client_secret_basic", "client_secret_post"],
        scopes_supported=sorted(map(str, CLIENT_SCOPES)),
        service_documentation=f"{issuer}/docs",
    )
