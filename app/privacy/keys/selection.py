"""Which keeper of keys the settings name."""

from app.privacy.keys.environment import EnvironmentProvider
from app.privacy.keys.file import FileProvider
from app.privacy.keys.provider import KeyProvider, KeyProviderError
from app.privacy.keys.transit import TransitProvider
from app.privacy.keys.transit_client import TransitClient
from app.settings import Settings


def provider_of(settings: Settings) -> KeyProvider:
    """Return the keeper that the settings name: HashiCorp Vault, the environment, or a file.

    Raises KeyProviderError if they name two, or what the one needs is missing. Touches no network.
    """
    named = [
        name
        for name, value in (
            ("TRANSIT_ADDRESS", settings.transit_address),
            ("VAULT_KEYS", settings.vault_keys),
            ("KEY_FILE", settings.key_file),
        )
        if value is not None
    ]
    if len(named) > 1:
        raise KeyProviderError(f"Keys are in one place: set one of {' and '.join(named)}.")
    if settings.transit_address is not None:
        return TransitProvider(TransitClient.of(settings), settings.transit_key)
    if settings.vault_keys is not None:
        return EnvironmentProvider(settings.vault_keys.get_secret_value())
    return FileProvider(settings.key_path, settings.data_dir)
