"""Whether a day brought about as many rows as days usually do.

Days are the 24 hours up to the run's instant, and up to the same time of each day before. The last
one is compared with the same weekday of the weeks before, on a logarithmic scale, as desks differ
in size and days in proportion:

    z = ln((n + 1) / (m + 1)) / s

n: rows of the last day. m: median of the same weekday's. s: how much days usually differ from the
median of their weekday, 1.4826 times the median of |ln((n + 1) / (m + 1))| over all days before,
but no less than what chance does to so few rows (1 / sqrt(m + 1)), nor than 0.35. So a third and
three times the usual are never remarked on, and a desk whose days differ wildly may do more.

|z| > 3.5 is told as a warning: the usual limit of a robust z-score. Source: Iglewicz and Hoaglin,
"How to Detect and Handle Outliers", 1993. |z| > 7 closes the gate: nothing where a hundred are
usual, or twelve times as many. A holiday is a warning; half a load, or the same load under other
ids, is not published.

Nothing is said of a table that had no rows three weeks ago, or of fewer than ten rows a day. Days
that the retention has thinned out do not count, so nothing is said where tickets are kept for less
than 23 days.
"""

from tasks.quality.expected import Expected, Severity, no_row

DAYS = 28
LEAST_DAYS = 22  # three of the same weekday
LEAST_ROWS = 10
LEAST_SPREAD = 0.35
WARN_BEYOND, CLOSE_BEYOND = 3.5, 7.0

QUERY = """
    with clock as (
        select
            '{{as_of}}'::timestamptz as as_of,
            (select max(o.retention_days) - 1 from app.organizations as o) as kept_days
    ),
    counted as (
        select
            floor(extract(epoch from clock.as_of - b.{column}) / 86400)::integer as days_before,
            count(*) as n,
            min(b.{column}) as first_at
        from {{batch}} as b
        cross join clock
        where b.{column} <= clock.as_of
        group by days_before
    ),
    days as (
        select d.days_before, d.days_before % 7 as weekday, coalesce(c.n, 0) as n
        from generate_series(0, {days} - 1) as d (days_before)
        cross join clock
        left join counted as c on d.days_before = c.days_before
        where
            d.days_before < clock.kept_days
            and clock.as_of - make_interval(days => d.days_before + 1)
            >= (select min(first_at) from counted)
    ),
    usual as (
        select weekday, percentile_cont(0.5) within group (order by n) as m
        from days where days_before > 0 group by weekday
    ),
    spread as (
        select
            count(*) as days,
            1.4826 * percentile_cont(0.5) within group (
                order by abs(ln((d.n + 1) / (u.m + 1)))
            ) as s
        from days as d inner join usual as u on d.weekday = u.weekday
        where d.days_before > 0
    )
    select 1
    from days as d
    inner join usual as u on d.weekday = u.weekday
    cross join spread
    where
        d.days_before = 0 and spread.days >= {least_days} - 1 and u.m >= {least_rows}
        and abs(ln((d.n + 1) / (u.m + 1)))
        > {limit} * greatest(spread.s, 1 / sqrt(u.m + 1), {least_spread})
"""


def usual_volume(column: str = "created_at") -> list[Expected]:
    """What closes the gate, and what is told; both are one query."""
    return [
        _beyond(column, "far from the usual", CLOSE_BEYOND, "critical"),
        _beyond(column, "unusual", WARN_BEYOND, "warning"),
    ]


def _beyond(column: str, how: str, limit: float, severity: Severity) -> Expected:
    query = QUERY.format(
        column=column,
        days=DAYS,
        least_days=LEAST_DAYS,
        least_rows=LEAST_ROWS,
        least_spread=LEAST_SPREAD,
        limit=limit,
    )
    return no_row(f"a day's rows not {how}", column, query, severity=severity)
