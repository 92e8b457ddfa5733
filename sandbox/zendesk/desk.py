"""What an endpoint knows when it answers: the account, the request, the clock."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.state import State
from sandbox.world.account import Account
from sandbox.zendesk import errors
from sandbox.zendesk.limits import Limits
from sandbox.zendesk.oauth import Grant, OAuth

WITHHELD_SECONDS = 60
CONSENT = "consent"


@dataclass
class Desk:
    """One account, served."""

    account: Account
    state: State
    oauth: OAuth
    limits: Limits
    media_url: str
    refused: set[str] = field(default_factory=set)
    retired: set[int] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The account's subdomain."""
        return self.account.name


@dataclass(frozen=True)
class Ask:
    """One request to a desk."""

    desk: Desk
    path: str
    query: Mapping[str, str]
    base_url: str
    grant: Grant | None
    arrived_at: float = field(default_factory=time.time)

    @property
    def account(self) -> Account:
        """The account's world."""
        return self.desk.account

    @property
    def newest(self) -> int:
        """The last second that exports show: the newest minute is withheld."""
        return int(self.arrived_at) - WITHHELD_SECONDS

    @property
    def now(self) -> int:
        """The second of the request."""
        return int(self.arrived_at)

    def number(self, name: str, default: int | None = None) -> int:
        """A whole-number parameter. Raises: Refusal when it is missing or malformed."""
        value = self.query.get(name)
        if value is None or value == "":
            if default is None:
                raise errors.bad_request("Missing parameter", f"{name} is required")
            return default
        try:
            return int(value)
        except ValueError as exc:
            raise errors.invalid_value(f"{name} must be an integer") from exc

    def start_time(self) -> int:
        """The start of an export. Raises: Refusal when it lies in the newest minute."""
        start = self.number("start_time")
        if start > self.newest:
            raise errors.too_recent()
        return start

    def includes(self, name: str) -> bool:
        """Whether a sideload was asked for."""
        return name in self.query.get("include", "").split(",")

    def url(self, path: str) -> str:
        """An absolute URL of this account."""
        return f"{self.base_url}{path}"
