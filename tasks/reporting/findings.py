"""What stands out in a week, by the rule of `statistics`, in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from tasks.reporting.drawn import by_name
from tasks.reporting.models import TASKS, covered, takeovers
from tasks.reporting.period import FEWEST_DAYS, Period
from tasks.reporting.records import Finding, Material, Sort, Tone
from tasks.reporting.sections import data, volume
from tasks.reporting.sections.calls import INBOUND
from tasks.reporting.sections.calls import KEY as CALLS
from tasks.reporting.shares import Watched, watched
from tasks.reporting.statistics import (
    CLEAR,
    FEWEST_JUDGED,
    FEWEST_PEERS,
    FEWEST_POINTS,
    FEWEST_TICKETS,
    FEWEST_WEEKS,
    PEER_POINTS,
    PERHAPS,
    Counts,
    Share,
    changed_share,
    day_weights,
    furthest_run,
    is_clear,
    is_enough,
    unlike_peers,
)
from tasks.reporting.weekly import at_least_few, per_day, weeks_of
from tasks.reporting.words import (
    Kind,
    counted,
    day,
    days,
    duration,
    listed,
    plain,
    several,
    told,
    usually,
)
from warehouse.ledger import STALE_AFTER
from warehouse.report_rows import Flow

RULE = (
    "Counts. Every run of days in a row of this week is compared with what those days of the week"
    " usually bring: the median of the former weeks, shared out over its days as the desk's own"
    f" weeks are. It needs {FEWEST_WEEKS} former weeks with {FEWEST_DAYS} measured days each.",
    "Shares. This week's share is compared with the median of former weeks' shares. It needs"
    f" {FEWEST_JUDGED} cases this week and in all former weeks together.",
    "Peers. The share of a group, or of a step of a procedure, over all the weeks is compared with"
    f" the median of at least {FEWEST_PEERS} others with {FEWEST_JUDGED} cases each: what has"
    " always been unlike the others is found too.",
    "The distance is told in steps of what chance alone does to a figure of that size (counts by"
    " 2·√(n + ⅜), shares by 2·arcsin √share, each with the uncertainty of the median), or of the"
    " median absolute deviation where a desk is less steady than chance."
    f" From {CLEAR} on it is clear; from {PERHAPS} on it may be chance, and is marked so."
    f" Differences of fewer than {FEWEST_TICKETS} tickets, {FEWEST_POINTS * 100:.0f} points, or"
    f" {PEER_POINTS * 100:.0f} points from peers are not told.",
)
ENOUGH_COVERED = 0.9
MOST_PERHAPS = 5
CAME_IN = "tickets came in"


def find(material: Material, period: Period) -> list[Finding]:
    """What is clear first, the furthest first; then what may be chance, breaks, what is missing."""
    found = [*_created_findings(material, period), *_counts(material, period)]
    found = sorted([*found, *_shares(material, period)], key=_furthest)
    clear = [one for one in found if one.clear]
    perhaps = [one for one in found if not one.clear][:MOST_PERHAPS]
    return [*clear, *perhaps, *_breaks(material, period), *_missing(material, period)]


def _furthest(one: Finding) -> float:
    return -abs(one.distance)


def _created_findings(material: Material, period: Period) -> list[Finding]:
    """Tickets created by group; in all and by channel, told beside the furthest of them.

    One wave of tickets shows in its group, its channels and in all: it is one finding.
    """
    flow = material.flow
    groups: list[Finding] = []
    rest = [*_run("Tickets created", CAME_IN, _created(flow, period), period, flow)]
    for group in by_name(flow, lambda row: row.group_name):
        mine = [row for row in flow if row.group_name == group]
        groups += _run(f"Tickets created in {group}", CAME_IN, _created(mine, period), period, flow)
    for channel in by_name(flow, lambda row: row.channel):
        mine = [row for row in flow if row.channel == channel]
        title = f"Tickets created by {plain(channel)}"
        rest += _run(title, CAME_IN, _created(mine, period), period, flow)
    groups, rest = sorted(groups, key=_furthest), sorted(rest, key=_furthest)
    if not groups:
        return rest
    also = [f"{one.title.partition(':')[0]}: {one.words}" for one in rest]
    return [replace(groups[0], also=also), *groups[1:]]


def _counts(material: Material, period: Period) -> Iterator[Finding]:
    """Tickets reopened, and calls."""
    flow = material.flow
    reopened = per_day(flow, lambda row: row.reopened, period)
    yield from _run(
        "Tickets reopened", "tickets were reopened", reopened, period, flow, more=Tone.WORSE
    )
    inbound = [one for one in material.calls if one.direction == INBOUND]
    offered = per_day(inbound, lambda row: row.offered, period)
    yield from _run("Calls", "calls came in", offered, period, flow, section=CALLS)


def _created(rows: Sequence[Flow], period: Period) -> Mapping[date, int | None]:
    return per_day(rows, lambda row: row.created, period)


def _run(
    title: str,
    what: str,
    counts: Mapping[date, int | None],
    period: Period,
    flow: Sequence[Flow],
    *,
    section: str = volume.KEY,
    more: Tone = Tone.NEITHER,
) -> Iterator[Finding]:
    """At most one finding: of the run of days that is furthest out."""
    this, *former = weeks_of(counts, period)
    found = furthest_run(this, former, _weights(flow, period))
    if found is None:
        return
    first = period.days[found.start]
    when = days(first, first + timedelta(days=found.days - 1))
    rose = found.distance > 0
    yield Finding(
        Sort.CHANGE,
        f"{title}: {'more' if rose else 'fewer'} than usual",
        f"{at_least_few(found.count)} {what} on {when}, where {usually(found.usual)} on such days.",
        section,
        more if rose else Tone.NEITHER,
        found.distance,
        is_clear(found.distance),
    )


def _weights(flow: Sequence[Flow], period: Period) -> list[float]:
    former: list[Counts] = weeks_of(_created(flow, period), period)[1:]
    return day_weights([week for week in former if is_enough(week)] or former)


def _shares(material: Material, period: Period) -> Iterator[Finding]:
    families: dict[str, list[Watched]] = {}
    for one in watched(material):
        yield from _changed(one)
        if one.family:
            families.setdefault(one.family, []).append(one)
    for peers in families.values():
        for one in peers:
            yield from _unlike(one, [other for other in peers if other is not one], period)


def _changed(one: Watched) -> Iterator[Finding]:
    former = [pair for week, pair in one.weekly.items() if week > 0]
    found = changed_share(*one.weekly.get(0, (0, 0)), former)
    if found:
        words = f"{_said(one, found)} this week, where {told(Kind.SHARE, found.usual)} is usual."
        yield _share_finding(one, found, Sort.CHANGE, words, "usual")


def _unlike(one: Watched, peers: Sequence[Watched], period: Period) -> Iterator[Finding]:
    found = unlike_peers(*one.total, [peer.total for peer in peers])
    if found:
        weeks = counted(len(one.weekly), "week")
        usual = told(Kind.SHARE, found.usual)
        when = f"in {weeks} until {day(period.until)}"
        words = f"{_said(one, found)} {when}; in {one.peers}, {usual}."
        yield _share_finding(one, found, Sort.PEERS, words, f"in {one.peers}")


def _said(one: Watched, found: Share) -> str:
    return one.words.format(share=told(Kind.SHARE, found.value), n=f"{found.n:,}")


def _share_finding(one: Watched, found: Share, sort: Sort, words: str, than: str) -> Finding:
    rose = found.distance > 0
    return Finding(
        sort,
        f"{one.title}: {one.more if rose else one.fewer} than {than}",
        words,
        one.section,
        Tone.BETTER if rose is one.better else Tone.WORSE,
        found.distance,
        is_clear(found.distance),
    )


def _breaks(material: Material, period: Period) -> Iterator[Finding]:
    """Tasks whose model changed on one day, from one version to another, are one finding."""
    changes: dict[tuple[date, str, str], list[str]] = {}
    for one in takeovers(material.coverage):
        if period.week_of(one.since) == 0:
            key = (one.since, one.version, one.former)
            changes.setdefault(key, []).append(TASKS.get(one.task, plain(one.task)))
    for (since, version, former), tasks in changes.items():
        words = (
            f"{version} took over from {former} on {day(since)}: a step in these figures is of the"
            " model, not of the desk."
        )
        title = f"Another model says what there is of {listed(tasks)}"
        yield Finding(Sort.BREAK, title, words, data.COVERAGE)


def _missing(material: Material, period: Period) -> Iterator[Finding]:
    if period.missing:
        words = f"Not measured: {several(period.missing)}. Figures leave them out."
        yield Finding(Sort.MISSING, "Days without figures", words, volume.KEY, Tone.WORSE)
    for task in dict.fromkeys(row.task for row in material.coverage):
        share = covered(material.coverage, task, period).share
        if share is not None and share < ENOUGH_COVERED:
            words = f"{told(Kind.SHARE, share)} of what there was to score this week has a score."
            title = f"Scores are missing for {TASKS.get(task, task)}"
            yield Finding(Sort.MISSING, title, words, data.COVERAGE, Tone.WORSE)
    unexplained = sum(map(data.unexplained_of, material.parity))
    if unexplained:
        words = f"{unexplained:,} differ from Zendesk's own by more than a minute without a reason."
        yield Finding(Sort.MISSING, "Figures unlike Zendesk's", words, data.PARITY, Tone.WORSE)


def stale(material: Material, at: datetime) -> Iterator[Finding]:
    """What was not measured for longer than a day."""
    latest = max((row.as_of for row in material.freshness), default=None)
    if latest is not None and at - latest > STALE_AFTER:
        words = f"The last build is {duration((at - latest).total_seconds() / 60)} old."
        title = "Figures are not of today"
        yield Finding(Sort.MISSING, title, words, data.FRESHNESS, Tone.WORSE)
