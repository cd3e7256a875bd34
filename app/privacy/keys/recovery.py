"""The recovery file: a keyring for the day on which every other copy is lost.

It is encrypted to the public keys of at least two people, and each of them alone can open it: what
must not be lost with one person, one safe, one passphrase. Who may open it is for their procedure.
For each: X25519 with a key made for this file, HKDF-SHA-256, AES-256-GCM.

A file keeps the versions of its day. After a rotation make a new one; after a destruction the old
one must be destroyed too, or what was shredded can still be opened.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.access.sealing import seal, unseal
from app.privacy.crypto import KEY_BYTES
from app.privacy.keys.keyring import Keyring
from app.privacy.keys.provider import KeyProviderError

FORMAT: Literal["safeguarding-recovery-1"] = "safeguarding-recovery-1"
FEWEST = 2
"""Recipients of a file: it survives the loss of one."""

Hex = Annotated[str, Field(pattern="^([0-9a-f]{2})+$")]


class _Box(BaseModel):
    """The keyring for one recipient."""

    recipient: Hex
    ephemeral: Hex
    sealed: Hex


class _Recovery(BaseModel):
    """A recovery file as it is written."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    format: Literal["safeguarding-recovery-1"] = FORMAT
    boxes: list[_Box]


def recovery_text(keyring: Keyring, recipients: Sequence[X25519PublicKey]) -> str:
    """Write a recovery file. Raises KeyProviderError unless there are two different recipients."""
    if len({each.public_bytes_raw() for each in recipients}) != len(recipients):
        raise KeyProviderError("Two recipients have the same key: every one needs their own.")
    if len(recipients) < FEWEST:
        raise KeyProviderError("A recovery file needs two recipients, so that it outlives one.")
    boxes = [_box(keyring, each) for each in recipients]
    return _Recovery(boxes=boxes).model_dump_json(indent=2) + "\n"


def recovered(text: str, private_key: X25519PrivateKey) -> Keyring:
    """Open a file by the key of one recipient. Raises KeyProviderError, whatever is wrong."""
    try:
        recovery = _Recovery.model_validate_json(text)
    except ValidationError:
        recovery = None
    if recovery is None:
        raise KeyProviderError("This is not a recovery file of this product.")
    ours = recipient_id(private_key.public_key())
    box = next((each for each in recovery.boxes if each.recipient == ours), None)
    if box is None:
        raise KeyProviderError("The recovery file is not for this private key.")
    return Keyring.parse(_opened(box, private_key), "The recovery file")


def recipient_id(public_key: X25519PublicKey) -> str:
    """Return what a recipient is called in the file: 32 hexadecimal digits of a hash."""
    return sha256(public_key.public_bytes_raw()).hexdigest()[:32]


def read_public_key(pem: bytes) -> X25519PublicKey:
    """Read a recipient's key. Raises KeyProviderError if it is no X25519 public key in PEM."""
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        key = None
    if not isinstance(key, X25519PublicKey):
        raise KeyProviderError(
            "A recipient is an X25519 public key in PEM; private keys stay at home."
        )
    return key


def read_private_key(pem: bytes, passphrase: str | None) -> X25519PrivateKey:
    """Read the key of one recipient. Raises KeyProviderError if it cannot be read so."""
    try:
        key = load_pem_private_key(pem, passphrase.encode() if passphrase else None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, X25519PrivateKey):
        raise KeyProviderError("The private key must be X25519 in PEM, and its passphrase right.")
    return key


def hkdf(secret: bytes, salt: bytes, purpose: bytes) -> bytes:
    """Return a 256-bit key. RFC 5869 with SHA-256."""
    return HKDF(SHA256(), KEY_BYTES, salt, purpose).derive(secret)


def _box(keyring: Keyring, recipient: X25519PublicKey) -> _Box:
    ephemeral = X25519PrivateKey.generate()
    names = ephemeral.public_key().public_bytes_raw() + recipient.public_bytes_raw()
    try:
        shared = ephemeral.exchange(recipient)
    except ValueError:  # a point that makes the same secret for everybody
        raise KeyProviderError("A recipient's key is not one that anybody holds.") from None
    key = hkdf(shared, names, FORMAT.encode())
    return _Box(
        recipient=recipient_id(recipient),
        ephemeral=ephemeral.public_key().public_bytes_raw().hex(),
        sealed=seal(key, keyring.text().encode(), names).hex(),
    )


def _opened(box: _Box, private_key: X25519PrivateKey) -> bytes:
    names = bytes.fromhex(box.ephemeral) + private_key.public_key().public_bytes_raw()
    try:
        ephemeral = X25519PublicKey.from_public_bytes(bytes.fromhex(box.ephemeral))
        key = hkdf(private_key.exchange(ephemeral), names, FORMAT.encode())
        return unseal(key, bytes.fromhex(box.sealed), names)
    except (InvalidTag, ValueError):
        pass
    raise KeyProviderError("The recovery file was changed: it does not open.")
