"""The rows that a report is made of. Weeks are counted back from its last day: 0 is its own."""

from dataclasses import dataclass
from datetime import date, datetime


class Week(int):
    """How many weeks before the report's own."""


@dataclass(frozen=True)
class Measured:
    """The days there are: the first with a ticket, and the last that was over when measured."""

    first: date | None
    last: date | None


@dataclass(frozen=True)
class Flow:
    """Tickets of a day, by group and channel."""

    metric_day: date
    group_name: str
    channel: str
    created: int
    first_solved: int
    reopened: int
    one_touch: int
    unreplied_at_solve: int


@dataclass(frozen=True)
class Backlog:
    """Tickets not solved at the end of a day."""

    metric_day: date
    age_bucket: str
    tickets: int
    unassigned: int


@dataclass(frozen=True)
class Duration:
    """How long something took in a week, in minutes; `group_name` None: in all groups."""

    week: int
    metric: str
    clock: str
    group_name: str | None
    n: int
    median: float | None
    p90: float | None
    histogram: list[int]


@dataclass(frozen=True)
class Sla:
    """Targets of a week, by what they are of."""

    week: Week
    group_name: str
    metric: str
    achieved: int
    breached: int
    exempt: int
    sum_overrun_minutes: float


@dataclass(frozen=True)
class Csat:
    """Ratings of a week."""

    week: Week
    group_name: str
    offered: int
    responded: int
    good: int
    bad: int


@dataclass(frozen=True)
class Sentiment:
    """Turns of a week; a score is from -1 to 1."""

    week: Week
    group_name: str
    speaker: str
    model_version: str
    n: int
    score_sum: float
    positive: int
    neutral: int
    negative: int
    worsened: int


@dataclass(frozen=True)
class Sop:
    """How a step of a procedure was followed in a week."""

    week: Week
    group_name: str
    document_id: str
    document_title: str
    step_no: str
    sop_version: str
    model_version: str
    passed: int
    failed: int
    not_applicable: int
    abstained: int


@dataclass(frozen=True)
class Quality:
    """Marks of a week, 0 to 100 each."""

    week: Week
    category: str
    model_version: str
    n: int
    score_sum: float
    critical_fails: int
    human_n: int
    agreed_n: int


@dataclass(frozen=True)
class Calls:
    """Calls of a day, by group, line and direction."""

    metric_day: date
    group_name: str
    direction: str
    offered: int
    answered: int
    handled: int
    abandoned_queue: int
    abandoned_ivr: int
    voicemails: int
    within_target: int
    callbacks: int
    wait_seconds_sum: float
    talk_seconds_sum: float
    hold_seconds_sum: float
    wrap_up_seconds_sum: float


@dataclass(frozen=True)
class Escalation:
    """Escalations of a week."""

    week: Week
    trigger: str
    tier: str
    opened: int
    acknowledged: int
    resolved: int
    ack_n: int
    ack_sum_minutes: float
    posted: int
    failed: int


@dataclass(frozen=True)
class Coverage:
    """What models did of what there was to do, in a day."""

    metric_day: date
    task: str
    provider: str
    model_version: str
    eligible: int
    scored: int
    opted_out: int
    failed: int
    pending: int
    cost_usd: float | None


@dataclass(frozen=True)
class Freshness:
    """How far a source had come at its last build before an instant."""

    source: str
    as_of: datetime
    max_event_at: datetime | None
    lag_minutes: float | None
    rows_in: int | None
    rows_out: int | None
    last_sealed_day: date | None


@dataclass(frozen=True)
class Parity:
    """Our figures beside Zendesk's own, over all weeks of the report."""

    metric: str
    clock: str
    compared: int
    differing: int
    explained: int
    largest_difference_minutes: float | None
    largest_unexplained_minutes: float | None
