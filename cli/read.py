"""`vensor metrics` and `vensor search`: what there is to read."""

import csv
import json
import sys
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cli.display import stdout
from cli.gate import needs
from tasks.resources import opened
from tasks.search import search_knowledge_passages, search_ticket_passages
from warehouse.metrics import metric_rows

WIDEST = 400


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class Where(StrEnum):
    KNOWLEDGE = "knowledge"
    TICKETS = "tickets"


Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]


def register(app: typer.Typer) -> None:
    app.command()(metrics)
    app.command()(search)


@needs("metrics.read")
def metrics(
    table: Annotated[str, typer.Argument(help="The metric table.")],
    org: Org,
    format_: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE,
) -> None:
    """Prints a metric table of one organization, newest day first.

    Example: [bold]vensor metrics --org acme fct_ticket_flow_daily --format csv[/bold]
    """
    with opened(org) as resources, resources.session() as connection:
        columns, rows = metric_rows(connection, table)
    if format_ is Format.CSV:
        writer = csv.writer(sys.stdout)
        writer.writerows([columns, *rows])
    elif format_ is Format.JSON:
        records = [dict(zip(columns, row, strict=True)) for row in rows]
        json.dump(records, sys.stdout, default=str, indent=1)
        sys.stdout.write("\n")
    else:
        # at its own width: a wide table in a narrow window is better wrapped than cut
        Console(width=WIDEST, highlight=False).print(_table(columns, rows))


@needs("knowledge.search", "tickets.search", which=lambda given: f"{given['in_']}.search")
def search(
    words: Annotated[str, typer.Argument(help="What to look for, in words.")],
    org: Org,
    in_: Annotated[Where, typer.Option("--in", help="Where to look.")] = Where.KNOWLEDGE,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many at most.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Finds passages by meaning. Reading tickets is written to the audit trail.

    Example: [bold]vensor search --org acme "refund has not arrived" --in tickets[/bold]
    """
    find = search_ticket_passages if in_ is Where.TICKETS else search_knowledge_passages
    with opened(org) as resources:
        found = find(resources, words, limit=limit)
    if as_json:
        json.dump([hit.as_dict() for hit in found], sys.stdout, indent=1)
        sys.stdout.write("\n")
        return
    for hit in found:
        stdout.print(f"[bold]{hit.score:.2f}[/bold]  [bold]{hit.title}[/bold]")
        stdout.print(f"      {hit.text}", markup=False)
    if not found:
        stdout.print("nothing found: has a run embedded anything yet?")


def _table(columns: list[str], rows: list[tuple[Any, ...]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    return table
