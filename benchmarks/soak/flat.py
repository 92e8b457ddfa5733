"""Whether something stays as large as it is, told by the nights after every clock is full.

A desk's week has a shape: fitted are means of seven nights each. What is flat may grow over the
whole span by a twentieth, or by what is stated for small figures. What stays by design (sums,
seals, runs, proofs) may grow as fast as before, not faster.
"""

from collections.abc import Callable, Iterator, Sequence
from statistics import linear_regression, mean

import msgspec

from benchmarks.soak.night import Night

GRACE, WEEK = 5, 7
# A ticket's clock counts from its last activity: those of the first days are worked on for a
# fortnight more, and people go with the last of theirs. Until then the tables grow.
LATER = {"disk of tables with a clock": 15}
SHARE, TABLE_SHARE = 0.05, 0.25
MIB = 2**20
# By what a figure may grow where a twentieth of it is less.
FLOORS = {"bytes": 2 * MIB, "rows": 50, "count": 1}
# A table of which nothing ended would grow by two thirds over the span.
TABLE_FLOOR = 30
FASTER = 1.1


class Trend(msgspec.Struct, frozen=True):
    """A figure's course: its fitted first and last value, and by how much it may have grown."""

    name: str
    first: float
    last: float
    allowed: float

    @property
    def holds(self) -> bool:
        """Whether it grew by no more than that."""
        return self.last - self.first <= self.allowed


FIGURES: dict[str, tuple[str, Callable[[Night], int]]] = {
    "memory of the process": ("bytes", lambda night: night.rss_bytes),
    "memory of Prefect's server": ("bytes", lambda night: night.prefect_rss_bytes),
    "its processes": ("count", lambda night: night.processes),
    "its threads": ("count", lambda night: night.threads),
    "its open files": ("count", lambda night: night.descriptors),
    "connections to Postgres": ("count", lambda night: night.connections),
    "partitions": ("count", lambda night: sum(night.partitions.values())),
    "keys that open": ("count", lambda night: open_keys(night)),
    "disk of tables with a clock": ("bytes", lambda night: night.ending_bytes),
    "disk of Postgres's catalogs": ("bytes", lambda night: night.catalog_bytes),
    "disk of the home": ("bytes", lambda night: night.home_bytes),
    "disk of Prefect": ("bytes", lambda night: night.prefect_bytes),
}


def open_keys(night: Night) -> int:
    """The keys that are not destroyed."""
    return sum(count for state, count in night.keys.items() if state != "destroyed")


def trends(nights: Sequence[Night], lasting: set[str], *, clock_days: int) -> list[Trend]:
    """Every figure's course, those of tables too, from five nights after every clock is full.

    None where the nights are too few to tell.
    """
    since = clock_days + GRACE
    if len(nights) < since + 2 * WEEK:
        return []
    full = nights[since:]
    found = [
        _flat(name, [of(night) for night in later], SHARE, FLOORS[kind])
        for name, (kind, of) in FIGURES.items()
        if len(later := nights[clock_days + LATER.get(name, GRACE) :]) >= 2 * WEEK
    ]
    found += [_flat("rows with a clock", [_ending(one, lasting) for one in full], SHARE, 50)]
    for table in sorted(nights[-1].rows):
        rows = [night.rows.get(table, 0) for night in nights]
        if table in lasting:
            found += _steady(table, rows, since)
        else:
            found.append(_flat(table, rows[since:], TABLE_SHARE, TABLE_FLOOR))
    return found


def _ending(night: Night, lasting: set[str]) -> int:
    return sum(rows for table, rows in night.rows.items() if table not in lasting)


def _flat(name: str, figures: Sequence[int], share: float, floor: float) -> Trend:
    means = list(_weekly(figures))
    slope, first = linear_regression(range(len(means)), means)
    last = first + slope * (len(means) - 1)
    return Trend(name, round(first, 1), round(last, 1), round(max(abs(first) * share, floor), 1))


def _steady(table: str, rows: Sequence[int], since: int) -> Iterator[Trend]:
    """Rows a night: of whole weeks once the clocks are full, and of as many at the end.

    Not before: seals come when a day is past its clock, and ages when there are old tickets.
    """
    full = rows[since:]
    span = max(WEEK, len(full) // 2 // WEEK * WEEK)
    before, after = _a_night(full[: span + 1]), _a_night(full[-span - 1 :])
    yield Trend(f"{table}, rows a night", before, after, round(before * (FASTER - 1) + 1, 2))


def _a_night(rows: Sequence[int]) -> float:
    return round((rows[-1] - rows[0]) / (len(rows) - 1), 2)


def _weekly(figures: Sequence[int]) -> Iterator[float]:
    for end in range(WEEK, len(figures) + 1):
        yield mean(figures[end - WEEK : end])
