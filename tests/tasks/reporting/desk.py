"""The weeks of a desk that never was, as rows: steady by itself, with what a test changes in it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from tasks.reporting.period import DAYS, WEEKS, Period
from tasks.reporting.records import Material
from tasks.reporting.sections.volume import AGE_ORDER
from warehouse.report_rows import (
    Backlog,
    Calls,
    Coverage,
    Csat,
    Duration,
    Escalation,
    Flow,
    Freshness,
    Parity,
    Quality,
    Sentiment,
    Sla,
    Sop,
)

UNTIL = date(2026, 11, 25)
AT = datetime(2026, 11, 26, 5, 0, tzinfo=UTC)
PERIOD = Period(UNTIL, UNTIL - timedelta(days=40), UNTIL)
GROUPS = {"Accounts": 9, "Billing": 8, "Orders": 15, "Technical": 8}
CHANNELS = {"email": 0.5, "web": 0.3, "native_messaging": 0.2}
WEEKDAYS = (1.25, 1.1, 1.0, 1.0, 0.95, 0.55, 0.5)
PROCEDURE = "Identity verification before account changes"
MODEL = "logistic-3"
DAYS_ALL = PERIOD.every_day
AGES = list(enumerate(AGE_ORDER))
MARKS = {"overall": 78.0, "empathy": 71.5, "solution": 84.2, "closing": 66.0}


def flow(period: Period = PERIOD, *, seed: int = 5) -> list[Flow]:
    """Tickets by day, group and channel, as chance has it."""
    dice = Random(seed)
    rows = []
    for day in period.every_day:
        for group, mean in GROUPS.items():
            for channel, share in CHANNELS.items():
                count = _poisson(dice, mean * share * WEEKDAYS[day.weekday()])
                solved = _poisson(dice, mean * share * 0.9)
                rows.append(Flow(day, group, channel, count, solved, count // 6, solved // 3, 0))
    return [row for row in rows if period.is_measured(row.metric_day)]


def _poisson(dice: Random, mean: float) -> int:
    """Knuth's way."""
    limit, count, left = 2.718281828 ** (-mean), 0, dice.random()
    while left > limit:
        count, left = count + 1, left * dice.random()
    return count


def spiked(rows: Sequence[Flow], group: str, days: int, times: int) -> list[Flow]:
    """The last days bring a group so many times what they would."""
    since = UNTIL - timedelta(days=days - 1)
    return [
        replace(row, created=row.created * times)
        if row.group_name == group and row.metric_day >= since
        else row
        for row in rows
    ]


def sop(*, skipping: str = "Accounts", share: float = 0.6, model: str = MODEL) -> list[Sop]:
    """Five steps in two groups; one group does a part only of the second step, every week."""
    rows = []
    for week in range(WEEKS):
        for group in ("Accounts", "Billing"):
            for step in range(1, 6):
                done = share if (group, step) == (skipping, 2) else 0.95
                passed = round(20 * done)
                counts = (passed, 20 - passed, 2, 1)
                rows.append(Sop(week, group, "d-1", PROCEDURE, str(step), "aa", model, *counts))
    return rows


def durations() -> list[Duration]:
    rows = []
    for week in range(WEEKS):
        for metric, scale in (("first_reply", 90.0), ("full_resolution", 1400.0)):
            for clock, part in (("calendar", 1.0), ("business_last", 0.4)):
                middle = scale * part * (1 + 0.05 * week)
                histogram = [0] * 40 + [20, 60, 80, 60, 30, 10]
                rows.append(Duration(week, metric, clock, None, 260, middle, middle * 6, histogram))
    return rows


def coverage(*, takeover: date | None = None, share: float = 0.98) -> list[Coverage]:
    """Three tasks; one version takes over from another on a day, if told."""
    rows = []
    for day in PERIOD.every_day:
        version = MODEL if takeover is None or day >= takeover else "logistic-2"
        for task in ("score", "sop", "assess"):
            scored = round(40 * share)
            rows.append(Coverage(day, task, "local", version, 40, scored, 1, 0, 39 - scored, None))
    return rows


def calls() -> list[Calls]:
    return [
        Calls(day, "Orders", "inbound", 12, 9, 9, 2, 1, 0, 8, 1, 130.0, 2700.0, 140.0, 300.0)
        for day in PERIOD.every_day
    ]


def material(**changed: object) -> Material:
    """Every kind of row; a test puts others in a kind's place."""
    every: dict[str, object] = {
        "flow": flow(),
        "backlog": [Backlog(day, age, 30 - 4 * at, 1) for day in DAYS_ALL for at, age in AGES],
        "durations": durations(),
        "sla": [
            Sla(week, group, metric, 46 - week, 4 + week, 1, 90.0)
            for week in range(WEEKS)
            for group in GROUPS
            for metric in ("first_reply_time", "requester_wait_time")
        ],
        "csat": [
            Csat(week, one, 60, 25, 22 - week % 2, 3) for week in range(WEEKS) for one in GROUPS
        ],
        "sentiment": sentiment(),
        "sop": sop(),
        "quality": [
            Quality(week, category, MODEL, 80, 80 * mark, 2, 10, 9)
            for week in range(WEEKS)
            for category, mark in MARKS.items()
        ],
        "calls": calls(),
        "escalations": [
            Escalation(week, trigger, "lead", 4 + week % 2, 3, 2, 3, 95.0, 4, 0)
            for week in range(WEEKS)
            for trigger in ("risk", "sentiment")
        ],
        "coverage": coverage(),
        "freshness": [freshness(source) for source in ("tickets", "calls", "scores")],
        "parity": [
            Parity("first_reply", "calendar", 900, 4, 4, 12.0, 0.0),
            Parity("full_resolution", "zendesk_native", 800, 0, 0, 0.4, 0.0),
        ],
    }
    return Material(**(every | changed))  # type: ignore[arg-type]


def sentiment(*, model: str = MODEL) -> list[Sentiment]:
    return [
        Sentiment(week, group, "customer", model, 120, 14.0 - week, 42, 50, 28, 6)
        for week in range(WEEKS)
        for group in GROUPS
    ]


def freshness(source: str) -> Freshness:
    at, event = AT - timedelta(minutes=40), AT - timedelta(minutes=55)
    return Freshness(source, at, event, 15.0, 700, 690, UNTIL - timedelta(days=DAYS))
