"""What the figures stand on: escalations that were told, models' coverage, freshness, parity."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from tasks.reporting.charts import SERIES
from tasks.reporting.drawn import by_name, parts_chart
from tasks.reporting.models import TASKS, Covered, covered, takeovers
from tasks.reporting.period import Period
from tasks.reporting.records import Chart, Material, Section, Table
from tasks.reporting.weekly import figure, pairs, per_week
from tasks.reporting.words import Kind, counted, day, duration, plain, told
from warehouse.report_rows import Coverage, Escalation, Freshness, Parity

ESCALATIONS, COVERAGE, FRESHNESS, PARITY = "escalations", "coverage", "freshness", "parity"


def escalations(material: Material, period: Period) -> Section:
    title = "Escalations"
    rows = material.escalations
    if not rows:
        return Section(ESCALATIONS, title, "No escalation was raised in these weeks.")
    opened = per_week(rows, lambda row: row.opened)
    resolved = per_week(rows, lambda row: row.resolved)
    waits = pairs(rows, lambda row: (round(row.ack_sum_minutes), row.ack_n))
    mean = {week: total / n if n else None for week, (total, n) in waits.items()}
    known = {week: opened.get(week, 0) for week in period.weeks}
    figures = [
        figure("Escalations raised", Kind.COUNT, known, period, better=False),
        figure("Resolved", Kind.COUNT, {week: resolved.get(week, 0) for week in known}, period),
        figure("Mean time to a reply", Kind.MINUTES, mean, period, better=False),
    ]
    failed = per_week(rows, lambda row: row.failed).get(0, 0)
    notes = [f"{failed:,.0f} messages to Slack failed this week."] if failed else []
    lead = (
        f"{figures[0].value} raised this week ({figures[0].change}), {figures[1].value} resolved."
    )
    return Section(ESCALATIONS, title, lead, figures, [_by_trigger(rows, period)], notes=notes)


def _by_trigger(rows: Sequence[Escalation], period: Period) -> Chart:
    """The most frequent by name, and all others together, as there are colours."""
    sizes = {
        name: sum(row.opened for row in rows if row.trigger == name)
        for name in by_name(rows, lambda row: row.trigger)
    }
    ranked = sorted(sizes, key=lambda name: -sizes[name])
    named = ranked if len(ranked) <= len(SERIES) else ranked[: len(SERIES) - 1]
    names = {name: plain(name) if name in named else "others" for name in ranked}
    parts = {
        name: per_week([row for row in rows if names[row.trigger] == name], lambda row: row.opened)
        for name in dict.fromkeys(names.values())
    }
    return parts_chart("triggers", "Raised, by trigger", parts, period, share=False)


def coverage(material: Material, period: Period) -> Section:
    title = "What the models covered"
    if not material.coverage:
        return Section(COVERAGE, title, "No model has run in these weeks.")
    names = [name for name in TASKS if any(row.task == name for row in material.coverage)]
    names += by_name(
        [row for row in material.coverage if row.task not in TASKS], lambda row: row.task
    )
    found = {name: covered(material.coverage, name, period) for name in names}
    rows = [_covered_row(name, found[name], material.coverage, period) for name in names]
    columns = ("task", "model", "scored", "of", "share", "opted out", "failed", "to do", "cost")
    breaks = [
        f"Break on {day(one.since)} in {TASKS.get(one.task, one.task)}:"
        f" {one.version} took over from {one.former}."
        for one in takeovers(material.coverage)
    ]
    least = min((one.share for one in found.values() if one.share is not None), default=None)
    lead = (
        f"Every task of the models covered at least {told(Kind.SHARE, least)} of what there was to"
        " score this week."
        if least is not None
        else "There was nothing to score this week."
    )
    table = Table("Coverage this week, task by task", columns, rows)
    return Section(COVERAGE, title, lead, tables=[table], notes=breaks)


def _covered_row(
    name: str, one: Covered, rows: Sequence[Coverage], period: Period
) -> Sequence[str]:
    mine = [row for row in rows if row.task == name and period.week_of(row.metric_day) == 0]
    costs = [row.cost_usd for row in mine if row.cost_usd is not None]
    versions = sorted({f"{row.model_version} ({row.provider})" for row in mine if row.scored})
    counts = [f"{count:,}" for count in (one.scored, one.eligible)]
    rest = [f"{count:,}" for count in (one.opted_out, one.failed, one.pending)]
    cost = f"${sum(costs):,.2f}" if costs else "not known"
    return (
        TASKS.get(name, plain(name)),
        ", ".join(versions) or "none",
        *counts,
        told(Kind.SHARE, one.share),
        *rest,
        cost,
    )


def freshness(material: Material, timezone: str) -> Section:
    title = "How fresh the data is"
    rows = material.freshness
    if not rows:
        return Section(FRESHNESS, title, "It is not measured how fresh the data is.")
    at = max(row.as_of for row in rows)
    table = Table(
        f"Each source, as of {_instant(at, timezone)}",
        ("source", "latest event", "behind by", "rows in", "rows out", "last sealed day"),
        [_fresh_row(row, timezone) for row in sorted(rows, key=lambda one: one.source)],
    )
    lags = [row.lag_minutes for row in rows if row.lag_minutes is not None]
    worst = f", the one furthest behind by {duration(max(lags))}" if lags else ""
    lead = f"{counted(len(rows), 'source')}{worst}."
    return Section(FRESHNESS, title, lead, tables=[table])


def _fresh_row(row: Freshness, timezone: str) -> Sequence[str]:
    return (
        plain(row.source),
        _instant(row.max_event_at, timezone) if row.max_event_at else "none",
        duration(row.lag_minutes) if row.lag_minutes is not None else "not known",
        *("not known" if rows is None else f"{rows:,}" for rows in (row.rows_in, row.rows_out)),
        day(row.last_sealed_day) if row.last_sealed_day else "none",
    )


def _instant(at: datetime, timezone: str) -> str:
    local = at.astimezone(ZoneInfo(timezone))
    return f"{day(local.date())}, {local:%H:%M}"


def parity(material: Material) -> Section:
    title = "Our figures beside Zendesk's own"
    rows = material.parity
    if not rows:
        return Section(PARITY, title, "Nothing was compared: Zendesk's own figures are not read.")
    compared = sum(row.compared for row in rows)
    unexplained = sum(unexplained_of(row) for row in rows)
    lead = (
        f"{unexplained:,} of {compared:,} figures differ by more than a minute without a reason."
        if unexplained
        else f"{compared:,} figures were compared; every difference of more than a minute has its"
        " reason."
    )
    columns = ("metric", "clock", "compared", "differ", "explained", "largest difference")
    table = Table(
        "Figures of five weeks, by metric and clock", columns, list(map(_parity_row, rows))
    )
    return Section(PARITY, title, lead, tables=[table])


def _parity_row(row: Parity) -> Sequence[str]:
    largest = duration(row.largest_difference_minutes or 0) if row.differing else "none"
    counts = (f"{count:,}" for count in (row.compared, row.differing, row.explained))
    return plain(row.metric), plain(row.clock), *counts, largest


def unexplained_of(row: Parity) -> int:
    """How many differ without a reason."""
    return max(row.differing - row.explained, 0)
