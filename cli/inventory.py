"""`vensor inventory`: what data there is, whose it is, how it is kept and when it ends."""

from typing import Annotated

import typer
from rich.table import Table

from cli.display import print_json, wide
from cli.gate import needs
from tasks.inventory import as_csv, as_markdown, read_inventory, rows

SHOWN = {"where": 48, "class": 10, "personal": 12, "kept": 32, "ends": 48}  # characters


def register(app: typer.Typer) -> None:
    app.command()(inventory)


@needs("inventory.read", own=True)
def inventory(
    as_json: Annotated[bool, typer.Option("--json", help="For other programs.")] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="A record of processing, GDPR article 30.")
    ] = False,
    as_table: Annotated[bool, typer.Option("--csv", help="The same for spreadsheets.")] = False,
) -> None:
    """Lists every table and every place outside: whose data, how it is kept, when it ends.

    Example: [bold]vensor inventory --markdown > record-of-processing.md[/bold]
    """
    if as_json + markdown + as_table > 1:
        raise typer.BadParameter("give one of --json, --markdown and --csv")
    found = read_inventory()
    if as_json:
        print_json(rows(found))
    elif markdown:
        typer.echo(as_markdown(found), nl=False)
    elif as_table:
        typer.echo(as_csv(found), nl=False)
    else:
        table = Table(box=None, pad_edge=False)
        for name, width in SHOWN.items():
            table.add_column(name, max_width=width, overflow="fold")
        for row in rows(found):
            table.add_row(*(row[name] for name in SHOWN))
        wide.print(table)
