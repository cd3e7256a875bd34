"""The transit engine of HashiCorp Vault, as far as its wire goes: written after its API reference.

It encrypts with real keys, a set for each version, and is stricter than Vault: a member it does not
know is refused, where Vault only warns.
"""

import asyncio
import hmac
import json
import time
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.conftest import Json

TOKEN = "hvs.CAESIJ-a-token-of-the-service"


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """An answer with errors: `{"errors": [...]}`."""

    def __init__(self, status: int, *errors: str) -> None:
        super().__init__(status)
        self.status, self.errors = status, list(errors)


@dataclass
class Version:
    """The material of one version: a key to encrypt with and one to hash with."""

    cipher: bytes = field(default_factory=lambda: token_bytes(32))
    hash: bytes = field(default_factory=lambda: token_bytes(32))
    made_at: int = field(default_factory=lambda: int(time.time()))


@dataclass
class Key:
    """A key of the engine; `kept` is material that is there, whether it may be used or not."""

    name: str
    kind: str
    kept: dict[int, Version] = field(default_factory=lambda: {1: Version()})
    latest: int = 1
    least_decrypting: int = 1
    least_encrypting: int = 0
    least_available: int = 0
    derived: bool = False
    exportable: bool = False

    def described(self) -> Json:
        """Return what Vault says of it."""
        return {
            "name": self.name,
            "type": self.kind,
            "keys": {str(n): v.made_at for n, v in self.kept.items() if n >= self.least_decrypting},
            "latest_version": self.latest,
            "min_decryption_version": self.least_decrypting,
            "min_encryption_version": self.least_encrypting,
            "min_available_version": self.least_available,
            "derived": self.derived,
            "exportable": self.exportable,
            "allow_plaintext_backup": False,
            "deletion_allowed": False,
            "auto_rotate_period": 0,
            "imported_key": False,
            "supports_encryption": True,
            "supports_decryption": True,
            "supports_derivation": True,
            "supports_signing": False,
        }

    def usable(self, number: int, least: int) -> Version:
        """Return the material of a version, unless a policy is against its use."""
        if number < max(least, self.least_decrypting):
            raise Refused(400, "ciphertext or signature version is disallowed by policy (too old)")
        if number > self.latest:
            raise Refused(400, "invalid ciphertext: version is too new")
        return self.kept[number]


class Transit:
    """A Vault with one transit engine at `transit/`, and what a test does to it."""

    def __init__(self, namespace: str | None = None) -> None:
        self.namespace = namespace
        self.tokens = {TOKEN}
        self.keys: dict[str, Key] = {}
        self.seen: list[tuple[str, str]] = []
        self.is_sealed = False
        self.failures: list[int] = []
        """Statuses to answer with before anything else."""
        self.pause_s = 0.0
        self.interrupted: str | None = None
        """End of a path at which the machine fails from now on."""

    def app(self) -> Starlette:
        """Return it as an application."""
        work = {
            "/v1/transit/keys/{name}": self._key,
            "/v1/transit/keys/{name}/rotate": self._rotate,
            "/v1/transit/keys/{name}/config": self._config,
            "/v1/transit/keys/{name}/trim": self._trim,
            "/v1/transit/encrypt/{name}": self._encrypt,
            "/v1/transit/decrypt/{name}": self._decrypt,
            "/v1/transit/hmac/{name}/{algorithm}": self._hmac,
            "/{path:path}": self._nothing,
        }
        return Starlette(
            routes=[
                Route(path, self._guarded(each), methods=["GET", "POST", "PUT", "DELETE"])
                for path, each in work.items()
            ]
        )

    def _guarded(
        self, work: Callable[[Request, Json], Json | None]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            self.seen.append((request.method, request.url.path))
            await asyncio.sleep(self.pause_s)
            try:
                self._admit(request)
                body = await request.body()
                found = work(request, json.loads(body) if body else {})
            except Refused as refused:
                return _json(refused.status, {"errors": refused.errors})
            if found is None:
                return Response(status_code=204)
            envelope = {"request_id": "4a1e", "lease_id": "", "renewable": False, "data": found}
            return _json(200, {**envelope, "lease_duration": 0, "wrap_info": None, "auth": None})

        return answer

    def _admit(self, request: Request) -> None:
        if self.failures:
            raise Refused(self.failures.pop(0), "internal error")
        if self.is_sealed:
            raise Refused(503, "Vault is sealed")
        if self.interrupted and request.url.path.endswith(self.interrupted):
            raise Refused(500, "internal error")
        if request.headers.get("x-vault-request") != "true":
            raise Refused(412, "missing 'X-Vault-Request' header")
        if request.headers.get("x-vault-namespace") != self.namespace:
            raise Refused(403, "1 error occurred:\n\t* permission denied\n\n")
        if request.headers.get("x-vault-token") not in self.tokens:
            raise Refused(403, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n")

    def _nothing(self, request: Request, _: Json) -> Json:
        path = request.url.path.removeprefix("/v1/")
        raise Refused(404, f'no handler for route "{path}". route entry not found.')

    def _key(self, request: Request, body: Json) -> Json:
        name = request.path_params["name"]
        if request.method == "POST":
            _knows(body, "type")
            self.keys.setdefault(name, Key(name, body["type"]))
        elif request.method != "GET":
            raise Refused(405)
        if name not in self.keys:
            raise Refused(404)
        return self.keys[name].described()

    def _rotate(self, request: Request, body: Json) -> Json | None:
        _knows(body)
        key = self._of(request)
        key.latest += 1
        key.kept[key.latest] = Version()
        return key.described()

    def _config(self, request: Request, body: Json) -> Json:
        _knows(body, "min_decryption_version", "min_encryption_version")
        key = self._of(request)
        decrypting = body.get("min_decryption_version", key.least_decrypting)
        encrypting = body.get("min_encryption_version", key.least_encrypting)
        if not key.least_available <= decrypting <= key.latest or encrypting > key.latest:
            raise Refused(400, f"cannot set min version, latest key version is {key.latest}")
        if 0 < encrypting < decrypting:
            raise Refused(
                400, "min encryption version must not be less than min decryption version"
            )
        key.least_decrypting, key.least_encrypting = decrypting, encrypting
        return key.described()

    def _trim(self, request: Request, body: Json) -> None:
        _knows(body, "min_available_version")
        key = self._of(request)
        least = body["min_available_version"]
        if key.least_encrypting == 0:
            raise Refused(400, "cannot be set when minimum encryption version is not set")
        if not key.least_available <= least <= min(key.least_decrypting, key.least_encrypting):
            raise Refused(400, "minimum available version is out of bounds")
        key.least_available = least
        key.kept = {n: version for n, version in key.kept.items() if n >= least}

    def _encrypt(self, request: Request, body: Json) -> Json:
        _knows(body, "plaintext", "associated_data")
        key = self._of(request)
        nonce, material = token_bytes(12), key.kept[key.latest]
        place = b64decode(body["associated_data"], validate=True)
        plain = b64decode(body["plaintext"], validate=True)
        sealed = nonce + AESGCM(material.cipher).encrypt(nonce, plain, place)
        return {
            "ciphertext": f"vault:v{key.latest}:{b64encode(sealed).decode()}",
            "key_version": key.latest,
        }

    def _decrypt(self, request: Request, body: Json) -> Json:
        _knows(body, "ciphertext", "associated_data")
        prefix, version, content = body["ciphertext"].split(":")
        if prefix != "vault" or not version.startswith("v"):
            raise Refused(400, "invalid ciphertext: no prefix")
        material = self._of(request).usable(int(version[1:]), 0)
        sealed = b64decode(content, validate=True)
        try:
            plain = AESGCM(material.cipher).decrypt(
                sealed[:12], sealed[12:], b64decode(body["associated_data"], validate=True)
            )
        except (InvalidTag, ValueError):
            raise Refused(400, "invalid ciphertext: unable to decrypt") from None
        return {"plaintext": b64encode(plain).decode()}

    def _hmac(self, request: Request, body: Json) -> Json:
        _knows(body, "input", "key_version")
        if request.path_params["algorithm"] != "sha2-256":
            raise Refused(400, "unsupported algorithm")
        key, number = self._of(request), body["key_version"]
        material = key.usable(number, key.least_encrypting)
        found = hmac.digest(material.hash, b64decode(body["input"], validate=True), "sha256")
        return {"hmac": f"vault:v{number}:{b64encode(found).decode()}"}

    def _of(self, request: Request) -> Key:
        if request.method != "POST":
            raise Refused(405, "unsupported operation")
        key = self.keys.get(request.path_params["name"])
        if key is None:
            raise Refused(400, "encryption key not found")
        return key


def _knows(body: Json, *names: str) -> None:
    if unknown := body.keys() - set(names):
        raise Refused(400, f"unknown members: {sorted(unknown)}")


def _json(status: int, content: Any) -> Response:
    return Response(json.dumps(content), status, media_type="application/json")
