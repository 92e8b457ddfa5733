"""What every provider of a key-encryption key offers."""

from typing import Protocol


class KeyProvider(Protocol):
    """Wraps and unwraps data keys; the key-encryption key itself stays with the provider.

    A wrap is bound to its context: with another one it does not open.
    """

    @property
    def key_uri(self) -> str:
        """Names the key, never its value; stored beside what it wraps."""
        ...

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Raises: TransientError where the key service is away, ConfigurationError where it
        refuses, with what to do."""
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The key that was wrapped. Raises: as `wrap`, and PermanentError if it doesn't open."""
        ...


def not_opened(key_uri: str) -> str:
    """What is said of a wrapped key that its own provider refuses to open."""
    return (
        f"a data key does not open under the key-encryption key {key_uri}:"
        " it was altered or moved, or wrapped under another key"
    )
