"""The key-encryption keys: the one that wraps, and the former one while keys move from it.

VENSOR_KEK names the one, VENSOR_KEK_PREVIOUS the other. Without them they are the files `kek` and
`kek.previous` in the home; with VENSOR_KEK alone, the former one is the home's `kek`.
"""

from collections.abc import Callable
from pathlib import Path

from tasks.encryption.providers import KeyProvider, provider_of
from tasks.encryption.providers.local import create_file, from_file, replace_file
from tasks.errors import ConfigurationError, PermanentError

# What keys were stored with before a key's URI told which key it is.
NAMELESS = {"env:VENSOR_KEK", "file:kek"}


class KeyEncryptionKeys:
    """What data keys are wrapped and unwrapped with."""

    def __init__(self, found: Callable[[], tuple[KeyProvider, KeyProvider | None]]) -> None:
        """`found` gives the keys as they are now. Raises: as it does."""
        self._found = found
        self._current, self._previous = found()

    @property
    def key_uri(self) -> str:
        """The URI of the key that wraps."""
        return self._current.key_uri

    @property
    def previous_uri(self) -> str | None:
        """The URI of the former key, if there is one."""
        return None if self._previous is None else self._previous.key_uri

    def renew(self) -> None:
        """Looks again: another process may have put a new key in the file's place."""
        self._current, self._previous = self._found()

    def wrap(self, key: bytes, context: bytes) -> tuple[str, bytes]:
        """(URI, wrapped key), under the key that is in place now.

        What was wrapped is opened once more: a wrap that was spoiled, or by credentials that may
        not open, would cost everything that is then sealed under the key.
        """
        self.renew()
        wrapped = self._current.wrap(key, context)
        if self._current.unwrap(wrapped, context) != key:
            raise PermanentError(f"{self.key_uri} gave another key back than it was given")
        return self.key_uri, wrapped

    def unwrap(self, key_uri: str, wrapped: bytes, context: bytes) -> bytes:
        """The data key. Raises: ConfigurationError naming the key that it needs."""
        if self._holder(key_uri) is None:
            self.renew()
        holder = self._holder(key_uri)
        if holder is not None:
            return holder.unwrap(wrapped, context)
        if key_uri in NAMELESS:
            return self._unwrap_nameless(wrapped, context)
        raise ConfigurationError(
            f"a data key is wrapped by {key_uri}, and VENSOR_KEK is {self.key_uri}: set"
            " VENSOR_KEK_PREVIOUS to the former key, then run `vensor keys rotate --kek`"
        )

    def _holder(self, key_uri: str) -> KeyProvider | None:
        for one in (self._current, self._previous):
            if one is not None and one.key_uri == key_uri:
                return one
        return None

    def _unwrap_nameless(self, wrapped: bytes, context: bytes) -> bytes:
        try:
            return self._current.unwrap(wrapped, context)
        except PermanentError:
            if self._previous is None:
                raise
            return self._previous.unwrap(wrapped, context)


def key_encryption_keys(
    home: Path, told: str | None, previous: str | None = None
) -> KeyEncryptionKeys:
    """The keys of the settings, else those in `home`, where one is made on first use (mode 0600).

    Raises: ConfigurationError if what there is cannot be a key.
    """
    path = home / "kek"

    def found() -> tuple[KeyProvider, KeyProvider | None]:
        if told is not None:
            current = provider_of(told, "VENSOR_KEK")
        else:
            if not path.exists():
                create_file(path)
            current = from_file(path)
        if previous is not None:
            return current, provider_of(previous, "VENSOR_KEK_PREVIOUS")
        former = _former(home) if told is None else path
        return current, from_file(former) if former.exists() else None

    return KeyEncryptionKeys(found)


def begin_file_rotation(home: Path) -> None:
    """Puts a new key in the place of the home's, which is kept beside it. Safe to repeat."""
    replace_file(home / "kek", _former(home))


def end_file_rotation(home: Path) -> None:
    """Forgets the former key of the home: nothing is wrapped by it any more."""
    _former(home).unlink(missing_ok=True)


def _former(home: Path) -> Path:
    return home / "kek.previous"
