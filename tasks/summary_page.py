"""The page of a run, as Markdown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from tasks.failures import Failure, Kind
from tasks.ledger import StageLine
from warehouse.ledger import STALE_AFTER
from warehouse.models import Used

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class GateLine:
    """A gate as it was found last: what closed it, how many warnings, and its page."""

    suite: str
    failed: Sequence[str]
    warnings: int
    as_of: datetime
    page: str


@dataclass(frozen=True)
class Summary:
    """A run at its end. `left` are stages that it did not come to the end of; `held` is (stream,
    reason, records) in quarantine; `marks` say of each stream how long ago rows of it last came.
    """

    slug: str
    as_of: datetime
    lines: Sequence[StageLine]
    left: Sequence[str]
    failure: Failure | None = None
    held: Sequence[tuple[str, str, int]] = ()
    used: Sequence[Used] = ()
    budget_usd: Decimal | None = None
    marks: Sequence[tuple[str, timedelta]] = ()
    gates: Sequence[GateLine] = ()
    links: dict[str, str] = field(default_factory=dict)


def page_of(summary: Summary) -> str:
    """The whole page. What is of others' making stands in it as it is, and formats nothing."""
    done = "completed" if summary.failure is None else f"failed ({summary.failure.kind})"
    parts = [
        f"# {plain(summary.slug)}, as of {summary.as_of:%Y-%m-%d %H:%M} UTC: {done}",
        "## What to do next\n\n" + "\n".join(f"- {one}" for one in _next_steps(summary)),
        "## Stages\n\n" + _stages(summary),
        "## Quarantine\n\n" + _quarantine(summary),
        "## Models, today\n\n" + _cost(summary),
        "## Freshness\n\n" + _freshness(summary),
        "## Gates\n\n" + _gates(summary),
    ]
    if summary.links:
        links = [f"- [{name}]({to})" for name, to in summary.links.items()]
        parts.append("## Where\n\n" + "\n".join(links))
    return "\n\n".join(parts)


def _next_steps(summary: Summary) -> Iterator[str]:
    slug = plain(summary.slug)
    nothing = True
    for needed, step in (
        (summary.failure, f"**{summary.failure}**"),
        (summary.left and summary.failure, f"then `vensor run --org {slug}`: it goes on there"),
        (summary.failure and summary.failure.kind is Kind.BUG, "report it with the run's state"),
        (summary.held, f"`vensor quarantine list --org {slug}`: records that could not be read"),
        (any(one.warnings for one in summary.gates), f"`vensor gates --org {slug}`: warnings"),
        (_is_stale(summary), f"`vensor doctor --org {slug}`: nothing new has come for a day"),
    ):
        if needed:
            nothing = False
            yield step
    if nothing:
        yield f"nothing; `vensor metrics --org {slug} fct_ticket_flow_daily` shows what it made"


def _stages(summary: Summary) -> str:
    rows = [
        (
            one.stage,
            f"{one.result.rows_in:,}",
            f"{one.result.rows_out:,}",
            f"{one.result.quarantined:,}",
            f"{one.seconds:.1f}",
            one.result.note,
        )
        for one in summary.lines
    ]
    rows += [(one, "", "", "", "", "not done") for one in summary.left]
    return table(("stage", "in", "out", "quarantined", "seconds", "what"), rows)


def _quarantine(summary: Summary) -> str:
    if not summary.held:
        return "Nothing is held."
    rows = [(stream, reason, f"{count:,}") for stream, reason, count in summary.held]
    return table(("stream", "reason", "records"), rows)


def _cost(summary: Summary) -> str:
    """Of the ledger's day: what models did for this organization since midnight UTC."""
    if not summary.used:
        return "None was asked for anything."
    rows = [
        (
            one.capability,
            one.provider,
            one.model,
            f"{one.calls:,}",
            f"{one.input_tokens + one.output_tokens:,}",
            "unknown" if one.cost_usd is None else f"${one.cost_usd:.4f}",
        )
        for one in summary.used
    ]
    told = table(("what", "by", "model", "calls", "tokens", "cost"), rows)
    budget = summary.budget_usd
    return told if budget is None else f"{told}\n\nThe day's budget is ${budget}."


def _freshness(summary: Summary) -> str:
    if not summary.marks:
        return "No stream has been read."
    rows = [(stream, f"{age / HOUR:,.1f}") for stream, age in summary.marks]
    return table(("stream", "hours since rows last came"), rows)


def _is_stale(summary: Summary) -> bool:
    return bool(summary.marks) and min(age for _, age in summary.marks) > STALE_AFTER


def _gates(summary: Summary) -> str:
    if not summary.gates:
        return "None was run on this machine."
    rows = [
        (
            one.suite,
            "closed: " + "; ".join(one.failed) if one.failed else "open",
            f"{one.warnings:,}",
            f"{one.as_of:%Y-%m-%d %H:%M}",
            one.page,
        )
        for one in summary.gates
    ]
    return table(("gate", "found", "warnings", "as of", "page"), rows)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose cells format nothing."""
    lines = [heads, ["---"] * len(heads), *([plain(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plain(text: str) -> str:
    """Text that Markdown shows as it is, within a table too, on one line."""
    told = "".join(f"\\{sign}" if sign in "\\`*_[]<>|#" else sign for sign in text)
    return " ".join(told.split())
