"""HTTP to the transit engine of HashiCorp Vault.

By httpx alone: seven requests of one form need no SDK, and the usual one would block the loop.
"""

import ssl
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self

import httpx

from app.privacy.keys.provider import KeyProviderError, KeyProviderUnavailable
from app.secret_files import SecretFileError, read_secret
from app.settings import Settings

TIMEOUT_S = 5.0
NOT_VAULT = "What answers at TRANSIT_ADDRESS is not Vault."
OPEN_TO_ALL = 0o007
"""Vault's agent writes its token for its group, which must be ours alone."""


class TransitRefusal(KeyProviderError):  # noqa: N818 - as its like
    """Vault understood the request and refuses it; it may also have nothing by that name."""

    def __init__(self, status: int) -> None:
        super().__init__(f"Vault refuses the request with status {status}.")
        self.status = status


@dataclass(frozen=True, slots=True)
class TransitToken:
    """The token to show: as it was given, or as a file holds it now, where an agent renews it."""

    given: str | None = field(repr=False)
    path: Path | None = None

    def value(self) -> str:
        """Return the token. Raises KeyProviderUnavailable without repeating it."""
        token = (self.given if self.path is None else self._read(self.path)) or ""
        token = token.strip()
        if not token or not token.isascii() or not token.isprintable():
            raise KeyProviderUnavailable("There is no token for Vault: set one TRANSIT_TOKEN.")
        return token

    @staticmethod
    def _read(path: Path) -> str:
        try:
            return read_secret(path, OPEN_TO_ALL)
        except (OSError, ValueError, SecretFileError) as error:
            problem = type(error).__name__
        raise KeyProviderUnavailable(f"TRANSIT_TOKEN_FILE cannot be used: {problem}.")


class TransitClient:
    """Sends requests below the mount of the engine. One that fails on the way is sent once more."""

    def __init__(
        self,
        address: str,
        token: TransitToken,
        mount: str = "transit",
        namespace: str | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._base = f"{_safe(address)}/v1/{mount.strip('/')}"
        self._token = token
        self._headers = {"X-Vault-Request": "true"}
        if namespace:
            self._headers["X-Vault-Namespace"] = namespace
        self._http = httpx.AsyncClient(
            verify=ssl.create_default_context(), trust_env=False, timeout=timeout_s
        )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Take what the settings say. Raises KeyProviderError if something is missing."""
        if bool(settings.transit_token) == bool(settings.transit_token_file):
            raise KeyProviderError("With TRANSIT_ADDRESS, set TRANSIT_TOKEN or TRANSIT_TOKEN_FILE.")
        given = settings.transit_token
        token = TransitToken(
            given.get_secret_value() if given else None, settings.transit_token_file
        )
        address = settings.transit_address or ""
        return cls(address, token, settings.transit_mount, settings.transit_namespace)

    async def send(
        self, method: str, path: str, body: dict[str, object] | None = None
    ) -> dict[str, Any]:
        """Return the `data` of the answer, empty if it has none.

        Raises TransitRefusal, and KeyProviderUnavailable for what is not about this request.
        """
        answer = await self._once(method, path, body)
        if answer is None or answer.is_server_error:
            answer = await self._once(method, path, body)
        if answer is None:
            raise KeyProviderUnavailable("Vault cannot be reached.")
        if answer.status_code == HTTPStatus.NO_CONTENT:
            return {}
        content = _content(answer)
        if answer.is_success:
            found = content.get("data")
            return found if isinstance(found, dict) else {}
        raise _refusal(answer.status_code, path, has_reason=bool(content.get("errors")))

    async def close(self) -> None:
        """Close connections."""
        await self._http.aclose()

    async def _once(
        self, method: str, path: str, body: dict[str, object] | None
    ) -> httpx.Response | None:
        """Send once; null if there is no answer. What is raised holds nothing of the request."""
        headers = {**self._headers, "X-Vault-Token": self._token.value()}
        try:
            return await self._http.request(
                method, f"{self._base}/{path}", json=body, headers=headers
            )
        except httpx.TimeoutException:
            is_late = True
        except httpx.HTTPError:
            is_late = False
        if is_late:
            raise KeyProviderUnavailable("Vault did not answer in time.")
        return None


def _safe(address: str) -> str:
    """Return an address without its last slash. Raises KeyProviderError for one in clear."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        raise KeyProviderError("TRANSIT_ADDRESS is not an address.") from None
    if url.scheme != "https" and not (url.scheme == "http" and _is_here(url.host)):
        raise KeyProviderError("TRANSIT_ADDRESS must be https: keys would travel in clear.")
    return address.rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _content(answer: httpx.Response) -> dict[str, Any]:
    """Return the JSON object of an answer; an empty one if that is what it is not."""
    try:
        content = answer.json()
    except ValueError:
        content = None
    if isinstance(content, dict):
        return content
    if answer.is_success:
        raise KeyProviderUnavailable(NOT_VAULT)
    return {}


def _refusal(status: int, path: str, *, has_reason: bool) -> KeyProviderError:
    """Say what a status means. A missing key is 404 without a reason; a missing mount has one."""
    if status == HTTPStatus.FORBIDDEN:
        return KeyProviderUnavailable(
            f"Vault refuses the token for {path}: it is not valid, or its policy is too narrow."
        )
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return KeyProviderUnavailable("Vault is sealed, or down for maintenance.")
    if status == HTTPStatus.NOT_FOUND and has_reason:
        return KeyProviderUnavailable(
            "Vault has no transit engine there: look at TRANSIT_MOUNT and TRANSIT_NAMESPACE."
        )
    if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}:
        return TransitRefusal(status)
    return KeyProviderUnavailable(f"Vault answered with status {status}.")
