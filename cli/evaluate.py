"""`vensor evaluate`: how good the scores are, in tables and a picture."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.display import print_json, shown_progress, stdout, wide
from cli.gate import needs
from cli.truths import find_truths
from tasks.errors import ConfigurationError
from tasks.resources import opened

# The models' libraries take seconds to import: only where something is measured are they needed.
if TYPE_CHECKING:
    from tasks.evaluation import Measured

Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]
Lines = Sequence[tuple[datetime, "Measured"]]


def register(app: typer.Typer) -> None:
    app.command()(evaluate)


@needs("evaluate")
def evaluate(
    org: Org,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Also by the texts and calls that come along.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Where to draw a picture, such as scores.png.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    history: Annotated[
        bool, typer.Option("--history", help="Only show what was measured before.")
    ] = False,
) -> None:
    """Measures scores by people's labels, customers' ratings and whether quotes stand.

    With --held-out also by texts and calls whose truth is known: about half a minute. The figures
    are stored, by model and version.

    Example: [bold]vensor evaluate --org acme --held-out --out scores.png[/bold]
    """
    _check(out, history=history, held_out=held_out)
    from tasks.evaluating import evaluate as measure
    from tasks.evaluating import former

    at = datetime.now(UTC)
    with opened(org) as resources, shown_progress(f"evaluate {org}"):
        if history:
            lines = former(resources)
        else:
            truths = find_truths(resources)
            measured = measure(resources, at=at, truths=truths, held_out=held_out)
            lines = [(at, one) for one in measured]
    if out is not None:
        _draw([one for _, one in lines], out, org=org, at=at)
    _show(lines, as_json=as_json, org=org)


def _check(out: Path | None, *, history: bool, held_out: bool) -> None:
    """Raises: ConfigurationError, before anything is measured for nothing."""
    if history and (held_out or out is not None):
        raise ConfigurationError("--history measures nothing: leave out --held-out and --out")
    if out is not None and (out.suffix != ".png" or not out.absolute().parent.is_dir()):
        raise ConfigurationError(f"--out {out} is not a .png in a folder that is there")


def _draw(measured: "Sequence[Measured]", out: Path, *, org: str, at: datetime) -> None:
    from tasks.evaluation.picture import draw

    if not measured:
        return
    out.write_bytes(
        draw(measured, title=f"Quality of scores, {org}", subtitle=f"{at:%Y-%m-%d %H:%M} UTC")
    )


def _show(lines: Lines, *, as_json: bool, org: str) -> None:
    from tasks.evaluation import missed_goals

    if as_json:
        told = [{"evaluated_at": f"{at:%Y-%m-%dT%H:%M:%SZ}", **one.as_dict()} for at, one in lines]
        print_json(told)
        return
    if not lines:
        stdout.print(
            f"nothing to measure: {org} has no scores with labels, ratings or evidence yet;"
            " --held-out measures by texts that come along",
            soft_wrap=True,
        )
    for table in _tables(lines):
        wide.print(table)
        wide.print()
    for line in missed_goals([one for _, one in lines]):
        stdout.print(f"below its goal: {line}", style="yellow", soft_wrap=True)


def _tables(lines: Lines) -> list[Table]:
    """One for each capability, with the columns that it has."""
    from tasks.evaluation.wording import CAPABILITIES

    return [
        _table(title, mine)
        for name, title in CAPABILITIES.items()
        if (mine := [line for line in lines if line[1].capability == name])
    ]


def _table(title: str, lines: Lines) -> Table:
    from tasks.evaluation.wording import FIGURES, SOURCES

    names = [name for name in FIGURES if any(name in one.figures for _, one in lines)]
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in ("measured by", "model", "version", "when"):
        table.add_column(column)
    for column in ("n", *(FIGURES[name] for name in names)):
        table.add_column(column, justify="right")
    order = list(SOURCES)
    for at, one in sorted(lines, key=lambda line: order.index(line[1].source)):
        figures = [f"{one.figures[name]:.3f}" if name in one.figures else "" for name in names]
        when = f"{at:%Y-%m-%d %H:%M}"
        source = SOURCES[one.source]
        table.add_row(source, one.model, one.prompt_version, when, f"{one.n:,}", *figures)
    return table
