"""`vensor assess`: what was found in tickets, and why."""

from typing import Annotated

import typer
from rich.table import Table

from cli.display import stdout
from cli.gate import needs
from tasks.assessed import Shown, shown_assessment
from tasks.assessment import packaged_rulebook
from tasks.resources import opened
from warehouse.escalation import RiskyTicket, risky_tickets

assess = typer.Typer(help="What tickets are about, and what threatens.", no_args_is_help=True)
POLL_SECONDS = 15.0
Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]


def register(app: typer.Typer) -> None:
    app.add_typer(assess, name="assess")


@assess.command("list")
@needs("assessments.read")
def list_(
    org: Org,
    at_least: Annotated[
        float, typer.Option(min=0, max=1, help="The lowest risk of escalation.")
    ] = 0.5,
) -> None:
    """Lists open tickets that may escalate, the worst first. No words of theirs.

    Example: [bold]vensor assess list --org acme --at-least 0.6[/bold]
    """
    with opened(org) as resources, resources.session() as connection:
        found = risky_tickets(connection, at_least=at_least)
    if found:
        stdout.print(_risky_table(found))
    else:
        stdout.print(f"no open ticket has a risk of {at_least} or more")


@assess.command("show")
@needs("assessments.read")
def show(
    org: Org, ticket: Annotated[int, typer.Option("--ticket", help="The ticket's number.")]
) -> None:
    """Shows what was found in one ticket and why, in its own words. Noted in the audit trail.

    Example: [bold]vensor assess show --org acme --ticket 35436[/bold]
    """
    with opened(org) as resources:
        shown = shown_assessment(resources, ticket)
    found = shown.found
    stdout.print(f"ticket {found.ticket_id} ({found.status or 'unknown'}), by {found.provider}")
    if shown.summary is not None:
        stdout.print(shown.summary, markup=False)
    stdout.print(f"topic {shown.topic}, the customer {shown.intent}, urgency {found.urgency}")
    stdout.print(
        f"escalation {found.escalation_risk:.2f}, churn {found.churn_risk:.2f},"
        f" effort {found.effort:.2f}, quality"
        f" {'not measured' if shown.quality is None else f'{shown.quality:.0f} of 100'}"
    )
    for line in (*_lines(shown.reasons), *_lines(shown.checks)):
        stdout.print(line, markup=False)


@assess.command("batch")
@needs("backfill")
def batch(
    org: Org,
    wait: Annotated[bool, typer.Option("--wait", help="Until everything is answered.")] = False,
) -> None:
    """Has a model assess all that is pending within a day, at half the price, and reads answers.

    Stopped or killed at any point, the same command goes on with the same batch.

    Example: [bold]vensor assess batch --org acme --wait[/bold]
    """
    from tasks.assessing import in_words
    from tasks.batching import opened_batching
    from tasks.pausing import pause

    with opened(org) as resources, opened_batching(resources) as batching:
        told = batching.collect()
        handed = batching.hand_over()
        if handed:
            stdout.print(f"{org}: {handed} tickets handed over")
            told += batching.collect()
        while wait and told["waiting"]:
            pause(POLL_SECONDS)
            del told["waiting"]
            told += batching.collect()
    waiting = told.pop("waiting", 0)
    stdout.print(f"{org}: {in_words(told) or 'nothing answered'}")
    if waiting:
        stdout.print("what is not answered yet is read by the same command, later")


def _lines(found: list[Shown]) -> list[str]:
    """A line for each thing that was said, with all that it is a reason for."""
    same: dict[tuple[str, str | None], list[str]] = {}
    for one in found:
        score = "" if one.score is None else f" {one.score:.2f}"
        same.setdefault((one.why, one.quote), []).append(f"{one.what}{score}")
    return [
        f"  {why} ({', '.join(what)}){'' if quote is None else f': “{quote}”'}"
        for (why, quote), what in same.items()
    ]


def _risky_table(found: list[RiskyTicket]) -> Table:
    words = packaged_rulebook().words
    table = Table("ticket", "status", "group", "risk", "urgency", "the customer", box=None)
    for one in found:
        why = ", ".join(words[code] for code in one.codes if code in words)
        risk = f"{one.escalation_risk:.2f}"
        table.add_row(str(one.ticket_id), one.status, one.group_name or "", risk, one.urgency, why)
    return table
