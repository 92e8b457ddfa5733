"""Fills the metric tables of a scratch warehouse with figures, for `make test-superset`.

By SQL, not by the pipeline: every table has rows, whatever the sandbox's month happens to hold. The
columns are the warehouse's own. Figures of the second organization are far beyond those of the
first, and so are its names: a leak of any of them into any sum shows.
"""

import math
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import psycopg

DAYS = 84
FACTOR = 1_000_000  # of the second organization's figures
GROUPS = [(10, "Support"), (20, "Billing"), (30, "Phone")]
# The values of each dimension; tuples go together.
VALUES: dict[tuple[str, ...], list[Any]] = {
    ("channel",): ["web", "email"],
    ("brand_id", "brand_name"): [(5, "Main brand")],
    ("priority",): ["normal", "high"],
    ("metric", "clock"): [
        (metric, clock)
        for metric in ("first_reply", "full_resolution", "requester_wait")
        for clock in ("calendar", "business_cumulative")
    ],
    ("status_category",): ["new", "open", "pending"],
    ("age_bucket",): ["under 1 day", "3 to 7 days"],
    ("policy_id", "policy_name", "metric"): [
        (1, "Standard", "first_reply_time"),
        (1, "Standard", "requester_wait_time"),
        (2, "Urgent", "first_reply_time"),
    ],
    ("survey_type",): ["classic"],
    ("speaker",): ["customer", "agent"],
    ("document_id", "document_title", "step_no"): [
        (name, title, step)
        for name, title in (("refunds", "Refunds"), ("identity", "Who is calling"))
        for step in (1, 2, 3)
    ],
    ("sop_version",): ["a1b2"],
    ("model_version",): ["vader-1"],
    ("category",): ["overall", "greeting", "solution"],
    ("hour",): [9, 10, 11, 14, 15, 16],
    ("line_id", "line_type"): [(1, "phone")],
    ("direction",): ["inbound", "outbound"],
    ("trigger",): ["escalation risk", "SLA breach"],
    ("tier",): ["high"],
    ("task",): ["score", "assess", "embed"],
    ("provider",): ["local"],
    ("source",): ["tickets", "calls", "scores"],
    ("agent_key",): ["3f9a", "77b0", "c1d2", "e8f4"],
}
# What part of a cell's size each measure is.
SHARES = {
    "solved": 0.94,
    "first_solved": 0.9,
    "reopened": 0.06,
    "one_touch": 0.4,
    "merged": 0.03,
    "deleted": 0.01,
    "unreplied_at_solve": 0.04,
    "unassigned": 0.2,
    "achieved": 0.85,
    "breached": 0.1,
    "exempt": 0.05,
    "responded": 0.4,
    "good": 0.33,
    "bad": 0.07,
    "positive": 0.3,
    "neutral": 0.5,
    "negative": 0.2,
    "worsened": 0.1,
    "passed": 0.8,
    "failed": 0.15,
    "not_applicable": 0.5,
    "abstained": 0.05,
    "critical_fails": 0.02,
    "human_n": 0.1,
    "agreed_n": 0.09,
    "abandoned_queue": 0.06,
    "abandoned_ivr": 0.03,
    "voicemails": 0.03,
    "answered": 0.88,
    "handled": 0.88,
    "within_target": 0.75,
    "callbacks": 0.02,
    "scored": 0.9,
    "opted_out": 0.02,
    "pending": 0.02,
    "differing": 0.02,
    "explained": 0.02,
    "csat_good": 0.3,
    "csat_bad": 0.05,
    "sop_failed": 0.1,
    "cost_usd": 0.001,
}
# How much there is of a measure for each of the cell.
MEANS = {"minutes": 95.0, "seconds": 70.0, "latency_sum_ms": 40.0, "quality_sum": 82.0}
FIRST_BUCKET = 45  # 41 of the unit


def fill(connection: psycopg.Connection[Any], organizations: list[UUID], today: date) -> None:
    """Rows of `DAYS` days for both organizations, in every table that a view of `bi` is of."""
    for place, org_id in enumerate(organizations):
        connection.execute("select set_config('app.org_id', %s, false)", [str(org_id)])
        chance = random.Random(place)  # noqa: S311 -- figures, no secrets
        for table, columns in _tables(connection).items():
            rows = list(_rows(columns, org_id, today, place, chance, table))
            names = ", ".join(columns)
            marks = ", ".join(["%s"] * len(columns))
            with connection.cursor() as cursor:
                cursor.executemany(f"insert into metrics.{table} ({names}) values ({marks})", rows)


def _tables(connection: psycopg.Connection[Any]) -> dict[str, dict[str, str]]:
    """Each table that a view is of, and the type of each of its columns."""
    found: dict[str, dict[str, str]] = {}
    told = connection.execute(
        "select c.relname, a.attname, format_type(a.atttypid, null)"
        " from pg_class as v inner join pg_class as c"
        " on c.relname = replace(v.relname, 'rpt_', 'fct_')"
        " and c.relnamespace = 'metrics'::regnamespace"
        " inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0"
        " and not a.attisdropped"
        " where v.relnamespace = 'bi'::regnamespace and v.relkind = 'v'"
        " order by c.relname, a.attnum"
    )
    for table, column, kind in told:
        found.setdefault(table, {})[column] = kind
    return found


def _rows(
    columns: dict[str, str],
    org_id: UUID,
    today: date,
    place: int,
    chance: random.Random,
    table: str,
) -> Iterator[list[Any]]:
    for back in range(DAYS):
        day = today - timedelta(days=back)
        for dimensions in _cells(columns, place):
            size = max(
                6, round(8 * (0.6 if day.isoweekday() > 5 else 1) * chance.uniform(0.7, 1.6))
            )
            told = {"org_id": org_id, "metric_day": day, "utc_offset_minutes": 0, **dimensions}
            for name, kind in columns.items():
                if name not in told:
                    told[name] = _measure(name, kind, size, day, chance, place)
            if "category" in told:
                told["score_sum"] *= 400  # of 100, where a mood is of 1
            yield [told[name] for name in columns]


def _cells(columns: dict[str, str], place: int) -> Iterator[dict[str, Any]]:
    """Every combination of the table's dimensions; names of the second organization say so."""
    taken: set[str] = set()
    choices: list[list[dict[str, Any]]] = []
    groups: dict[tuple[str, ...], list[Any]] = {("group_id", "group_name"): GROUPS}
    by_length = sorted((groups | VALUES).items(), key=lambda one: -len(one[0]))
    for names, values in by_length:
        if set(names) <= columns.keys() and not taken & set(names):
            taken |= set(names)
            tuples = [one if isinstance(one, tuple) else (one,) for one in values]
            choices.append([dict(zip(names, one, strict=True)) for one in tuples])
    for parts in product(*choices):
        cell = {name: value for part in parts for name, value in part.items()}
        yield {name: _of_other(value) if place else value for name, value in cell.items()}


def _of_other(value: Any) -> Any:
    """The text of the other organization; what charts ask for by name keeps its name."""
    kept = {"first_reply", "full_resolution", "calendar", "business_cumulative", "inbound"}
    kept |= {"overall"}
    return f"{value} of globex" if isinstance(value, str) and value not in kept else value


def _measure(name: str, kind: str, size: int, day: date, chance: random.Random, place: int) -> Any:
    instant = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
    if kind == "date":
        return day
    if kind == "timestamp with time zone":
        return instant
    if kind == "bigint[]":
        counts = [_scaled(size * math.exp(-((one - 5) ** 2) / 20), place) for one in range(14)]
        return [0] * FIRST_BUCKET + counts
    factor = next((value for end, value in MEANS.items() if end in name), None)
    if factor is None:
        factor = SHARES.get(name, 0.2 if name == "score_sum" else 1.0)
    value = size * factor * chance.uniform(0.8, 1.2) if factor != 1.0 else size
    return _scaled(value, place) if kind in {"integer", "bigint"} else value * FACTOR**place


def _scaled(value: float, place: int) -> int:
    return int(round(value) * FACTOR**place)
