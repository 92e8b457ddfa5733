"""What a report is made of: sums over the metric tables, by day or by week, of one organization.

Every function runs in the organization's tenant session. The views of `bi` would not do: they fold
small cells day by day, so that a small group would be there on its busy days only. The report is of
weeks, and folds what is small in a week.
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Protocol, TypeVar

from sqlalchemy import Connection, text

from warehouse.report_rows import (
    Backlog,
    Calls,
    Coverage,
    Csat,
    Duration,
    Escalation,
    Flow,
    Freshness,
    Measured,
    Parity,
    Quality,
    Sentiment,
    Sla,
    Sop,
)

# How a field of a row is summed; a field of another type is a key of its grain.
SUMS = {"int": "sum({0})::bigint", "float": "sum({0})::float8", "float | None": "sum({0})::float8"}
WEEK = "((cast(:until as date) - metric_day) / 7)"


class _Row(Protocol):
    __dataclass_fields__: dict[str, object]


R = TypeVar("R", bound=_Row)


TABLES: dict[type[object], str] = {
    Flow: "fct_ticket_flow_daily",
    Backlog: "fct_backlog_daily",
    Sla: "fct_sla_daily",
    Csat: "fct_csat_daily",
    Sentiment: "fct_sentiment_daily",
    Sop: "fct_sop_daily",
    Quality: "fct_quality_daily",
    Calls: "fct_call_hourly",
    Escalation: "fct_escalation_daily",
    Coverage: "fct_ai_coverage_daily",
}


def sums(connection: Connection, row: type[R], *, since: date, until: date) -> list[R]:
    """The rows of these days, summed over every other dimension, in the order of their keys."""
    names = {one.name: str(getattr(one.type, "__name__", one.type)) for one in fields(row)}  # type: ignore[arg-type]
    keys = [name for name, kind in names.items() if kind not in SUMS]
    shown = [_expression(name, kind) for name, kind in names.items()]
    places = ", ".join(str(place + 1) for place in range(len(keys)))
    rows = connection.execute(
        text(f"""
            select {", ".join(shown)} from metrics.{TABLES[row]}
            where metric_day between :since and cast(:until as date)
            group by {places} order by {places}
        """),
        {"since": since, "until": until},
    )
    return [row(**one._mapping) for one in rows]


def _expression(name: str, kind: str) -> str:
    """What is selected for a field: its sum, its week, or itself as text or day."""
    if name == "week":
        return f"{WEEK} as week"
    if kind == "str":
        return f"{name}::text as {name}"
    return f"{SUMS.get(kind, '{0}').format(name)} as {name}"


def measured_days(connection: Connection, timezone: str, as_of: datetime) -> Measured:
    """The days that there are figures of, as far as was known at an instant."""
    row = connection.execute(
        text("""
            select
                (select min(metric_day) from metrics.fct_ticket_flow_daily) as first,
                (
                    select (least(as_of, :as_of) at time zone :timezone)::date - 1
                    from app.metric_builds where state = 'published'
                ) as last
        """),
        {"timezone": timezone, "as_of": as_of},
    ).one()
    return Measured(row.first, row.last)


def durations(connection: Connection, *, since: date, until: date) -> list[Duration]:
    """Each metric and clock of each week, in all groups and in each, from its histograms."""
    rows = connection.execute(
        text(f"""
            with weekly as (
                select
                    {WEEK} as week, metric, clock, group_name, sum(n)::bigint as n,
                    bi.sum_histograms(histogram) as histogram
                from metrics.fct_ticket_duration_daily
                where metric_day between :since and cast(:until as date)
                group by grouping sets ((1, 2, 3), (1, 2, 3, 4))
            )
            select
                week, metric, clock, group_name, n, bi.percentile(histogram, 0.5) as median,
                bi.percentile(histogram, 0.9) as p90, histogram
            from weekly where n > 0
            order by 1, 2, 3, 4 nulls first
        """),
        {"since": since, "until": until},
    )
    return [Duration(**one._mapping) for one in rows]


def freshness(connection: Connection, *, as_of: datetime) -> list[Freshness]:
    """The last build before the instant, source by source."""
    rows = connection.execute(
        text("""
            select distinct on (source)
                source, as_of, max_event_at, lag_minutes, rows_in, rows_out, last_sealed_day
            from metrics.fct_data_freshness where as_of <= :as_of
            order by source asc, as_of desc
        """),
        {"as_of": as_of},
    )
    return [Freshness(**one._mapping) for one in rows]


def parity(connection: Connection, *, since: date, until: date) -> Sequence[Parity]:
    """Each metric and clock that was compared in these days."""
    rows = connection.execute(
        text("""
            select
                metric, clock, sum(compared)::bigint as compared,
                sum(differing)::bigint as differing, sum(explained)::bigint as explained,
                max(largest_difference_minutes) as largest_difference_minutes,
                max(largest_unexplained_minutes) as largest_unexplained_minutes
            from metrics.fct_metric_parity_daily
            where metric_day between :since and :until
            group by 1, 2 having sum(compared) > 0 order by 1, 2
        """),
        {"since": since, "until": until},
    )
    return [Parity(**one._mapping) for one in rows]
