"""What every keeper of keys does, whatever it is, and the look at it before anybody is served."""
# ruff: noqa: N818 - an error is named after what went wrong

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


class KeyProviderError(RuntimeError):
    """Keys cannot be used so; the message is one sentence and holds no secret."""


class KeyGone(KeyProviderError):
    """A version is unknown, or was destroyed: what it wrapped stays wrapped."""


class KeyRefused(KeyProviderError):
    """A wrapped key was changed, or belongs to another place or version."""


class KeyProviderUnavailable(KeyProviderError):
    """The keeper of the keys cannot be reached, or does not let us in."""


class NotByProvider(KeyProviderError):
    """This keeper does not do that, or not now; the message says what to do instead."""


class KeysMissing(KeyProviderError):
    """There is no key where one is counted on."""


class KeysWrong(KeyProviderError):
    """A key is not the one that is counted on."""


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """One version of the key-encryption key, without the key."""

    provider: str
    """`file`, `environment` or `transit`."""
    number: int
    """From 1. The number of a version that was destroyed is not given again."""
    fingerprint: str
    """32 hexadecimal digits, by which a version is told from another of its number. Worked out
    with the key, and of no use to find it."""


class KeyProvider(Protocol):
    """Keeps the key-encryption key in versions. What an older version wrapped it still unwraps.

    Whatever does not work raises a KeyProviderError.
    """

    async def versions(self) -> list[KeyVersion]:
        """Return the versions that can unwrap, oldest first; none if there is no key yet."""

    async def current(self) -> KeyVersion:
        """Return the version that wraps. Raises KeysMissing if there is no key yet."""

    async def wrap(self, key: bytes, place: bytes) -> tuple[KeyVersion, bytes]:
        """Encrypt a data key for one place, by the current version."""

    async def unwrap(self, number: int, wrapped: bytes, place: bytes) -> bytes:
        """Decrypt a data key. Raises KeyGone, and KeyRefused if it is not what was wrapped."""

    async def rotate(self) -> KeyVersion:
        """Make a new version the current one. Done twice, it makes two; none is lost."""

    async def destroy(self, number: int) -> None:
        """Return when the material of a version is gone, as it may have been before.

        Raises NotByProvider for the current version.
        """

    async def create(self) -> KeyVersion:
        """Make the first version. Raises NotByProvider if there is a key."""

    async def close(self) -> None:
        """Let go of connections."""


async def check_keys(provider: KeyProvider, known: Iterable[tuple[int, str]]) -> None:
    """Hold the keys against the versions the database counts on, each a number and a fingerprint.

    Raises KeysMissing or KeysWrong, and makes no key. With nothing to count on all is well, and
    where there is no key either the caller may `create` one.
    """
    live = {each.number: each.fingerprint for each in await provider.versions()}
    for number, fingerprint in known:
        if number not in live:
            raise KeysMissing(
                f"The database counts on version {number} of the key of identities, and it is not"
                " there: bring it back from a backup or with `safeguarding keys restore`."
            )
        if not hmac.compare_digest(live[number].encode(), fingerprint.encode()):
            raise KeysWrong(
                f"Version {number} of the key of identities is not the one this database counts on."
            )


async def returned(provider: KeyProvider, destroyed: Iterable[tuple[int, str]]) -> list[KeyVersion]:
    """Return versions that were destroyed and are back, as from an old recovery file."""
    gone = set(destroyed)
    return [each for each in await provider.versions() if (each.number, each.fingerprint) in gone]
