"""Supabase Auth over HTTP: its published keys, and signing in.

Source: Supabase, "JWT Signing Keys" and "Auth server API" (`/token`, `/.well-known/jwks.json`).
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import jwt
import msgspec

from tasks.errors import ConfigurationError, NotAllowedError, TransientError
from tasks.http import http_client, no_answer
from tasks.identity.store import Session

KEPT_SECONDS = 300.0
PAUSE_SECONDS = 30.0  # between two fetches for ids that were not there: anyone can make one up
PUBLIC = {"RS256", "ES256"}
WHO = "Supabase Auth"


class _Granted(msgspec.Struct):
    access_token: str
    refresh_token: str
    expires_in: int

    def __repr__(self) -> str:
        return "_Granted()"


class SupabaseAuth:
    """The Auth server of the project at `url`."""

    def __init__(self, url: str, *, anon_key: str | None = None) -> None:
        self.issuer = f"{url}/auth/v1"
        self._anon_key = anon_key

    def fetch_keys(self) -> dict[str, jwt.PyJWK]:
        """The keys that sign, by id; none while the project signs with a secret.

        Raises: TransientError when it does not answer, ConfigurationError when it is none.
        """
        answer = self._call("GET", "/.well-known/jwks.json")
        if not answer.is_success:
            raise ConfigurationError(
                f"no keys at {self.issuer}/.well-known/jwks.json (HTTP {answer.status_code}); is"
                " VENSOR_SUPABASE_URL the project's URL?"
            )
        try:
            told = answer.json()["keys"]
            found = [one for one in told if isinstance(one, dict) and one.get("use") != "enc"]
            keys = jwt.PyJWKSet(found).keys if found else []
        except (ValueError, KeyError, TypeError, jwt.PyJWTError):
            raise ConfigurationError(f"what {WHO} publishes as its keys cannot be read") from None
        return {key.key_id: key for key in keys if key.key_id and key.algorithm_name in PUBLIC}

    def require_key(self) -> None:
        """Raises: ConfigurationError without the key that signing in needs."""
        if self._anon_key is None:
            raise ConfigurationError(
                "signing in needs VENSOR_SUPABASE_ANON_KEY, the project's publishable key"
            )

    def sign_in(self, email: str, password: str) -> Session:
        """A session of the user. Raises: NotAllowedError, TransientError, ConfigurationError."""
        return self._session("password", {"email": email, "password": password})

    def renew(self, refresh_token: str) -> Session:
        """The session that follows; the refresh token is used up. Raises: as `sign_in`."""
        return self._session("refresh_token", {"refresh_token": refresh_token})

    def _session(self, grant: str, body: Mapping[str, str]) -> Session:
        self.require_key()
        answer = self._call("POST", f"/token?grant_type={grant}", body)
        if answer.status_code in {400, 401, 403, 422}:
            raise NotAllowedError(
                f"{WHO} refused the sign-in (HTTP {answer.status_code}); run `vensor login` again"
            )
        try:
            granted = msgspec.json.decode(answer.content, type=_Granted)
        except msgspec.DecodeError:
            raise ConfigurationError(f"{WHO} gave no session (HTTP {answer.status_code})") from None
        ends = time.time() + granted.expires_in
        return Session(granted.access_token, granted.refresh_token, ends)

    def _call(
        self, method: str, path: str, body: Mapping[str, str] | None = None
    ) -> httpx.Response:
        headers = {} if self._anon_key is None else {"apikey": self._anon_key}
        with http_client(self.issuer) as http:
            try:
                answer = http.request(method, path, json=body, headers=headers)
            except httpx.HTTPError as error:
                raise no_answer(WHO, error) from None
        if answer.status_code == 429 or answer.is_server_error:
            raise TransientError(f"{WHO} is busy or away (HTTP {answer.status_code})")
        return answer


class KeySet:
    """The published keys, kept for five minutes; an id that is not there is looked for anew."""

    def __init__(
        self,
        fetch: Callable[[], Mapping[str, Any]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: Mapping[str, Any] = {}
        self._fetched_at: float | None = None

    def find(self, key_id: str) -> jwt.PyJWK | None:
        """The key of this id, or None. Raises: as `fetch` does."""
        now = self._clock()
        age = None if self._fetched_at is None else now - self._fetched_at
        known = key_id in self._keys
        if age is None or age > (KEPT_SECONDS if known else PAUSE_SECONDS):
            self._keys, self._fetched_at = self._fetch(), now
        return self._keys.get(key_id)
