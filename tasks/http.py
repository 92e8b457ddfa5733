"""How vensor speaks HTTP: TLS unless on loopback, timeouts on everything, no redirects unasked."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import version
from urllib.parse import urlsplit

import httpx

from tasks.errors import ConfigurationError, TransientError, VensorError
from tasks.settings import is_loopback

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
HURRIED_SECONDS = 5.0
# Of OpenSSL's reasons, those that do not pass by themselves.
NO_COMMON_TLS = {
    "NO_PROTOCOLS_AVAILABLE",
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "UNSUPPORTED_PROTOCOL",
    "WRONG_VERSION_NUMBER",
}
_is_hurried: ContextVar[bool] = ContextVar("is_hurried", default=False)


@contextmanager
def hurried() -> Iterator[None]:
    """Within, every far side is asked once and waited for at most five seconds: somebody looks on.

    It holds for clients that are made within.
    """
    token = _is_hurried.set(True)
    try:
        yield
    finally:
        _is_hurried.reset(token)


def seconds(usual: float) -> float:
    """How long an answer is waited for, as far as there is time."""
    return min(usual, HURRIED_SECONDS) if _is_hurried.get() else usual


def attempts(usual: int) -> int:
    """How often something is asked before it has failed, as far as there is time."""
    return 1 if _is_hurried.get() else usual


def http_client(base_url: str) -> httpx.Client:
    """A client for `base_url` and no other credentials' place.

    Raises: ConfigurationError for a base URL that is neither https nor on loopback.
    """
    return httpx.Client(
        base_url=checked_base_url(base_url),
        timeout=httpx.Timeout(seconds(READ_SECONDS), connect=seconds(CONNECT_SECONDS)),
        follow_redirects=False,
        headers={"User-Agent": f"vensor/{version('vensor')}", "Accept": "application/json"},
        verify=tls_context(),
        trust_env=not is_loopback(urlsplit(base_url).hostname or ""),
    )


def tls_context() -> ssl.SSLContext:
    """TLS 1.2 or newer, the far side's certificate checked.

    Its issuer must be one that browsers trust, or lie in the file that SSL_CERT_FILE names.
    """
    context = httpx.create_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def no_answer(who: str, error: Exception) -> VensorError:
    """The failure of a request as ours, without the words of `error`: they may quote an address."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ConfigurationError(
                f"{who}: its certificate is not to be trusted ({cause.verify_message}); behind a"
                " proxy that opens TLS, SSL_CERT_FILE must name the file with its issuer"
            )
        if isinstance(cause, ssl.SSLError) and cause.reason in NO_COMMON_TLS:
            return ConfigurationError(f"{who}: no TLS 1.2 or newer with it ({cause.reason})")
        cause = cause.__cause__ or cause.__context__
    return TransientError(f"{who} did not answer ({type(error).__name__})")


def checked_base_url(base_url: str) -> str:
    """`base_url` without a slash at its end. Raises: ConfigurationError."""
    try:
        parts = urlsplit(base_url)
        _port = parts.port
    except ValueError:
        raise ConfigurationError("a base URL is one such as https://acme.zendesk.com") from None
    if parts.username or parts.query or parts.fragment:
        raise ConfigurationError("a base URL holds no credentials, query or fragment")
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise ConfigurationError(f"{base_url!r} is not a URL such as https://acme.zendesk.com")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ConfigurationError(f"{base_url!r} is not https; http is accepted on loopback only")
    return base_url.rstrip("/")
