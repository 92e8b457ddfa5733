"""A key of HashiCorp Vault's transit engine: `hcvault://vault.example:8200/transit/keys/NAME`.

The context is the associated data, which keys of the type aes256-gcm96 have. VAULT_TOKEN is the
token, VAULT_NAMESPACE the namespace where there is one. Https, but on loopback.
Source: Vault's API of the transit secrets engine, encrypt and decrypt.
"""

import base64
import os
import re
from typing import Any
from urllib.parse import urlsplit

import httpx
import stamina

from tasks.encryption.providers.protocol import not_opened
from tasks.errors import ConfigurationError, PermanentError, TransientError
from tasks.http import attempts, http_client, no_answer, seconds
from tasks.settings import is_loopback

SCHEME = "hcvault://"
PATH = re.compile(r"/(?P<mount>[\w/-]+)/keys/(?P<name>[\w.-]+)")


class VaultKey:
    """A key that Vault holds."""

    def __init__(self, uri: str, base_url: str, mount: str, name: str) -> None:
        self._uri = uri
        self._base_url = base_url
        self._mount = mount
        self._name = name

    @property
    def key_uri(self) -> str:
        return self._uri

    def __repr__(self) -> str:
        return f"VaultKey({self._uri})"

    def wrap(self, key: bytes, context: bytes) -> bytes:
        return str(self._asked("encrypt", context, plaintext=_text(key))["ciphertext"]).encode()

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        answer = self._asked("decrypt", context, ciphertext=wrapped.decode("ascii", "replace"))
        return base64.b64decode(answer["plaintext"])

    def _asked(self, operation: str, context: bytes, **told: str) -> Any:
        path = f"/v1/{self._mount}/{operation}/{self._name}"
        body = {"associated_data": _text(context), **told}
        for attempt in stamina.retry_context(
            on=TransientError, attempts=attempts(3), wait_initial=0.3
        ):
            with attempt, http_client(self._base_url) as http:
                try:
                    answer = http.post(path, json=body, headers=_headers(), timeout=seconds(10.0))
                except httpx.HTTPError as error:
                    raise no_answer(f"Vault ({self._uri})", error) from None
                if answer.is_success:
                    return answer.json()["data"]
                raise self._refusal(operation, answer)

    def _refusal(self, operation: str, answer: httpx.Response) -> Exception:
        """By status only: the words of an answer may quote what was asked."""
        status = answer.status_code
        if status == httpx.codes.BAD_REQUEST and operation == "decrypt":
            return PermanentError(not_opened(self._uri))
        if status == httpx.codes.BAD_REQUEST:
            return ConfigurationError(
                f"Vault refuses {self._uri}: it must be a key of the type aes256-gcm96"
            )
        if status == httpx.codes.FORBIDDEN:
            return ConfigurationError(
                f"Vault refuses {self._uri}: VAULT_TOKEN has expired, or its policy lacks update on"
                f" {self._mount}/encrypt/{self._name} and …/decrypt/{self._name}"
            )
        if status == httpx.codes.NOT_FOUND:
            return ConfigurationError(f"Vault has nothing at {self._uri}: is the mount right?")
        if status == httpx.codes.SERVICE_UNAVAILABLE:
            return TransientError(f"Vault is sealed or in maintenance ({self._uri}): unseal it")
        if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500 or status in {412, 472, 473}:
            return TransientError(f"Vault could not answer now ({status}, {self._uri})")
        return ConfigurationError(f"Vault refuses {self._uri} (status {status})")


def opened(uri: str) -> VaultKey:
    """The key that a URI names. Raises: ConfigurationError."""
    parts = urlsplit(uri)
    told = PATH.fullmatch(parts.path)
    if told is None or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ConfigurationError(
            f"{SCHEME}… names no key such as hcvault://vault.example:8200/transit/keys/vensor"
        )
    scheme = "http" if is_loopback(parts.hostname) else "https"
    return VaultKey(uri, f"{scheme}://{parts.netloc}", told["mount"], told["name"])


def _headers() -> dict[str, str]:
    token = os.environ.get("VAULT_TOKEN")
    if not token:
        raise ConfigurationError("a key of Vault needs VAULT_TOKEN in the environment")
    namespace = os.environ.get("VAULT_NAMESPACE")
    return {"X-Vault-Token": token} | ({"X-Vault-Namespace": namespace} if namespace else {})


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
