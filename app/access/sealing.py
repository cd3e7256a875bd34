"""Sealing: what must be read back but never lie open. AES-256-GCM, bound to its place."""

from os import urandom

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


def seal(key: bytes, content: bytes, place: bytes) -> bytes:
    """Encrypt for one place, such as a record's identifier: moved elsewhere it will not open."""
    nonce = urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, place)


def unseal(key: bytes, sealed: bytes, place: bytes) -> bytes:
    """Decrypt. Raises `cryptography.exceptions.InvalidTag` if key, content or place is another."""
    return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)
