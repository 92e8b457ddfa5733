"""Access that a person gives in the browser: an authorization code, bound to us by PKCE.

Source: Zendesk, "Using PKCE to make Zendesk OAuth access tokens more secure"; RFC 7636.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx
import msgspec

from tasks.errors import ConfigurationError, RefusedError
from tasks.zendesk.oauth.credentials import Credentials
from tasks.zendesk.oauth.endpoint import Granted, GrantRefusedError, ask_by_code, known_code
from tasks.zendesk.oauth.loopback import Answer, Loopback
from tasks.zendesk.oauth.provider import checked_scopes

REDIRECT_PORT = 8721
WAIT_SECONDS = 300
AGAIN = "run the same command again"


def authorize(
    http: httpx.Client,
    credentials: Credentials,
    *,
    show: Callable[[str], None],
    port: int = REDIRECT_PORT,
    wait_seconds: float = WAIT_SECONDS,
) -> Credentials:
    """The client's credentials with the tokens of the person who allows it in the browser.

    `show` is given the address to open. A client without a secret is a public one.

    Raises: ConfigurationError, RefusedError, TransientError, each with what to do.
    """
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    with Loopback.opened(port) as loopback:
        redirect_uri = loopback.redirect_uri
        show(authorization_url(http, credentials, redirect_uri, state, verifier))
        answer = loopback.wait(wait_seconds)
        if answer is None:
            raise ConfigurationError(
                f"no answer came from the browser within {wait_seconds:.0f} seconds;"
                f" see that {redirect_uri} is among the client's redirect URLs in Zendesk,"
                f" and {AGAIN}"
            )
        code = _checked_code(answer, state)
        granted = _redeemed(http, credentials, code, redirect_uri, verifier)
    personal = msgspec.structs.replace(credentials, kind="authorization_code")
    return checked_scopes(granted.to(personal, datetime.now(UTC)))


def authorization_url(
    http: httpx.Client, credentials: Credentials, redirect_uri: str, state: str, verifier: str
) -> str:
    """Where the person is asked. It holds the verifier's hash only."""
    hashed = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": credentials.client_id,
        "redirect_uri": redirect_uri,
        "scope": credentials.asked_scopes,
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(hashed).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    return f"{str(http.base_url).rstrip('/')}/oauth/authorizations/new?{urlencode(query)}"


def _checked_code(answer: Answer, state: str) -> str:
    """The code of an answer to this login. A refusal may come without a state."""
    ours = answer.state is not None and hmac.compare_digest(answer.state.encode(), state.encode())
    if not ours and (answer.state is not None or answer.error is None):
        raise RefusedError(
            f"the browser's answer belongs to another login; close its window and {AGAIN}"
        )
    if answer.error == "access_denied":
        raise RefusedError(f"access was denied in the browser; {AGAIN} and allow it")
    if answer.error is not None or answer.code is None:
        code = known_code(answer.error) or "no code"
        raise RefusedError(
            f"Zendesk refused the login ({code}); check the client's identifier, and {AGAIN}"
        )
    return answer.code


def _redeemed(
    http: httpx.Client, credentials: Credentials, code: str, redirect_uri: str, verifier: str
) -> Granted:
    try:
        return ask_by_code(
            http, credentials, code=code, redirect_uri=redirect_uri, verifier=verifier
        )
    except GrantRefusedError as refusal:
        if refusal.code != "invalid_grant":
            raise
        raise RefusedError(
            f"Zendesk refused the code: it lives for 120 seconds and works once; {AGAIN}"
        ) from None
