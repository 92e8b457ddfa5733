"""Numbers, days and changes as a person reads them."""

import math
from collections.abc import Sequence
from datetime import date
from enum import Enum
from itertools import groupby

NONE = "no data"
MINUTES_OF_A_DAY, MINUTES_OF_AN_HOUR = 1440, 60


class Kind(Enum):
    """What a figure is a number of."""

    COUNT = "count"
    SHARE = "share"
    MINUTES = "minutes"
    SECONDS = "seconds"
    SCORE = "score"
    MARK = "mark"


def told(kind: Kind, value: float | None) -> str:
    """The figure with its unit; a figure that is not there is said to be missing."""
    if value is None or math.isnan(value):
        return NONE
    if kind is Kind.SHARE:
        return _percent(value)
    if kind is Kind.MINUTES:
        return duration(value)
    if kind is Kind.SECONDS:
        return f"{value:.0f} s" if value < MINUTES_OF_AN_HOUR else duration(value / 60)
    if kind is Kind.SCORE:
        return f"{value:+.2f}".replace("-", "−")
    return f"{value:.1f}" if kind is Kind.MARK else f"{value:,.0f}"


def _percent(value: float) -> str:
    """Nothing that falls short is told as 100%, nothing that there is as 0%."""
    percent = min(99, round(100 * value)) if value < 1 else 100
    return "under 1%" if value > 0 and percent < 1 else f"{percent}%"


def duration(minutes: float) -> str:
    """Two units at most: `45 min`, `3 h 20 min`, `2 d 4 h`."""
    whole = round(minutes)
    if whole < MINUTES_OF_AN_HOUR:
        return f"{whole} min" if whole or not minutes else "under 1 min"
    if whole < MINUTES_OF_A_DAY:
        return _pair(whole, MINUTES_OF_AN_HOUR, "h", "min")
    return _pair(round(whole / MINUTES_OF_AN_HOUR), 24, "d", "h")


def _pair(amount: int, of: int, large: str, small: str) -> str:
    rest = f" {amount % of} {small}" if amount % of else ""
    return f"{amount // of} {large}{rest}"


def change(kind: Kind, now: float | None, then: float | None) -> str:
    """How `now` differs from `then`, in words that go before "than" or "as"."""
    if now is None or then is None:
        return "nothing to compare with"
    if told(kind, now) == told(kind, then):
        return "the same"
    more = now > then
    if kind is Kind.SHARE:
        points = abs(now - then) * 100
        count = f"{points:.0f}" if points >= 1 else "under 1"
        return f"{count} {'point' if count == '1' else 'points'} {'more' if more else 'less'}"
    if kind in (Kind.SCORE, Kind.MARK):
        size = f"{abs(now - then):.2f}" if kind is Kind.SCORE else f"{abs(now - then):.1f}"
        return f"{size} {'higher' if more else 'lower'}"
    words = ("more", "fewer") if kind is Kind.COUNT else ("longer", "shorter")
    return f"{_times(now, then)} {words[0] if more else words[1]}"


def _times(now: float, then: float) -> str:
    """A per cent, or where there was nothing before or next to nothing, the difference itself."""
    if then < 1:
        return f"{abs(now - then):,.0f}"
    return f"{abs(now - then) / then * 100:,.0f}%"


def day(one: date) -> str:
    return f"{one.day} {one:%B}"


def days(first: date, last: date) -> str:
    """`23 November`, `23–25 November` or `30 November – 2 December`."""
    if first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day(last)}"
    return f"{day(first)} – {day(last)}"


def several(some: Sequence[date]) -> str:
    """Days in order, those in a row put together."""
    rows = groupby(enumerate(sorted(some)), key=lambda at: at[1].toordinal() - at[0])
    runs = [[one for _, one in row] for _, row in rows]
    return listed([days(run[0], run[-1]) for run in runs])


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def counted(n: int, one: str, many: str = "") -> str:
    """`1 ticket`, `2 tickets`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def usually(count: float) -> str:
    """`none or one is usual`, `1 is usual`, `12 are usual`."""
    if count < 1:
        return "none or one is usual"
    usual = told(Kind.COUNT, count)
    return f"{usual} {'is' if usual == '1' else 'are'} usual"


def plain(code: str) -> str:
    """A name of ours, such as `first_reply`, as words."""
    return code.replace("_", " ")
