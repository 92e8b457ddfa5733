"""A key of AWS KMS: `aws-kms://arn:aws:kms:REGION:ACCOUNT:key/ID`.

The context is the encryption context, so CloudTrail shows which organization's key was opened.
Credentials are found as every AWS tool finds them; AWS_ENDPOINT_URL_KMS leads elsewhere.
"""

import importlib
import re
from typing import Any, NoReturn

from tasks.encryption.providers.protocol import not_opened
from tasks.errors import ConfigurationError, PermanentError, TransientError
from tasks.http import attempts, checked_base_url, seconds

SCHEME = "aws-kms://"
ARN = re.compile(r"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):\d{12}:key/[\w-]+")
HINTS = {
    "AccessDeniedException": "the credentials need kms:Encrypt and kms:Decrypt on it",
    "NotFoundException": "there is no such key in that account and region",
    "DisabledException": "it is disabled: enable it",
    "KMSInvalidStateException": "it is disabled or about to be deleted: enable it",
    "ExpiredTokenException": "the credentials have expired: renew them",
    "UnrecognizedClientException": "AWS does not know the credentials",
    "InvalidKeyUsageException": "it must be a symmetric key for encryption",
}
WRONG = {"InvalidCiphertextException", "IncorrectKeyException"}
PASSING = {
    "ThrottlingException",
    "LimitExceededException",
    "KMSInternalException",
    "DependencyTimeoutException",
    "KeyUnavailableException",
}


class AwsKey:
    """A symmetric key that AWS KMS holds."""

    def __init__(self, arn: str, client: Any) -> None:
        """`client` is boto3's for KMS."""
        self._arn = arn
        self._client = client

    @property
    def key_uri(self) -> str:
        return f"{SCHEME}{self._arn}"

    def __repr__(self) -> str:
        return f"AwsKey({self._arn})"

    def wrap(self, key: bytes, context: bytes) -> bytes:
        answer = self._called("encrypt", context, Plaintext=key)
        return bytes(answer["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        answer = self._called("decrypt", context, CiphertextBlob=wrapped)
        if answer["KeyId"] != self._arn:
            raise PermanentError(not_opened(self.key_uri))
        return bytes(answer["Plaintext"])

    def _called(self, operation: str, context: bytes, **told: bytes) -> Any:
        call = getattr(self._client, operation)
        try:
            return call(KeyId=self._arn, EncryptionContext={"vensor": context.hex()}, **told)
        except Exception as error:
            self._raise(error)

    def _raise(self, error: Exception) -> NoReturn:
        """boto3 makes the classes of its errors as it goes: they are told by their codes."""
        answer = getattr(error, "response", None)
        code = answer.get("Error", {}).get("Code", "") if isinstance(answer, dict) else ""
        if code in WRONG:
            raise PermanentError(not_opened(self.key_uri)) from None
        if code in HINTS:
            raise ConfigurationError(f"AWS KMS refuses {self._arn}: {HINTS[code]}") from None
        if type(error).__name__ in {"NoCredentialsError", "PartialCredentialsError"}:
            raise ConfigurationError(
                f"no AWS credentials for {self._arn}: set AWS_PROFILE, a role, or the key pair"
            ) from None
        if code and code not in PASSING:
            raise ConfigurationError(f"AWS KMS refuses {self._arn} ({code})") from None
        told = code or type(error).__name__
        raise TransientError(f"AWS KMS did not answer for {self._arn} ({told})") from None


def opened(uri: str) -> AwsKey:
    """The key that a URI names. Raises: ConfigurationError."""
    arn = uri.removeprefix(SCHEME)
    told = ARN.fullmatch(arn)
    if told is None:
        raise ConfigurationError(
            "it names no key of AWS KMS such as"
            " aws-kms://arn:aws:kms:eu-central-1:123456789012:key/…"
        )
    try:
        boto3 = importlib.import_module("boto3")
        config = importlib.import_module("botocore.config")
    except ImportError:
        raise ConfigurationError("a key of AWS KMS needs `pip install vensor[aws]`") from None
    client = (
        boto3.Session().client(  # boto3's own session would keep the credentials it found first
            "kms",
            region_name=told["region"],
            config=config.Config(
                connect_timeout=5,
                read_timeout=seconds(10),
                retries={"mode": "standard", "max_attempts": attempts(3)},
            ),
        )
    )
    checked_base_url(client.meta.endpoint_url)
    return AwsKey(arn, client)
