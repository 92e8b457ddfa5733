"""What gives access to one account, and where it is kept."""

import base64
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Literal, Protocol

import msgspec

from tasks.errors import ConfigurationError

NEEDED_SCOPES = ("read", "hc:read")
API_TOKENS_END_AT = datetime(2027, 5, 1, tzinfo=UTC)
Kind = Literal["client_credentials", "authorization_code", "api_token"]


class Credentials(msgspec.Struct, frozen=True):
    """What gives access to one account. Sealed wherever it is stored; `repr` hides it.

    A public client has no secret; an API token has neither client nor OAuth tokens.
    """

    client_id: str = ""
    client_secret: str | None = None
    access_token: str | None = None
    refresh_token: str | None = None
    expires_at: datetime | None = None
    scopes: str = ""
    kind: Kind = "client_credentials"
    refresh_expires_at: datetime | None = None
    more_scopes: str = ""
    email: str | None = None
    api_token: str | None = None

    def __repr__(self) -> str:
        return f"Credentials({self.kind}, client_id={self.client_id!r})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """Hides as much as `repr` does: the inherited one shows every field."""
        return [("kind", self.kind), ("client_id", self.client_id)]

    @property
    def asked_scopes(self) -> str:
        """The scopes to ask for: those that are needed, and those that were wished for."""
        return " ".join([*NEEDED_SCOPES, *self.more_scopes.split()])

    @property
    def missing_scopes(self) -> list[str]:
        """The needed scopes that were not granted; none where Zendesk did not say."""
        granted = self.scopes.split()
        return [scope for scope in NEEDED_SCOPES if granted and not _covers(granted, scope)]


class CredentialStore(Protocol):
    """Where credentials are kept. `save` returns only once they are safe.

    `held` keeps everybody else, in whatever process and on whatever machine, from renewing them.
    """

    def load(self) -> Credentials: ...

    def save(self, credentials: Credentials) -> None: ...

    def held(self) -> AbstractContextManager[None]: ...


class NotStored:
    """A store for credentials that are tried before they are stored: nobody else has them."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def load(self) -> Credentials:
        return self._credentials

    def save(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()


def api_token_credentials(email: str, token: str) -> Credentials:
    """An agent's API token. Raises: ConfigurationError for what is no address."""
    if "@" not in email or ":" in email or email.split() != [email]:
        raise ConfigurationError("--email takes the address of the agent whose API token it is")
    return Credentials(kind="api_token", email=email, api_token=token, expires_at=API_TOKENS_END_AT)


def basic_header(credentials: Credentials) -> str:
    """The Authorization header's value for an API token. Source: Zendesk, "API token"."""
    pair = f"{credentials.email}/token:{credentials.api_token}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _covers(granted: list[str], needed: str) -> bool:
    return needed in granted or needed.rsplit(":", 1)[-1] in granted
