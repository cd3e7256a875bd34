"""Keys that the platform injects: the variable `VAULT_KEYS` holds the keyring.

The platform keeps them, so it is the operator who adds and removes versions there.
"""

from typing import ClassVar, NoReturn

from app.privacy.keys.keyring import Keyring, KeyringProvider
from app.privacy.keys.provider import KeyVersion, NotByProvider


class EnvironmentProvider(KeyringProvider):
    """A keyring that this process was started with."""

    name: ClassVar[str] = "environment"
    source = "VAULT_KEYS"

    def __init__(self, text: str) -> None:
        self._keyring = Keyring.parse(text, self.source)

    def keyring(self) -> Keyring:
        """Return the keyring."""
        return self._keyring

    async def rotate(self) -> KeyVersion:
        """Refuse: there is nothing here to write to."""
        newest = max(self._keyring.keys) + 1
        _refuse(f"Add version {newest} to VAULT_KEYS, make it current, and start again.")

    async def destroy(self, number: int) -> None:
        """Return if the version is not in the variable any more."""
        if number in self._keyring.keys:
            _refuse(f"Remove version {number} from VAULT_KEYS and wherever it is kept, then again.")

    async def create(self) -> KeyVersion:
        """Refuse: whoever sets the variable has made a key."""
        _refuse("There is a key in VAULT_KEYS: it stays as it is.")


def _refuse(sentence: str) -> NoReturn:
    raise NotByProvider(sentence)
