"""`vensor report`: an organization's week as a page, and as a picture."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.days import parse_day
from cli.display import stderr, stdout
from cli.gate import needs
from cli.operate import AsOf
from tasks.errors import ConfigurationError
from tasks.resources import opened


def register(app: typer.Typer) -> None:
    app.command()(report)


@needs("report")
def report(
    org: Annotated[str, typer.Option("--org", help="The organization's slug.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Where to write the page, such as week.html. Under VENSOR_HOME."),
    ] = None,
    png: Annotated[
        Path | None, typer.Option(help="Also draw the headline charts, such as week.png.")
    ] = None,
    as_of: AsOf = None,
    week: Annotated[
        date | None,
        typer.Option(
            parser=parse_day,
            metavar="DAY",
            help="The week, Monday to Sunday, that this day lies in. The last seven whole days.",
        ),
    ] = None,
) -> None:
    """Writes the week as one HTML page that needs no network: what stands out, figures, charts.

    Example: [bold]vensor report --org acme --out week.html --png week.png[/bold]
    """
    _check(out, ".html")
    _check(png, ".png")
    # drawing takes seconds to import: only here is it needed
    from tasks.weekly_report import read_report, usual_place, write_page, write_picture

    with opened(org) as resources, stderr.status(f"the report of {org} …"):
        made = read_report(resources, as_of=as_of or datetime.now(UTC), week_of=week)
        path = out or usual_place(resources, made)
        write_page(made, path)
        if png is not None:
            write_picture(made, png)
    for finding in made.findings:
        stdout.print(finding.line, soft_wrap=True, markup=False)
    if not made.findings:
        stdout.print("nothing stands out")
    for written in filter(None, (path, png)):
        stdout.print(f"written: {written.absolute()}", soft_wrap=True, markup=False)


def _check(path: Path | None, suffix: str) -> None:
    """Raises: ConfigurationError, before anything is made for nothing."""
    if path is not None and (path.suffix != suffix or not path.absolute().parent.is_dir()):
        option = "--png" if suffix == ".png" else "--out"
        raise ConfigurationError(f"{option} {path} is not a {suffix} in a folder that is there")
