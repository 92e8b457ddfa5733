"""The key-encryption keys: the one that wraps, and the former one while keys move from it.

VENSOR_KEK names the one, VENSOR_KEK_PREVIOUS the other. Without them they are the files `kek` and
`kek.previous` in the home; with VENSOR_KEK alone, the former one is the home's `kek`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from tasks.encryption.providers import KeyProvider, provider_of
from tasks.encryption.providers.local import LocalKey, create_file, from_file, replace_file
from tasks.errors import ConfigurationError, PermanentError, TransientError

# What keys were stored with before a key's URI told which key it is.
NAMELESS = {"env:VENSOR_KEK", "file:kek"}


class KeyEncryptionKeys:
    """What data keys are wrapped and unwrapped with."""

    def __init__(self, found: Callable[[], tuple[KeyProvider, KeyProvider | None]]) -> None:
        """`found` gives the keys as they are now. Raises: as it does."""
        self._found = found
        # All that were found so far: who has read a wrapped key can open it, whatever has become
        # of the key's file meanwhile.
        self._known: dict[str, KeyProvider] = {}
        self.renew()

    @property
    def key_uri(self) -> str:
        """The URI of the key that wraps."""
        return self._current.key_uri

    @property
    def is_local(self) -> bool:
        """Whether the key that wraps is in this process; a service's may have versions."""
        return isinstance(self._current, LocalKey)

    @property
    def has_former(self) -> bool:
        """Whether another key than the one that wraps was found."""
        return len(self._known) > 1

    def renew(self) -> None:
        """Looks again: another process may have put a new key in the file's place."""
        self._current, former = self._found()
        for one in (former, self._current):
            if one is not None:
                self._known[one.key_uri] = one

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
        """The data key. Raises: ConfigurationError naming the key that it needs; PermanentError
        where that does not open it."""
        if key_uri not in self._known:
            self.renew()
        if key_uri in self._known:
            return self._known[key_uri].unwrap(wrapped, context)
        if key_uri in NAMELESS:
            return self._unwrap_nameless(wrapped, context)
        raise ConfigurationError(
            f"a data key is wrapped by {key_uri}, and VENSOR_KEK is {self.key_uri}: set"
            " VENSOR_KEK_PREVIOUS to the former key, then run `vensor keys rotate --kek`"
        )

    def _unwrap_nameless(self, wrapped: bytes, context: bytes) -> bytes:
        for key_uri in [uri for uri in self._known if uri != self.key_uri]:
            try:
                return self._known[key_uri].unwrap(wrapped, context)
            except PermanentError:
                continue  # it is the other one's
        return self._current.unwrap(wrapped, context)


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


@contextmanager
def file_rotation(home: Path) -> Iterator[Callable[[], None]]:
    """Puts a new key in the place of the home's, which is kept beside it; one process at a time.

    Where that was done before and did not come to its end, it goes on. Gives what forgets the
    former key, to be called once nothing is wrapped by it.

    Raises: TransientError while another process does the same.
    """
    if not (home / "kek").exists():
        create_file(home / "kek")
    try:
        with FileLock(home / "kek.lock", mode=0o600, timeout=0):
            replace_file(home / "kek", _former(home))
            yield lambda: _former(home).unlink(missing_ok=True)
    except Timeout:
        raise TransientError("another process rotates the key-encryption key") from None


def _former(home: Path) -> Path:
    return home / "kek.previous"
