"""The suite `before_publish`: what must hold of the candidates, before they replace what is read.

A candidate is the whole of the days that a build measured anew, in the schema `candidate`; what
is read lies in `metrics` and stays as it is if any of this does not hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.quality import reconciled
from tasks.quality.expected import Expected, at_least, between, parts, unique, where

DAY = ("org_id", "metric_day")
D = ("group_id", "channel", "brand_id", "priority")
MOST_OFFSET_MINUTES = 14 * 60
CLASSIC = "survey_type = 'classic'"


@dataclass(frozen=True)
class Daily:
    """A table that survives: its grain beyond the day, its counts and sums, what else holds.

    `histograms` are columns of bars, each with the column that they sum to.
    """

    grain: Sequence[str]
    counts: Sequence[str]
    sums: Sequence[str] = ()
    histograms: Sequence[tuple[str, str]] = ()
    rules: Sequence[Expected] = ()

    def expected(self) -> list[Expected]:
        """Every expectation of the table."""
        return [
            unique(*DAY, *self.grain),
            between("utc_offset_minutes", -MOST_OFFSET_MINUTES, MOST_OFFSET_MINUTES),
            where("not in the future", "metric_day", "metric_day > '{latest}'::timestamptz::date"),
            *(between(name, 0) for name in (*self.counts, *self.sums)),
            *(_bars(histogram, n) for histogram, n in self.histograms),
            *self.rules,
        ]


def _bars(histogram: str, n: str) -> Expected:
    total = f"(select coalesce(sum(bar), 0) from unnest({histogram}) as bar)"
    fewest = f"(select min(bar) from unnest({histogram}) as bar)"
    broken = f"{total} <> {n} or {fewest} < 0"
    return where(f"bars that sum to {n}", histogram, broken)


def _within(total: str, n: str, low: float, high: float) -> Expected:
    """A sum of n values, each in a range."""
    broken = f"{total} < {low} * {n} - 1e-6 or {total} > {high} * {n} + 1e-6"
    return where(f"within {low:g} to {high:g} times {n}", total, broken)


DAILIES: dict[str, Daily] = {
    "fct_ticket_flow_daily": Daily(
        grain=D,
        counts=(
            "created",
            "first_solved",
            "solved",
            "reopened",
            "one_touch",
            "merged",
            "deleted",
            "unreplied_at_solve",
        ),
        rules=(
            at_least("solved", "first_solved"),
            parts("first_solved", "one_touch", "unreplied_at_solve"),
            reconciled.CREATED,
            reconciled.SOLVED,
        ),
    ),
    "fct_ticket_duration_daily": Daily(
        grain=(*D, "metric", "clock"),
        counts=("n",),
        sums=("sum_minutes",),
        histograms=(("histogram", "n"),),
        rules=(reconciled.FIRST_REPLIES, reconciled.REPLIES),
    ),
    "fct_backlog_daily": Daily(
        grain=(*D, "status_category", "age_bucket"),
        counts=("tickets", "unassigned"),
        sums=("oldest_age_minutes",),
        rules=(at_least("tickets", "unassigned"),),
    ),
    "fct_sla_daily": Daily(
        grain=(*D, "policy_id", "metric"),
        counts=("applied", "achieved", "breached", "exempt", "active_at_end"),
        sums=("sum_overrun_minutes",),
        rules=(reconciled.APPLIED,),
    ),
    "fct_csat_daily": Daily(
        grain=(*D, "survey_type"),
        counts=("offered", "responded", "good", "bad"),
        sums=("score_sum",),
        # a changed answer is another answer, but the ticket's first one only once
        rules=(
            where("at most good + bad", "responded", f"{CLASSIC} and responded > good + bad"),
            where("good", "score_sum", f"{CLASSIC} and score_sum <> good"),
            reconciled.RATED,
        ),
    ),
    "fct_sentiment_daily": Daily(
        grain=(*D, "speaker", "model_version"),
        counts=("n", "positive", "neutral", "negative", "worsened"),
        rules=(
            where(
                "positive + neutral + negative",
                "n",
                "positive + neutral + negative <> n",
            ),
            _within("score_sum", "n", -1, 1),
        ),
    ),
    "fct_sop_daily": Daily(
        grain=(*D, "document_id", "step_no", "sop_version", "model_version"),
        counts=("applicable", "passed", "failed", "not_applicable", "abstained"),
        rules=(parts("applicable", "passed", "failed", "abstained"),),
    ),
    "fct_quality_daily": Daily(
        grain=(*D, "category", "model_version"),
        counts=("n", "passed", "failed", "critical_fails", "auto_n", "human_n", "agreed_n"),
        sums=("score_sum",),
        rules=(
            parts("n", "passed", "failed"),
            at_least("n", "critical_fails"),
            at_least("human_n", "agreed_n"),
            _within("score_sum", "n", 0, 100),
        ),
    ),
    "fct_call_hourly": Daily(
        grain=("hour", "group_id", "line_id", "line_type", "direction"),
        counts=(
            "offered",
            "offered_timed",
            "answered",
            "answered_timed",
            "handled",
            "abandoned_queue",
            "abandoned_ivr",
            "voicemails",
            "within_target",
            "callbacks",
        ),
        sums=(
            "wait_seconds_sum",
            "talk_seconds_sum",
            "hold_seconds_sum",
            "wrap_up_seconds_sum",
        ),
        histograms=(("wait_histogram", "answered_timed"),),
        rules=(
            between("hour", 0, 23),
            parts("offered", "answered", "abandoned_queue", "voicemails"),
            at_least("offered", "offered_timed"),
            at_least("answered", "handled"),
            at_least("answered", "answered_timed"),
            at_least("answered_timed", "within_target"),
            reconciled.OFFERED,
        ),
    ),
    "fct_escalation_daily": Daily(
        grain=("trigger", "tier"),
        counts=("opened", "acknowledged", "resolved", "ack_n", "posted", "failed"),
        sums=("ack_sum_minutes",),
        histograms=(("ack_histogram", "ack_n"),),
    ),
    "fct_ai_coverage_daily": Daily(
        grain=("task", "provider", "model_version"),
        counts=(
            "eligible",
            "scored",
            "opted_out",
            "failed",
            "pending",
            "calls",
            "input_tokens",
            "output_tokens",
            "latency_n",
        ),
        sums=("cost_usd", "latency_sum_ms"),
        histograms=(("latency_histogram", "latency_n"),),
        rules=(parts("eligible", "scored", "opted_out", "failed", "pending"),),
    ),
    "fct_data_freshness": Daily(
        grain=("source", "as_of"),
        counts=("rows_in", "rows_out"),
        rules=(where("not in the future", "max_event_at", "max_event_at > '{latest}'"),),
    ),
    "fct_metric_parity_daily": Daily(
        grain=("metric", "clock"),
        counts=("compared", "differing", "explained"),
        sums=("largest_difference_minutes", "largest_unexplained_minutes"),
        rules=(
            at_least("compared", "differing"),
            at_least("differing", "explained"),
            at_least("largest_difference_minutes", "largest_unexplained_minutes"),
        ),
    ),
    "fct_agent_daily": Daily(
        grain=("agent_key", "group_id"),
        counts=(
            "solved",
            "one_touch",
            "reopened",
            "replies",
            "first_reply_n",
            "csat_good",
            "csat_bad",
            "quality_n",
            "sop_passed",
            "sop_failed",
            "calls_handled",
        ),
        sums=("first_reply_sum_minutes", "quality_sum", "talk_seconds_sum"),
        rules=(
            at_least("solved", "one_touch"),
            at_least("replies", "first_reply_n"),
            _within("quality_sum", "quality_n", 0, 100),
        ),
    ),
}
SUITE: dict[str, list[Expected]] = {
    f"candidate.{name}": DAILIES[name].expected() for name in DAILIES
}
