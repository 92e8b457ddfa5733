"""Which model says a figure, of how much, and since when: said beside every figure of a model."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Protocol, TypeVar

from tasks.reporting.period import Period
from tasks.reporting.words import Kind, counted, day, told
from warehouse.report_rows import Coverage

TASKS = {
    "transcribe": "calls written down",
    "embed": "passages found by meaning",
    "score": "sentiment",
    "sop": "procedures",
    "assess": "quality and risks",
}


class Judged(Protocol):
    @property
    def week(self) -> int: ...

    @property
    def model_version(self) -> str: ...


J = TypeVar("J", bound=Judged)


@dataclass(frozen=True)
class Covered:
    """What was done of what there was to do, in the week of the report."""

    eligible: int
    scored: int
    opted_out: int
    failed: int
    pending: int

    @property
    def share(self) -> float | None:
        return self.scored / self.eligible if self.eligible else None


@dataclass(frozen=True)
class Takeover:
    """A version that is first seen in the weeks of the report, after another."""

    task: str
    since: date
    version: str
    former: str


def current(rows: Iterable[J], weight: str) -> list[J]:
    """The rows of the version that says most in the latest week: others are not comparable."""
    every = list(rows)
    if not every:
        return []
    latest = min(row.week for row in every)
    counts: dict[str, int] = {}
    for row in every:
        if row.week == latest:
            counts[row.model_version] = counts.get(row.model_version, 0) + getattr(row, weight)
    version = max(sorted(counts), key=lambda one: counts[one])
    return [row for row in every if row.model_version == version]


def covered(rows: Sequence[Coverage], task: str, period: Period) -> Covered:
    """The week's sums. What was eligible is the same for all versions of a day: it counts once."""
    mine = [row for row in rows if row.task == task and period.week_of(row.metric_day) == 0]
    eligible = {row.metric_day: 0 for row in mine}
    for row in mine:
        eligible[row.metric_day] = max(eligible[row.metric_day], row.eligible)
    return Covered(
        eligible=sum(eligible.values()),
        scored=min(sum(row.scored for row in mine), sum(eligible.values())),
        opted_out=sum(row.opted_out for row in mine),
        failed=sum(row.failed for row in mine),
        pending=sum(row.pending for row in mine),
    )


def takeovers(rows: Sequence[Coverage]) -> list[Takeover]:
    """Each task's changes of version, in the order of their days."""
    found = []
    for task in dict.fromkeys(row.task for row in rows):
        first: dict[str, date] = {}
        for row in sorted(rows, key=lambda one: one.metric_day):
            if row.task == task and row.scored:
                first.setdefault(row.model_version, row.metric_day)
        versions = list(first)
        found += [
            Takeover(task, first[new], new, old)
            for old, new in pairwise(versions)
            if first[new] > first[old]
        ]
    return found


def short_note(rows: Sequence[Coverage], task: str, version: str, period: Period) -> str:
    """What goes beside a single figure of a model."""
    share = covered(rows, task, period).share
    told_share = "coverage not known" if share is None else f"{told(Kind.SHARE, share)} scored"
    return f"{told_share}, {version}"


def coverage_note(
    rows: Sequence[Coverage], task: str, versions: Sequence[str], period: Period
) -> str:
    """What goes beside a model's figure."""
    by = f" Model: {', '.join(versions)}." if versions else ""
    one = covered(rows, task, period)
    if one.share is None:
        return f"Coverage is not known: nothing to score is recorded for this week.{by}"
    rest = [
        f"{count:,} {why}"
        for count, why in (
            (one.opted_out, "opted out"),
            (one.failed, "failed"),
            (one.pending, "still to do"),
        )
        if count
    ]
    more = f"; {', '.join(rest)}" if rest else ""
    return (
        f"Scored {one.scored:,} of {counted(one.eligible, 'ticket')} that could be"
        f" ({told(Kind.SHARE, one.share)}){more}.{by}"
    )


def break_notes(rows: Sequence[Coverage], task: str) -> list[str]:
    """A change of model is a break in a figure, not a change of what it is of."""
    return [
        f"Break on {day(one.since)}: {one.version} took over from {one.former}."
        " Figures before and after are not comparable; only those of one version are compared."
        for one in takeovers(rows)
        if one.task == task
    ]
