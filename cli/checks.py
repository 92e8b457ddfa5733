"""`vensor gates`: which gates an organization's days have passed, and what stopped the others."""

from typing import Annotated

import typer
from rich.table import Table

from cli.display import print_json, stdout, wide
from cli.gate import needs
from tasks.quality import GateRun, kept_runs
from tasks.resources import opened

LISTED = 20
Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]


def register(app: typer.Typer) -> None:
    app.command()(gates)


@needs("metrics.read")
def gates(
    org: Org,
    limit: Annotated[int, typer.Option(min=1, help="How many, the latest first.")] = LISTED,
    as_json: Annotated[bool, typer.Option("--json", help="For other programs.")] = False,
) -> None:
    """Lists the gates of one organization as they were found here, and the page of each.

    A gate checks what was loaded, scored, measured or written before anyone relies on it. Its page
    names expectations and counts rows, and is kept for 30 days.

    Example: [bold]vensor gates --org acme[/bold]
    """
    with opened(org) as resources:
        runs = kept_runs(resources.settings.home, org)[:limit]
    if as_json:
        print_json([_record(run) for run in runs])
    elif runs:
        wide.print(_table(runs))
    else:
        stdout.print("no gate has been run here yet; `vensor run` runs them")


def _record(run: GateRun) -> dict[str, object]:
    result = run.result
    return {
        "as_of": run.as_of.isoformat(),
        "suite": result.suite,
        "state": _state(run),
        "checks": len(result.checks),
        "failed": [str(one) for one in result.failed],
        "warnings": [str(one) for one in result.warnings],
        "page": str(run.page),
    }


def _state(run: GateRun) -> str:
    return "closed" if run.result.failed else "open"


def _table(runs: list[GateRun]) -> Table:
    table = Table("as of (UTC)", "gate", "state", "checks", "what does not hold", "page", box=None)
    for run in runs:
        state = "[red]closed[/red]" if run.result.failed else "[green]open[/green]"
        broken = [str(one) for one in run.result.failed]
        broken += [f"{one}, a warning" for one in run.result.warnings]
        table.add_row(
            f"{run.as_of:%Y-%m-%d %H:%M}",
            run.result.suite,
            state,
            str(len(run.result.checks)),
            "\n".join(broken),
            str(run.page),
        )
    return table
