"""What is expected, as data: by suite and table, an expectation's name and its arguments.

Constraints of the tables (keys, not null, closed vocabularies) are not said again. Arguments may
hold `{as_of}` and `{latest}`, a day after it.
"""

from dataclasses import dataclass, field
from typing import Any

MOST_SECONDS_OF_A_CALL = 86_400
# A ticket that an AI agent handled alone has events but is not in the export of tickets.
MOST_ORPHANS = 0.05


@dataclass(frozen=True)
class Expected:
    """One expectation by the name of its class in Great Expectations."""

    expectation: str
    arguments: dict[str, Any] = field(default_factory=dict)


def _between(column: str, low: int, high: int | None = None) -> Expected:
    arguments = {"column": column, "min_value": low, "max_value": high}
    return Expected("ExpectColumnValuesToBeBetween", arguments)


def _in_set(column: str, values: list[str]) -> Expected:
    return Expected("ExpectColumnValuesToBeInSet", {"column": column, "value_set": values})


def _no_later_than(column: str) -> Expected:
    query = f"select 1 from {{batch}} where {column} > '{{latest}}' limit 1"
    return Expected("UnexpectedRowsExpectation", {"unexpected_rows_query": query})


def _few_orphans(key: str, parent: str) -> Expected:
    """Fails where more than a twentieth of the rows have no parent."""
    query = f"""
        select count(*) from {{batch}} as child
        left join {parent} as parent
            on child.org_id = parent.org_id and child.{key} = parent.id
        having count(*) filter (where parent.id is null) > {MOST_ORPHANS} * count(*)
    """
    return Expected("UnexpectedRowsExpectation", {"unexpected_rows_query": query})


SUITES: dict[str, dict[str, list[Expected]]] = {
    "after_load": {
        "zendesk.tickets": [
            _in_set("status", ["new", "open", "pending", "hold", "solved", "closed", "deleted"]),
            Expected(
                "ExpectColumnPairValuesAToBeGreaterThanB",
                {"column_A": "updated_at", "column_B": "created_at", "or_equal": True},
            ),
            _no_later_than("created_at"),
        ],
        "zendesk.ticket_metrics": [
            _between("reopens", 0),
            _between("full_resolution_calendar_minutes", 0),
            _between("full_resolution_business_minutes", 0),
        ],
        "zendesk.comments": [
            _few_orphans("ticket_id", "zendesk.tickets"),
            _no_later_than("created_at"),
        ],
        "zendesk.audit_events": [_few_orphans("ticket_id", "zendesk.tickets")],
        "zendesk.satisfaction_ratings": [
            _in_set(
                "score",
                [
                    "offered",
                    "unoffered",
                    "good",
                    "bad",
                    "received",
                    "good_with_comment",
                    "good_without_comment",
                    "bad_with_comment",
                    "bad_without_comment",
                ],
            )
        ],
        "zendesk.calls": [
            _between("duration_seconds", 0, MOST_SECONDS_OF_A_CALL),
            _between("talk_seconds", 0, MOST_SECONDS_OF_A_CALL),
            _between("wait_seconds", 0, MOST_SECONDS_OF_A_CALL),
        ],
    },
    "after_build": {
        "metrics.fct_ticket_flow_daily": [
            _between("created", 0),
            _between("first_solved", 0),
            _between("solved", 0),
            _between("reopened", 0),
            Expected(
                "ExpectColumnPairValuesAToBeGreaterThanB",
                {"column_A": "solved", "column_B": "first_solved", "or_equal": True},
            ),
            Expected(
                "ExpectColumnPairValuesAToBeGreaterThanB",
                {"column_A": "first_solved", "column_B": "one_touch", "or_equal": True},
            ),
            # Every ticket created on a day that is not sealed is counted, and none twice.
            Expected(
                "UnexpectedRowsExpectation",
                {
                    "unexpected_rows_query": """
                        with counted as (
                            select f.metric_day, sum(f.created) as created
                            from {batch} as f
                            where not exists (
                                select from app.metric_day_seals as s
                                where
                                    s.model = 'fct_ticket_flow_daily'
                                    and s.metric_day = f.metric_day
                            )
                            group by f.metric_day
                        ),
                        there as (
                            select
                                (t.created_at at time zone o.timezone)::date as metric_day,
                                count(*) as created
                            from zendesk.tickets as t
                            inner join app.organizations as o on t.org_id = o.org_id
                            where t.created_at <= '{as_of}'
                            group by 1
                        )
                        select c.metric_day
                        from counted as c
                        left join there as t on c.metric_day = t.metric_day
                        where
                            c.created <> coalesce(t.created, 0)
                            and c.metric_day > (
                                select (
                                    ('{as_of}'::timestamptz
                                    - make_interval(days => o.retention_days))
                                    at time zone o.timezone
                                )::date
                                from app.organizations as o
                            )
                    """
                },
            ),
        ]
    },
}
