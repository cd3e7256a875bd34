"""Keys in the transit engine of HashiCorp Vault: they are made there and never leave it.

Vault removes versions from the oldest on, so they are destroyed in their order.
"""

from http import HTTPStatus

from app.privacy.keys.provider import (
    KeyGone,
    KeyProviderUnavailable,
    KeyRefused,
    KeysMissing,
    KeyVersion,
    NotByProvider,
)
from app.privacy.keys.transit_client import TransitClient, TransitRefusal
from app.privacy.keys.transit_wire import (
    KEY_TYPE,
    PREFIX,
    TransitKey,
    base64,
    decoded,
    parsed,
    text,
)

FINGERPRINT_DIGITS = 32


class TransitProvider:
    """A key of the transit engine. Needs one that authenticates associated data."""

    name = "transit"

    def __init__(self, client: TransitClient, key_name: str) -> None:
        self._client = client
        self._key_name = key_name
        self._fingerprints: dict[int, str] = {}

    async def versions(self) -> list[KeyVersion]:
        """Ask for the versions that decrypt, and for a hash by each."""
        self._fingerprints.clear()
        key = await self._key()
        return [await self._version(number) for number in key.live] if key else []

    async def current(self) -> KeyVersion:
        """Ask for the version that encrypts."""
        return await self._version((await self._present()).latest_version)

    async def wrap(self, key: bytes, place: bytes) -> tuple[KeyVersion, bytes]:
        """Let Vault encrypt a data key, bound to its place."""
        body: dict[str, object] = {"plaintext": base64(key), "associated_data": base64(place)}
        answer = await self._client.send("POST", f"encrypt/{self._key_name}", body)
        wrapped = text(answer, "ciphertext")
        number, _ = parsed(wrapped)
        return await self._version(number), wrapped.encode()

    async def unwrap(self, number: int, wrapped: bytes, place: bytes) -> bytes:
        """Let Vault decrypt a data key."""
        found = PREFIX.fullmatch(wrapped.decode("ascii", "replace"))
        if found is None or int(found[1]) != number:
            raise KeyRefused(f"Version {number} of the key did not wrap this.")
        body: dict[str, object] = {
            "ciphertext": found[0],
            "associated_data": base64(place),
        }
        try:
            answer = await self._client.send("POST", f"decrypt/{self._key_name}", body)
        except TransitRefusal:
            answer = None
        if answer is None:
            key = await self._key()
            if key is None or number not in key.live:
                raise KeyGone(f"Version {number} of the key is not in Vault.")
            raise KeyRefused(f"What version {number} of the key is to unwrap, it did not wrap.")
        return decoded(text(answer, "plaintext"))

    async def rotate(self) -> KeyVersion:
        """Let Vault make a version."""
        await self._present()
        await self._client.send("POST", f"keys/{self._key_name}/rotate", {})
        return await self.current()

    async def destroy(self, number: int) -> None:
        """Close a version to decryption, then let Vault trim it, and look whether it has.

        Raises NotByProvider while an older version lives: it would go too.
        """
        key = await self._present()
        if number >= key.latest_version:
            raise NotByProvider(f"Version {number} is not behind the current one: rotate first.")
        if older := [each for each in key.live if each < number]:
            raise NotByProvider(f"Destroy version {older[0]} first: Vault removes from the oldest.")
        if number >= key.min_available_version:
            await self._trim(key, number + 1)

    async def create(self) -> KeyVersion:
        """Let Vault make the key. Raises NotByProvider if there is one by this name."""
        if await self._key() is not None:
            raise NotByProvider("There is a key in Vault by this name: it stays as it is.")
        await self._client.send("POST", f"keys/{self._key_name}", {"type": KEY_TYPE})
        return await self.current()

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()

    async def _trim(self, key: TransitKey, least: int) -> None:
        """Leave no version below `least`. May be done again where it was interrupted."""
        path = f"keys/{self._key_name}"
        bounds: dict[str, object] = {
            "min_decryption_version": max(least, key.min_decryption_version),
            "min_encryption_version": max(least, key.min_encryption_version),
        }
        await self._client.send("POST", f"{path}/config", bounds)
        await self._client.send("POST", f"{path}/trim", {"min_available_version": least})
        if (await self._present()).min_available_version < least:
            raise KeyProviderUnavailable("Vault did not remove the version.")

    async def _key(self) -> TransitKey | None:
        """Ask for the key; null if there is none. Raises KeysWrong if it is of another kind."""
        try:
            answer = await self._client.send("GET", f"keys/{self._key_name}")
        except TransitRefusal as refusal:
            if refusal.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        return TransitKey.parse(answer)

    async def _present(self) -> TransitKey:
        key = await self._key()
        if key is None:
            raise KeysMissing("There is no key in Vault by this name.")
        return key

    async def _version(self, number: int) -> KeyVersion:
        """Name a version, by a hash that only it makes; asked for once."""
        if number not in self._fingerprints:
            body: dict[str, object] = {"input": base64(b"fingerprint"), "key_version": number}
            answer = await self._client.send("POST", f"hmac/{self._key_name}/sha2-256", body)
            _, content = parsed(text(answer, "hmac"))
            self._fingerprints[number] = content.hex()[:FINGERPRINT_DIGITS]
        return KeyVersion(self.name, number, self._fingerprints[number])
