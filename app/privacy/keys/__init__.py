"""Keys that wrap the data keys of cases. They are kept outside the database, by one provider."""

from app.privacy.keys.provider import (
    KeyGone,
    KeyProvider,
    KeyProviderError,
    KeyProviderUnavailable,
    KeyRefused,
    KeysMissing,
    KeysWrong,
    KeyVersion,
    NotByProvider,
    check_keys,
    returned,
)
from app.privacy.keys.selection import provider_of

__all__ = [
    "KeyGone",
    "KeyProvider",
    "KeyProviderError",
    "KeyProviderUnavailable",
    "KeyRefused",
    "KeyVersion",
    "KeysMissing",
    "KeysWrong",
    "NotByProvider",
    "check_keys",
    "provider_of",
    "returned",
]
