"""The cryptography of the vault: bodies sealed for one place, and keyed hashes for look-ups.

AES-256-GCM with a random nonce and HMAC-SHA-256. Nothing here knows where keys are kept.
"""

import hmac
import json
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag

from app.access.sealing import seal as seal_bytes
from app.access.sealing import unseal
from app.models.vault import BlindKind

KEY_BYTES = 32
FORMAT = b"\x01"
"""What a sealed body begins with: how the rest is to be read."""
BLOCK_BYTES = 64
"""Bodies are padded to a multiple, so that their length does not tell that of a name."""
MAC_BYTES = 16


class NotOpened(Exception):  # noqa: N818 - an error is named after what went wrong
    """A sealed body does not open: it, its key or its place is another. Says no more."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed body belongs. Anywhere else, or in a later version, it stays shut."""

    case_id: UUID
    row_id: UUID
    field: str
    version: int

    def as_bytes(self) -> bytes:
        """Return the place as it is authenticated; two places never read the same."""
        return f"v1|{self.case_id}|{self.row_id}|{self.field}|{self.version}".encode()


def new_key() -> bytes:
    """Make a key: 256 bits of chance."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, place: Place, value: Mapping[str, Any]) -> bytes:
    """Encrypt a JSON object for its place. Raises ValueError for a key of another length."""
    return FORMAT + seal_bytes(_checked(key), _padded(value), place.as_bytes())


def open_sealed(key: bytes, place: Place, sealed: bytes) -> dict[str, Any]:
    """Decrypt what `seal` returned for this place. Raises NotOpened whatever is wrong."""
    body = None
    if sealed.startswith(FORMAT):
        try:
            body = unseal(_checked(key), sealed[len(FORMAT) :], place.as_bytes())
        except (InvalidTag, ValueError):
            body = None
    if body is None:
        raise NotOpened
    opened: dict[str, Any] = json.loads(body)
    return opened


def _checked(key: bytes) -> bytes:
    """Refuse a shorter key, which would be taken for one of a weaker cipher."""
    if len(key) != KEY_BYTES:
        raise ValueError("A key has 32 bytes.")
    return key


def _padded(value: Mapping[str, Any]) -> bytes:
    """Write as JSON and blanks, which JSON may end with."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    body = text.encode("utf-8", "surrogatepass")
    return body.ljust(-(-len(body) // BLOCK_BYTES) * BLOCK_BYTES)


def blind_index(key: bytes, kind: BlindKind, value: str) -> bytes:
    """Return the keyed hash by which a value is found again: 128 bits, other for every kind.

    How the value is written makes no difference. Raises ValueError if nothing of it is left.
    """
    plain = plain_text(value)
    if not plain:
        raise ValueError("A value to look up has a letter or a digit.")
    return mac(_checked(key), f"{kind.value}|{plain}".encode())


def mac(key: bytes, message: bytes) -> bytes:
    """Return a keyed hash of 128 bits: the first half of HMAC-SHA-256."""
    return hmac.digest(key, message, "sha256")[:MAC_BYTES]


def plain_text(value: str) -> str:
    """Return letters and digits alone, of one width and case: `O'Neill ` and `ONEILL` are equal."""
    folded = unicodedata.normalize("NFKC", value).casefold()
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", folded)))


def nhs_number(value: str) -> str:
    """Return the digits of an NHS number, in ASCII, whatever stands between them."""
    return "".join(
        str(unicodedata.decimal(each))
        for each in unicodedata.normalize("NFKC", value)
        if each.isdecimal()
    )


def upn(value: str) -> str:
    """Return a unique pupil number without blanks, its letters as they are folded for hashing."""
    return plain_text(value)


def surname_and_date_of_birth(surname: str, born_on: date) -> str:
    """Return both as one value; the date is the last eight digits, so that no two pairs meet.

    Raises ValueError if the surname has neither letter nor digit.
    """
    plain = plain_text(surname)
    if not plain:
        raise ValueError("A surname has a letter.")
    return plain + born_on.isoformat().replace("-", "")
