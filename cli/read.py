"""`vensor metrics`: what there is to read."""

import csv
import sys
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.display import print_json, wide
from cli.gate import needs
from tasks.resources import opened
from warehouse.metrics import metric_rows, parity_rows

PARITY = "parity"


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]


def register(app: typer.Typer) -> None:
    app.command()(metrics)


@needs("metrics.read")
def metrics(
    table: Annotated[str, typer.Argument(help="The metric table, or `parity`.")],
    org: Org,
    format_: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE,
) -> None:
    """Prints a metric table of one organization, newest day first.

    Instead of a table, `parity` compares the durations of all tickets with Zendesk's own: how many
    there are, how many are the same to the minute, and how many of the others are explained.

    Example: [bold]vensor metrics --org acme fct_ticket_flow_daily --format csv[/bold]

    Example: [bold]vensor metrics parity --org acme[/bold]
    """
    with opened(org) as resources, resources.session() as connection:
        told = parity_rows(connection) if table == PARITY else metric_rows(connection, table)
    columns, rows = told
    if format_ is Format.CSV:
        writer = csv.writer(sys.stdout)
        writer.writerows([columns, *rows])
    elif format_ is Format.JSON:
        records = [dict(zip(columns, row, strict=True)) for row in rows]
        print_json(records, default=str)
    else:
        wide.print(_table(columns, rows))


def _table(columns: list[str], rows: list[tuple[Any, ...]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    return table
