"""Who may hold the key-encryption key: this process, AWS, Google, or Vault. A line for each."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tasks.encryption.providers import aws, gcp, local, vault
from tasks.encryption.providers.protocol import KeyProvider
from tasks.errors import ConfigurationError

SERVICES: dict[str, Callable[[str], KeyProvider]] = {
    aws.SCHEME: cache(aws.opened),
    gcp.SCHEME: cache(gcp.opened),
    vault.SCHEME: cache(vault.opened),
}


def provider_of(told: str, setting: str) -> KeyProvider:
    """The provider that a setting names: by URI, or the base64 of a key.

    Raises: ConfigurationError naming the setting, never its value.
    """
    try:
        for scheme, opened in SERVICES.items():
            if told.startswith(scheme):
                return opened(told)
        if told.startswith("file://"):
            return local.from_file(Path(unquote(urlsplit(told).path)))
    except ConfigurationError as error:
        raise ConfigurationError(f"{setting}: {error}") from None
    except ValueError:
        raise ConfigurationError(f"{setting} is no URI of a key") from None
    return local.from_text(told, setting)


__all__ = ["KeyProvider", "provider_of"]
