"""The consent that an administrator gives in the browser: authorization code with PKCE.

Source: RFC 7636 (PKCE, S256), RFC 8252 (loopback redirects of native applications).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from tasks.errors import ConfigurationError
from tasks.http import checked_base_url
from tasks.zendesk.credentials import NEEDED_SCOPES

VERIFIER_BYTES = 48
AGAIN = "run the same command again"


@dataclass(frozen=True, repr=False)
class Consent:
    """One request for consent. `state` and `verifier` are good for this one only."""

    redirect_uri: str
    state: str
    verifier: str

    @classmethod
    def begun(cls, redirect_uri: str) -> "Consent":
        """A request whose answer comes to `redirect_uri`, as it is registered with the client."""
        verifier = secrets.token_urlsafe(VERIFIER_BYTES)
        return cls(redirect_uri, secrets.token_urlsafe(32), verifier)

    def url(self, base_url: str, client_id: str, *, scopes: str = " ".join(NEEDED_SCOPES)) -> str:
        """Where the browser goes. Raises: ConfigurationError for a base URL that leaks."""
        hashed = hashlib.sha256(self.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scopes,
            "state": self.state,
            "code_challenge": base64.urlsafe_b64encode(hashed).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{checked_base_url(base_url)}/oauth/authorizations/new?{urlencode(asked)}"

    def code(self, told: Mapping[str, str]) -> str:
        """The code in the query that came back.

        Raises: ConfigurationError where it is not the answer to this request, or says no.
        """
        if not hmac.compare_digest(told.get("state", "").encode(), self.state.encode()):
            raise ConfigurationError(
                f"the browser came back with another request's state; {AGAIN} and use its address"
            )
        if told.get("error") == "access_denied":
            raise ConfigurationError(
                f"the access was denied in the browser; {AGAIN} and allow it as an administrator"
            )
        if "error" in told or not told.get("code"):
            raise ConfigurationError(
                "Zendesk gave no code; check the client's id, redirect URL and scopes, then"
                f" {AGAIN}"
            )
        return told["code"]
