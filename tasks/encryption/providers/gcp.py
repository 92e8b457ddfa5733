"""A key of Google Cloud KMS: `gcp-kms://projects/P/locations/L/keyRings/R/cryptoKeys/K`.

Credentials are found as every Google client finds them. Google's own checksums are not asked for:
what was wrapped is opened once before it is stored (see `Keyring`), which tells more.
"""

import importlib
import re
from typing import Any, NoReturn

from tasks.encryption.providers.protocol import not_opened
from tasks.errors import ConfigurationError, PermanentError, TransientError

SCHEME = "gcp-kms://"
NAME = re.compile(r"projects/[\w.:-]+/locations/[\w-]+/keyRings/[\w-]+/cryptoKeys/[\w-]+")
SECONDS = 5.0
HINTS = {
    "PermissionDenied": "the credentials need the role Cloud KMS CryptoKey Encrypter/Decrypter",
    "Unauthenticated": "the credentials are not valid, or have expired: renew them",
    "NotFound": "there is no such key",
    "FailedPrecondition": "its primary version is disabled or destroyed: enable one",
}


class GcpKey:
    """A symmetric key that Google Cloud KMS holds."""

    def __init__(self, name: str, client: Any) -> None:
        """`client` is google.cloud.kms.KeyManagementServiceClient."""
        self._name = name
        self._client = client

    @property
    def key_uri(self) -> str:
        return f"{SCHEME}{self._name}"

    def __repr__(self) -> str:
        return f"GcpKey({self._name})"

    def wrap(self, key: bytes, context: bytes) -> bytes:
        answer = self._called("encrypt", context, plaintext=key)
        return bytes(answer.ciphertext)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        answer = self._called("decrypt", context, ciphertext=wrapped)
        return bytes(answer.plaintext)

    def _called(self, operation: str, context: bytes, **told: bytes) -> Any:
        request = {"name": self._name, "additional_authenticated_data": context, **told}
        try:
            return getattr(self._client, operation)(
                request=request, retry=_retry(), timeout=SECONDS
            )
        except Exception as error:
            self._raise(error)

    def _raise(self, error: Exception) -> NoReturn:
        """The extra may not be installed where this is read: errors are told by their names."""
        kind = type(error).__name__
        if kind == "InvalidArgument":
            raise PermanentError(not_opened(self.key_uri)) from None
        if kind in HINTS:
            raise ConfigurationError(f"Cloud KMS refuses {self._name}: {HINTS[kind]}") from None
        if kind in {"DefaultCredentialsError", "RefreshError"}:
            raise ConfigurationError(NO_CREDENTIALS) from None
        raise TransientError(f"Cloud KMS did not answer for {self._name} ({kind})") from None


def _retry() -> Any:
    """What may pass is tried again within the time of one call, where Google would take minutes."""
    retry = importlib.import_module("google.api_core.retry")
    return retry.Retry(initial=0.2, maximum=2.0, timeout=SECONDS)


NO_CREDENTIALS = (
    "no usable Google credentials: set GOOGLE_APPLICATION_CREDENTIALS, or run"
    " `gcloud auth application-default login`"
)


def opened(uri: str) -> GcpKey:
    """The key that a URI names. Raises: ConfigurationError."""
    name = uri.removeprefix(SCHEME)
    if NAME.fullmatch(name) is None:
        raise ConfigurationError(
            "it names no key of Cloud KMS such as"
            " gcp-kms://projects/p/locations/europe/keyRings/r/cryptoKeys/k"
        )
    try:
        kms = importlib.import_module("google.cloud.kms")
    except ImportError:
        raise ConfigurationError("a key of Cloud KMS needs `pip install vensor[gcp]`") from None
    try:
        return GcpKey(name, kms.KeyManagementServiceClient())
    except Exception as error:
        if type(error).__name__ != "DefaultCredentialsError":
            raise
        raise ConfigurationError(NO_CREDENTIALS) from None
