"""A keyring: the versions of a key in our own hands, as the file and environment providers have it.

{"current": 2, "keys": {"1": "<64 hexadecimal digits>", "2": "…"}}
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Self

from cryptography.exceptions import InvalidTag
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.access.sealing import seal, unseal
from app.privacy.crypto import KEY_BYTES, mac, new_key
from app.privacy.keys.provider import KeyGone, KeyProviderError, KeyRefused, KeysMissing, KeyVersion

Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
Digits = Annotated[str, Field(pattern=f"^[0-9a-fA-F]{{{2 * KEY_BYTES}}}$")]


class _Written(BaseModel):
    """A keyring as it is written."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    current: Number
    keys: dict[Number, Digits]

    @property
    def is_sound(self) -> bool:
        """Whether one version wraps, and no two are the same key: destroying one would not do."""
        distinct = {key.lower() for key in self.keys.values()}
        return self.current in self.keys and len(distinct) == len(self.keys)


@dataclass(frozen=True, slots=True)
class Keyring:
    """Versions of a key by their numbers, and the number of the one that wraps."""

    current: int
    keys: Mapping[int, bytes] = field(repr=False)

    @classmethod
    def first(cls) -> Self:
        """Make a keyring of one version."""
        return cls(1, {1: new_key()})

    @classmethod
    def parse(cls, text: str | bytes, source: str) -> Self:
        """Read what `text` wrote. Raises KeyProviderError, which names the source alone."""
        try:
            written = _Written.model_validate_json(text)
        except ValidationError:
            written = None
        if written is None or not written.is_sound:
            raise KeyProviderError(f"{source} does not hold a keyring of this product.")
        return cls(written.current, {n: bytes.fromhex(key) for n, key in written.keys.items()})

    def text(self) -> str:
        """Write the keyring, with its keys, as JSON."""
        keys = {str(number): key.hex() for number, key in sorted(self.keys.items())}
        return json.dumps({"current": self.current, "keys": keys}, indent=2) + "\n"

    def rotated(self) -> Self:
        """Return the keyring with one version more, which is the current one."""
        newest = max(self.keys) + 1
        return type(self)(newest, {**self.keys, newest: new_key()})

    def without(self, number: int) -> Self:
        """Return the keyring without one version."""
        return type(self)(self.current, {n: key for n, key in self.keys.items() if n != number})


class KeyringProvider(ABC):
    """What providers do whose keys are in our own hands."""

    name: ClassVar[str]
    source: str
    """What a sentence calls the place of the keys."""

    @abstractmethod
    def keyring(self) -> Keyring | None:
        """Return the keyring as it is now; null if there is none."""

    async def versions(self) -> list[KeyVersion]:
        """Return the versions on the keyring."""
        found = self.keyring()
        return [self._version(n, found.keys[n]) for n in sorted(found.keys)] if found else []

    async def current(self) -> KeyVersion:
        """Return the version that wraps."""
        return self._current_of(self._present())

    async def wrap(self, key: bytes, place: bytes) -> tuple[KeyVersion, bytes]:
        """Encrypt by AES-256-GCM: 28 bytes longer than the key."""
        found = self._present()
        wrapping = found.keys[found.current]
        sealed = seal(wrapping, key, _bound(found.current, place))
        return self._version(found.current, wrapping), sealed

    async def unwrap(self, number: int, wrapped: bytes, place: bytes) -> bytes:
        """Decrypt by the version that wrapped."""
        wrapping = self._present().keys.get(number)
        if wrapping is None:
            raise KeyGone(f"Version {number} of the key is not in {self.source}.")
        try:
            key = unseal(wrapping, wrapped, _bound(number, place))
        except (InvalidTag, ValueError):
            key = None
        if key is None:
            raise KeyRefused(f"What version {number} of the key is to unwrap, it did not wrap.")
        return key

    async def close(self) -> None:  # noqa: B027 - nothing is left open
        """Do nothing: there are no connections."""

    def _present(self) -> Keyring:
        found = self.keyring()
        if found is None:
            raise KeysMissing(f"There is no key in {self.source}.")
        return found

    def _current_of(self, found: Keyring) -> KeyVersion:
        return self._version(found.current, found.keys[found.current])

    def _version(self, number: int, key: bytes) -> KeyVersion:
        return KeyVersion(self.name, number, fingerprint(key))


def fingerprint(key: bytes) -> str:
    """Return what tells a key from another, and nothing of it: 128 bits of a keyed hash."""
    return mac(key, b"fingerprint").hex()


def _bound(number: int, place: bytes) -> bytes:
    return b"key-v1|%d|" % number + place
