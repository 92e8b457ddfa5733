"""An account's frame: its window, calendar, story dates, sizes and id ranges."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from sandbox.world.calendar import Calendar, Zone
from sandbox.world.hashing import Dice, Floats, Ints
from sandbox.world.scenarios import (
    AGENTS_PER_GROUP,
    GROUPS,
    OUTAGE_HOURS,
    OUTAGE_SHARE,
    SPIKE_DAYS,
)

ZONES = (
    Zone("America/New_York", "Eastern Time (US & Canada)"),
    Zone("Europe/Berlin", "Berlin"),
    Zone("Europe/London", "London"),
    Zone("Australia/Sydney", "Sydney"),
)
BIN_SECONDS = 600
AGENTS = len(GROUPS) * AGENTS_PER_GROUP
END_USERS_AT = 1000
HOURLY = (
    0.2, 0.15, 0.1, 0.1, 0.12, 0.2, 0.4, 0.7, 1.2, 1.8, 2.0, 1.9,
    1.6, 1.6, 1.7, 1.6, 1.5, 1.3, 1.1, 1.0, 0.9, 0.7, 0.5, 0.3,
)  # fmt: skip
WEEKDAYS = (1.25, 1.1, 1.0, 1.0, 0.95, 0.55, 0.5)


@dataclass(frozen=True)
class Setting:
    """What fixes an account's world, besides the code.

    `present` is given where time moves: what lies later has not happened yet.
    """

    seed: int
    account: str
    tickets: int
    days: int
    until: datetime
    present: datetime | None = None

    @cached_property
    def dice(self) -> Dice:
        """The account's randomness."""
        return Dice(self.seed, self.account)

    @cached_property
    def until_at(self) -> int:
        """The world's last instant, Unix seconds."""
        return int(self.until.timestamp())

    @cached_property
    def seen_at(self) -> int:
        """The last instant that anything may have happened at, Unix seconds."""
        return int((self.present or self.until).timestamp())

    @cached_property
    def arrived(self) -> int:
        """How many tickets there are by now: the numbers up to this one."""
        if self.present is None:
            return self.tickets
        created = self.created_at(np.arange(1, self.tickets + 1))
        return int(np.searchsorted(created, self.seen_at, side="right"))

    @cached_property
    def since_at(self) -> int:
        """The first ticket is created after this instant, Unix seconds."""
        return self.until_at - self.days * 86_400

    @cached_property
    def zone(self) -> Zone:
        """Where the account's desk sits."""
        if self.account == "globex":
            return ZONES[1]
        return ZONES[0] if self.account == "acme" else ZONES[self.dice.salt % len(ZONES)]

    @cached_property
    def calendar(self) -> Calendar:
        """The desk's opening hours, with one holiday in the window's second week."""
        since = datetime.fromtimestamp(self.since_at, UTC)
        day = (since + timedelta(days=min(self.days * 0.4, 10))).astimezone(
            ZoneInfo(self.zone.iana)
        )
        while day.weekday() >= 5:
            day += timedelta(days=1)
        return Calendar(self.zone, since, self.until, [day.date()])

    @cached_property
    def spike_at(self) -> int:
        """When refunds begin to be late."""
        return self.until_at - int(min(SPIKE_DAYS, self.days / 4) * 86_400)

    @cached_property
    def outage_at(self) -> int:
        """When the outage begins: 10:00 local time on a working day, about nine days ago."""
        place = ZoneInfo(self.zone.iana)
        back = timedelta(days=min(9.0, self.days * 0.45))
        day = (self.until - back).astimezone(place)
        while day.weekday() >= 5 or day.date() in self.calendar.holidays:
            day -= timedelta(days=1)
        return int(day.replace(hour=10, minute=0, second=0, microsecond=0).timestamp())

    @cached_property
    def outage_until(self) -> int:
        """When the outage ends."""
        return self.outage_at + OUTAGE_HOURS * 3600

    @cached_property
    def _arrivals(self) -> tuple[Floats, Floats]:
        """The share of all tickets created up to each instant."""
        edges = np.arange(self.since_at, self.until_at + BIN_SECONDS, BIN_SECONDS, dtype=np.float64)
        edges[-1] = self.until_at
        starts = edges[:-1]
        offset = datetime.fromtimestamp(self.outage_at, ZoneInfo(self.zone.iana)).utcoffset()
        local = starts + (offset.total_seconds() if offset else 0.0)
        hours = (local // 3600 % 24).astype(int)
        weekdays = ((local // 86_400 + 3) % 7).astype(int)
        rates = np.array(HOURLY)[hours] * np.array(WEEKDAYS)[weekdays] * np.diff(edges)
        rates[starts >= self.spike_at] *= 1.5
        outage = (starts >= self.outage_at) & (starts < self.outage_until)
        if outage.any():
            rates[outage] += OUTAGE_SHARE * rates.sum() / outage.sum()
        shares = np.concatenate([[0.0], np.cumsum(rates)])
        return shares / shares[-1], edges

    def created_at(self, numbers: Ints) -> Ints:
        """When each ticket (numbered from 1) is created: it grows with the number."""
        shares, edges = self._arrivals
        jitter = self.dice.roll("created", numbers)
        position = (numbers - 1 + jitter) / self.tickets
        instants = np.interp(position, shares, edges).astype(np.int64)
        return np.minimum(instants, self.until_at - 1)

    @cached_property
    def end_users(self) -> int:
        """How many customers the account knows."""
        return max(40, int(self.tickets * 0.55))

    @cached_property
    def organizations(self) -> int:
        """How many customer companies the account knows."""
        return min(2_000, max(8, self.tickets // 40))

    @cached_property
    def base(self) -> int:
        """The offset of the account's ids: no two accounts share a user, an audit or a call."""
        return (self.dice.salt % 8_000 + 100) * 10**11

    @cached_property
    def canary_stride(self) -> int:
        """Every so many tickets one is a canary customer's."""
        return max(16, self.tickets // 60)

    @cached_property
    def careless_agent(self) -> int:
        """The agent of the Accounts group who skips identity checks."""
        return 3 * AGENTS_PER_GROUP + self.dice.salt % AGENTS_PER_GROUP

    def agent_id(self, agent: int) -> int:
        """The user id of an agent; -1 is the administrator, ``AGENTS`` the bot."""
        return self.base + 2 + agent

    def customer_id(self, customer: int) -> int:
        """The user id of an end user."""
        return self.base + END_USERS_AT + customer
