"""`vensor search`: passages of documents and tickets."""

from datetime import date
from enum import StrEnum
from typing import Annotated

import typer

from cli.days import parse_day
from cli.display import print_json, stdout
from cli.gate import needs
from tasks.errors import ConfigurationError
from tasks.resources import opened
from tasks.search import Passage, Wanted, search_knowledge_passages, search_ticket_passages


class Where(StrEnum):
    KNOWLEDGE = "knowledge"
    TICKETS = "tickets"


def register(app: typer.Typer) -> None:
    app.command()(search)


@needs("knowledge.search", "tickets.search", which=lambda given: f"{given['in_']}.search")
def search(
    words: Annotated[str, typer.Argument(help="What to look for, in words, or a ticket's number.")],
    org: Annotated[str, typer.Option("--org", help="The organization's slug.")],
    in_: Annotated[Where, typer.Option("--in", help="Where to look.")] = Where.KNOWLEDGE,
    k: Annotated[int, typer.Option("--k", min=1, max=100, help="How many.")] = 5,
    from_day: Annotated[
        date | None,
        typer.Option(
            "--from", parser=parse_day, metavar="DAY", help="Changed on this day or after."
        ),
    ] = None,
    to_day: Annotated[
        date | None,
        typer.Option(
            "--to", parser=parse_day, metavar="DAY", help="Changed on this day or before."
        ),
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Tickets of this group; or of several.")
    ] = None,
    status: Annotated[
        list[str] | None, typer.Option(help="Tickets of this status; or of several.")
    ] = None,
    sentiment_below: Annotated[
        float | None, typer.Option(min=-1, max=1, help="Tickets that end worse, −1 to 1.")
    ] = None,
    sentiment_above: Annotated[
        float | None, typer.Option(min=-1, max=1, help="Tickets that end better, −1 to 1.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Finds passages by meaning and by words. Reading tickets is written to the audit trail.

    Example: [bold]vensor search --org acme "refund has not arrived" --in tickets[/bold]
    """
    wanted = Wanted(
        from_day,
        to_day,
        tuple(group or ()),
        tuple(status or ()),
        sentiment_below,
        sentiment_above,
    )
    if wanted.of_tickets and in_ is not Where.TICKETS:
        raise ConfigurationError(
            "--group, --status and --sentiment-… are asked of tickets: add `--in tickets`"
        )
    find = search_ticket_passages if in_ is Where.TICKETS else search_knowledge_passages
    with opened(org) as resources:
        found = find(resources, words, k=k, wanted=wanted)
    if as_json:
        print_json([hit.as_dict() for hit in found])
        return
    for hit in found:
        _show(hit)
    if not found:
        stdout.print("nothing found: has a run embedded anything yet?")


def _show(hit: Passage) -> None:
    facts = [hit.changed_at.date().isoformat(), hit.group]
    facts.append(None if hit.sentiment is None else f"ends at {hit.sentiment:+.2f}")
    told = ", ".join(one for one in facts if one)
    stdout.print(f"[bold]{hit.similarity:.2f}[/bold]  ", end="")
    stdout.print(f"{hit.title}; {told}", style="bold", markup=False)
    stdout.print(f"      {hit.text}", markup=False)
