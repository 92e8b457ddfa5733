"""What an endpoint knows when it answers: the account, the request, the clock."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sandbox.state import State
from sandbox.world.account import Account
from sandbox.zendesk import errors
from sandbox.zendesk.limits import Limits
from sandbox.zendesk.oauth import Grant, OAuth

WITHHELD_SECONDS = 60
MANY = 100
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
    has_surveys: bool = False
    retired: set[int] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The account's subdomain."""
        return self.account.name

    @property
    def surveyed(self) -> bool:
        """Whether customers answer surveys: from the start, or since ratings are refused."""
        return self.has_surveys or "csat" in self.refused

    @property
    def denied(self) -> frozenset[str]:
        """What the account does not allow: what it refuses, and ratings where it has surveys."""
        return frozenset(self.refused | ({"csat"} if self.has_surveys else set()))


@dataclass(frozen=True)
class Ask:
    """One request to a desk."""

    desk: Desk
    path: str
    pairs: tuple[tuple[str, str], ...]
    base_url: str
    grant: Grant | None
    arrived_at: float = field(default_factory=time.time)

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The parameters; of one that comes several times, the last."""
        return dict(self.pairs)

    def several(self, name: str) -> frozenset[str]:
        """The values of a parameter that is written ``name`` once or ``name[]`` several times."""
        return frozenset(value for told, value in self.pairs if told in (name, f"{name}[]"))

    @property
    def account(self) -> Account:
        """The account's world."""
        return self.desk.account

    @property
    def newest(self) -> int:
        """The last second that exports show: the newest minute is withheld."""
        return self.now - WITHHELD_SECONDS

    @property
    def now(self) -> int:
        """The second of the request; where time is moved, that which it was moved to."""
        setting = self.account.setting
        return int(self.arrived_at) if setting.present is None else setting.seen_at

    def number(self, name: str, default: int | None = None) -> int:
        """A whole-number parameter. Raises: Refusal when it is missing or malformed."""
        value = self.query.get(name)
        if value is None or value == "":
            if default is None:
                raise errors.bad_request("Missing parameter", f"{name} is required")
            return default
        try:
            # Singer's connector sends start_time=1790812800.0, and Zendesk takes it
            return int(value.removesuffix(".0"))
        except ValueError as exc:
            raise errors.invalid_value(f"{name} must be an integer") from exc

    def ids(self) -> list[int]:
        """The ``ids`` of a ``show_many``. Raises: Refusal unless there are 1 to 100 numbers."""
        told = [part.strip() for part in self.query.get("ids", "").split(",")]
        if not 1 <= len(told) <= MANY or not all(part.isdigit() for part in told):
            raise errors.bad_request("Invalid ids", f"ids must be 1 to {MANY} ids")
        return [int(part) for part in told]

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
