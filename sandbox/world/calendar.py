"""Business time: a monotone function of the instant, and its inverse."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from sandbox.world.hashing import Floats, Ints

OPENS = time(9, 0)
CLOSES = time(18, 0)
LEAD = timedelta(days=10)
TRAIL = timedelta(days=150)


@dataclass(frozen=True)
class Zone:
    """A time zone by its IANA name and by the name Zendesk's schedules use."""

    iana: str
    zendesk: str


class Calendar:
    """Monday to Friday, 09:00 to 18:00 local time, without the holidays."""

    def __init__(
        self, zone: Zone, since: datetime, until: datetime, holidays: Sequence[date]
    ) -> None:
        self.zone = zone
        self.holidays = tuple(holidays)
        spans = _open_spans(zone, since - LEAD, until + TRAIL, set(holidays))
        opens = np.array([start for start, _ in spans], dtype=np.float64)
        closes = np.array([end for _, end in spans], dtype=np.float64)
        ends = np.cumsum(closes - opens)
        starts = np.concatenate([[0.0], ends[:-1]])
        self._instants = np.stack([opens, closes], axis=1).ravel()
        self._business = np.stack([starts, ends], axis=1).ravel()
        # The end of a day and the start of the next are the same business second:
        # a hair of difference makes the inverse single-valued.
        self._inverse = np.stack([starts + 1e-3, ends], axis=1).ravel()
        self._instant_list: list[float] = self._instants.tolist()
        self._business_list: list[float] = self._business.tolist()

    def business(self, instants: Ints | Floats) -> Floats:
        """Business seconds from the calendar's start to each instant (Unix seconds)."""
        return np.asarray(np.interp(instants, self._instants, self._business))

    def instant(self, business: Floats) -> Floats:
        """The instants at which so many business seconds have passed."""
        return np.interp(business, self._inverse, self._instants)

    def is_open(self, instant: float) -> bool:
        """Whether the instant lies in business hours."""
        return bisect_right(self._instant_list, instant) % 2 == 1

    def business_at(self, instant: float) -> float:
        """Business seconds from the calendar's start to one instant."""
        at = bisect_right(self._instant_list, instant)
        if at == 0:
            return 0.0
        passed = instant - self._instant_list[at - 1] if at % 2 == 1 else 0.0
        return self._business_list[at - 1] + passed


def _open_spans(
    zone: Zone, since: datetime, until: datetime, holidays: set[date]
) -> list[tuple[float, float]]:
    place = ZoneInfo(zone.iana)
    spans = []
    day = since.astimezone(place).date()
    while day <= until.astimezone(place).date():
        if day.weekday() < 5 and day not in holidays:
            opens = datetime.combine(day, OPENS, place).astimezone(UTC)
            closes = datetime.combine(day, CLOSES, place).astimezone(UTC)
            spans.append((opens.timestamp(), closes.timestamp()))
        day += timedelta(days=1)
    return spans
