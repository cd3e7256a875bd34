"""What goes to and comes from the transit engine: base64, prefixes, what it says of a key."""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ValidationError

from app.privacy.keys.provider import KeyProviderUnavailable, KeysWrong
from app.privacy.keys.transit_client import NOT_VAULT

KEY_TYPE = "aes256-gcm96"
PREFIX = re.compile(r"vault:v([1-9][0-9]{0,8}):([A-Za-z0-9+/=]+)")
"""What the engine returns: the version, and what it encrypted or hashed."""


class TransitKey(BaseModel):
    """What Vault says of a key."""

    type: str
    derived: bool
    exportable: bool
    allow_plaintext_backup: bool
    keys: dict[int, object]
    latest_version: int
    min_decryption_version: int
    min_encryption_version: int
    min_available_version: int = 0

    @classmethod
    def parse(cls, answer: Mapping[str, object]) -> Self:
        """Read what Vault says. Raises KeysWrong if the key is of a kind that will not do."""
        try:
            key = cls.model_validate(answer)
        except ValidationError:
            key = None
        if key is None:
            raise KeyProviderUnavailable(NOT_VAULT)
        if not key.is_fit:
            raise KeysWrong(
                f"The key in Vault must be of type {KEY_TYPE}, not derived, and not exportable."
            )
        return key

    @property
    def live(self) -> list[int]:
        """The versions that decrypt, oldest first."""
        return sorted(number for number in self.keys if number >= self.min_decryption_version)

    @property
    def is_fit(self) -> bool:
        """Whether ciphertext is bound to its place, and no copy of the key can be taken out."""
        leaves = self.exportable or self.allow_plaintext_backup
        return self.type == KEY_TYPE and not self.derived and not leaves


def base64(content: bytes) -> str:
    """Write bytes as the engine takes them."""
    return b64encode(content).decode()


def text(answer: Mapping[str, object], name: str) -> str:
    """Return a member of an answer. Raises KeyProviderUnavailable unless it is there."""
    text = answer.get(name)
    if not text or not isinstance(text, str):
        raise KeyProviderUnavailable(NOT_VAULT)
    return text


def parsed(text: str) -> tuple[int, bytes]:
    """Return version and content of what the engine returned."""
    found = PREFIX.fullmatch(text)
    if found is None:
        raise KeyProviderUnavailable(NOT_VAULT)
    return int(found[1]), decoded(found[2])


def decoded(text: str) -> bytes:
    """Read bytes as the engine gives them. Raises KeyProviderUnavailable if it does not."""
    try:
        return b64decode(text, validate=True)
    except ValueError:
        pass
    raise KeyProviderUnavailable(NOT_VAULT)
