"""How vensor speaks HTTP: TLS unless on loopback, timeouts on everything, no redirects unasked."""

from importlib.metadata import version
from urllib.parse import urlsplit

import httpx

from tasks.errors import ConfigurationError
from tasks.settings import is_loopback

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0


def http_client(base_url: str) -> httpx.Client:
    """A client for `base_url` and no other credentials' place.

    Raises: ConfigurationError for a base URL that is neither https nor on loopback.
    """
    return httpx.Client(
        base_url=checked_base_url(base_url),
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        follow_redirects=False,
        headers={"User-Agent": f"vensor/{version('vensor')}", "Accept": "application/json"},
        trust_env=not is_loopback(urlsplit(base_url).hostname or ""),
    )


def checked_base_url(base_url: str) -> str:
    """`base_url` without a slash at its end. Raises: ConfigurationError."""
    parts = urlsplit(base_url)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise ConfigurationError(f"{base_url!r} is not a URL such as https://acme.zendesk.com")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ConfigurationError(f"{base_url} is not https; http is accepted on loopback only")
    if parts.username or parts.query or parts.fragment:
        raise ConfigurationError("a base URL holds no credentials, query or fragment")
    return base_url.rstrip("/")
