"""What gives access to a Zendesk account, where it is kept, and when it ends.

Source: Zendesk, "Using OAuth authentication with your application" (grant types, expiry);
Zendesk, "Managing API token access" (the end of API tokens).
"""

import base64
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol

import msgspec

from tasks.errors import RefusedError

NEEDED_SCOPES = ("read", "hc:read")
RENEW_BEFORE = timedelta(seconds=60)
WARN_BEFORE = timedelta(days=7)
# The first instant at which no account takes API tokens any more: their last day is 2027-04-30.
API_TOKENS_END = datetime(2027, 5, 1, tzinfo=UTC)

Kind = Literal["client_credentials", "authorization_code", "api_token"]


class Credentials(msgspec.Struct, frozen=True):
    """What gives access to one account. Sealed wherever it is stored; `repr` hides it.

    A public OAuth client has no secret. An API token has neither client nor end of its own.
    """

    client_id: str = ""
    client_secret: str = ""
    access_token: str | None = None
    refresh_token: str | None = None
    expires_at: datetime | None = None
    scopes: str = ""
    kind: Kind = "client_credentials"
    refresh_expires_at: datetime | None = None
    email: str = ""
    api_token: str = ""
    more_scopes: str = ""

    def __repr__(self) -> str:
        return f"Credentials(kind={self.kind!r}, client_id={self.client_id!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """What rich prints, which asks no `__repr__` where a class has this."""
        return [("kind", self.kind), ("client_id", self.client_id)]

    @property
    def ends_at(self) -> datetime | None:
        """When the access that is held now ends; None where Zendesk named no end."""
        return API_TOKENS_END if self.kind == "api_token" else self.expires_at

    @property
    def authorization(self) -> str | None:
        """The Authorization header's value; None while there is no token."""
        if self.kind == "api_token":
            plain = f"{self.email}/token:{self.api_token}".encode()
            return f"Basic {base64.b64encode(plain).decode()}"
        return None if self.access_token is None else f"Bearer {self.access_token}"

    @property
    def asked_scopes(self) -> str:
        """What is asked for: what is needed, and what was wished for beyond it."""
        return " ".join((*NEEDED_SCOPES, *self.more_scopes.split()))

    def is_fresh(self, now: datetime) -> bool:
        """Whether the access token has at least a minute to live."""
        return self.expires_at is None or self.expires_at - RENEW_BEFORE > now


class CredentialStore(Protocol):
    """Where credentials are kept.

    `save` returns only once they are safe. Within `renewing` nobody else renews: what `load`
    gives there is the newest there is.
    """

    def load(self) -> Credentials: ...

    def save(self, credentials: Credentials) -> None: ...

    def renewing(self) -> AbstractContextManager[None]: ...


class HeldCredentials:
    """Credentials in memory, until they are known to work and worth storing."""

    def __init__(self, credentials: Credentials) -> None:
        self._held = credentials

    def load(self) -> Credentials:
        return self._held

    def save(self, credentials: Credentials) -> None:
        self._held = credentials

    @contextmanager
    def renewing(self) -> Iterator[None]:
        """Nobody else has them."""
        yield


def check_scopes(granted: str) -> None:
    """Zendesk grants a token for scopes that don't exist, and answers 403 to it later.

    Raises: RefusedError naming the scopes that are missing.
    """
    missing = [scope for scope in NEEDED_SCOPES if not _covers(granted.split(), scope)]
    if granted and missing:
        raise RefusedError(f"the OAuth client lacks the scopes {' '.join(missing)}")


def credential_notes(credentials: Credentials, now: datetime) -> list[str]:
    """What somebody should do about these credentials soon, a line each; often nothing."""
    if credentials.kind == "api_token":
        return [_api_token_note(now)]
    ends = credentials.refresh_expires_at
    if credentials.refresh_token is None or ends is None or ends - WARN_BEFORE > now:
        return []
    again = "`vensor connect zendesk … --browser`"
    if ends <= now:
        return [f"the refresh token ended on {ends:%Y-%m-%d}; run {again} again"]
    return [
        f"the refresh token ends on {ends:%Y-%m-%d} unless a run renews it before; then run {again}"
    ]


def _api_token_note(now: datetime) -> str:
    replace = "make an OAuth client and run `vensor connect zendesk … --client-id …`"
    if now >= API_TOKENS_END:
        return f"API tokens stopped on 2027-04-30; {replace}"
    days = (API_TOKENS_END - now).days
    return f"API tokens stop on 2027-04-30, in {days} days, and after 30 idle days; {replace}"


def _covers(granted: list[str], needed: str) -> bool:
    return needed in granted or needed.rsplit(":", 1)[-1] in granted
