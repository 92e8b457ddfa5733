"""What is expected, as data: by suite and table, an expectation's name and its arguments.

Constraints of the tables (keys, not null, closed vocabularies) are not said again. Arguments may
hold `{as_of}`, and `{latest}`, a day after it; `{batch}` is the table, which Great Expectations may
have given an alias already.
"""

from dataclasses import dataclass, field
from typing import Any

MOST_SECONDS_OF_A_CALL = 86_400
# A ticket that an AI agent handled alone has events but is not in the export of tickets.
MOST_ORPHANS = 0.05
TICKET_STATUSES = ["new", "open", "pending", "hold", "solved", "closed", "deleted"]
RATING_SCORES = [
    "offered",
    "unoffered",
    "good",
    "bad",
    "received",
    "good_with_comment",
    "good_without_comment",
    "bad_with_comment",
    "bad_without_comment",
]


@dataclass(frozen=True)
class Expected:
    """One expectation: its class in Great Expectations, and how a failure of it is named."""

    expectation: str
    name: str
    column: str | None
    arguments: dict[str, Any] = field(default_factory=dict)


def _between(column: str, low: int, high: int | None = None) -> Expected:
    arguments = {"column": column, "min_value": low, "max_value": high}
    return Expected("ExpectColumnValuesToBeBetween", "in range", column, arguments)


def _in_set(column: str, values: list[str]) -> Expected:
    arguments = {"column": column, "value_set": values}
    return Expected("ExpectColumnValuesToBeInSet", "known value", column, arguments)


def _at_least(column: str, other: str) -> Expected:
    arguments = {"column_A": column, "column_B": other, "or_equal": True}
    name = f"at least {other}"
    return Expected("ExpectColumnPairValuesAToBeGreaterThanB", name, column, arguments)


def _no_row(name: str, column: str | None, query: str) -> Expected:
    return Expected("UnexpectedRowsExpectation", name, column, {"unexpected_rows_query": query})


def _not_in_the_future(column: str = "created_at") -> Expected:
    """A day of grace: clocks differ."""
    query = f"select {column} from {{batch}} where {column} > '{{latest}}'"
    return _no_row("not in the future", column, query)


def _parents(key: str, parent: str, *, most_missing: float = 0.0) -> Expected:
    """Fails where more than this share of the rows have no parent; then counts those."""
    query = f"""
        with children as (select * from {{batch}}),
        orphans as (
            select c.{key} from children as c
            where not exists (select from {parent} as p where p.id = c.{key})
        )
        select o.{key} from orphans as o
        where (select count(*) from orphans) > {most_missing} * (select count(*) from children)
    """
    return _no_row(f"in {parent}", key, query)


# Every ticket created on a day that was measured is counted, on that day and once.
CREATED_TICKETS_ARE_COUNTED = """
    with counted as (
        select metric_day, sum(created) as created
        from {batch}
        group by metric_day
    ),
    loaded as (
        select d.metric_day, count(t.id) as created
        from intermediate.int_open_days as d
        left join zendesk.tickets as t
            on t.created_at >= d.starts_at and t.created_at < d.ends_at
            and t.created_at <= '{as_of}'
        where d.is_changed
        group by d.metric_day
    )
    select metric_day
    from counted
    full join loaded using (metric_day)
    where coalesce(counted.created, 0) is distinct from loaded.created
"""

SUITES: dict[str, dict[str, list[Expected]]] = {
    "after_load": {
        "zendesk.tickets": [
            _in_set("status", TICKET_STATUSES),
            _at_least("updated_at", "created_at"),
            _not_in_the_future(),
        ],
        "zendesk.ticket_metrics": [
            _parents("ticket_id", "zendesk.tickets"),
            _between("reopens", 0),
            _between("replies", 0),
            _between("full_resolution_calendar_minutes", 0),
            _between("full_resolution_business_minutes", 0),
        ],
        "zendesk.comments": [
            _parents("ticket_id", "zendesk.tickets", most_missing=MOST_ORPHANS),
            _not_in_the_future(),
        ],
        "zendesk.audit_events": [
            _parents("ticket_id", "zendesk.tickets", most_missing=MOST_ORPHANS),
            _not_in_the_future(),
        ],
        "zendesk.satisfaction_ratings": [
            _in_set("score", RATING_SCORES),
            _not_in_the_future(),
        ],
        "zendesk.calls": [
            *(
                _between(f"{part}_seconds", 0, MOST_SECONDS_OF_A_CALL)
                for part in ("duration", "talk", "wait", "hold", "wrap_up")
            ),
            _not_in_the_future(),
        ],
    },
    "before_publish": {
        "candidate.fct_ticket_flow_daily": [
            *(
                _between(count, 0)
                for count in (
                    "created",
                    "first_solved",
                    "solved",
                    "reopened",
                    "one_touch",
                    "merged",
                    "deleted",
                    "unreplied_at_solve",
                )
            ),
            _at_least("solved", "first_solved"),
            _at_least("first_solved", "one_touch"),
            _no_row("created tickets are counted", "created", CREATED_TICKETS_ARE_COUNTED),
        ]
    },
}
