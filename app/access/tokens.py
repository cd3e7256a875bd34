"""Tokens: opaque, 256 bits of chance, kept as hashes only."""

import hmac
import re
import secrets
from hashlib import sha256

SHAPE = re.compile(r"sga_[acrip]_[A-Za-z0-9_\-]{43}")
"""`sga_` (so that scanners of leaked secrets find it), what it is, and the secret."""


def new_token(kind: str) -> str:
    """Make a token of a kind: `a` access, `c` client secret, `i` one-time link, `p` person."""
    return f"sga_{kind}_{secrets.token_urlsafe(32)}"


def hash_of(token: str) -> bytes:
    """Return what is kept of a token. Its chance is high: no salt and no slow hash are needed."""
    return sha256(token.encode()).digest()


def service_token(secret_key: bytes, service: str) -> str:
    """Return the token of a service of our own, worked out from the installation's key."""
    return "service:" + hmac.digest(secret_key, b"service:" + service.encode(), sha256).hex()


def derived_key(secret_key: bytes, purpose: str) -> bytes:
    """Return the 256-bit key of one purpose, so that no two share one."""
    return hmac.digest(secret_key, b"key:" + purpose.encode(), sha256)
