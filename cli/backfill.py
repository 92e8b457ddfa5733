"""`vensor backfill`: days of the past, loaded and measured."""

import math
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from cli import orchestrator
from cli.display import shown_progress, stdout
from cli.gate import needs
from cli.operate import AsOf
from tasks.authorizing import authorize
from tasks.backfilling import MODELS, Plan, look_ahead, wanted
from tasks.errors import ConfigurationError
from tasks.resources import opened
from tasks.stages import BackfillStage, parse_backfill_stages


def register(app: typer.Typer) -> None:
    app.command()(backfill)


def _known(names: str | None) -> str | None:
    parse_backfill_stages(names)
    return names


@needs("backfill")
def backfill(
    org: Annotated[str, typer.Option("--org", help="The organization's slug.")],
    from_day: Annotated[
        str, typer.Option("--from", metavar="DAY", help="The first day, such as 2026-03-01.")
    ],
    to_day: Annotated[str, typer.Option("--to", metavar="DAY", help="The last day, itself too.")],
    stages: Annotated[
        str | None,
        typer.Option(
            callback=_known,
            help=f"Some of: {','.join(BackfillStage)}. All but what models do.",
        ),
    ] = None,
    score: Annotated[
        bool, typer.Option("--score", help="Also let models read what is inside the clock.")
    ] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say what would be done, and what it takes.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Begin without being asked.")] = False,
    as_of: AsOf = None,
) -> None:
    """Loads and measures days of the past, in windows of a day.

    Days older than the retention clock are loaded without words, measured, sealed and deleted
    again, one after the other. Stopped at any point, the same command goes on from where it was.

    Examples: [bold]vensor backfill --org acme --from 2025-01-01 --to 2025-12-31[/bold]
    [bold]vensor backfill --org acme --from 2026-03-01 --to 2026-03-07 --score --estimate[/bold]
    """
    asked = wanted(org, from_day, to_day, parse_backfill_stages(stages), score=score)
    plan = look_ahead(asked, as_of or datetime.now(UTC))
    stdout.print(_table(plan))
    up_to_usd = _agreed(plan, as_of or datetime.now(UTC), yes=yes or estimate)
    if estimate or not plan.left:
        return
    with opened(org) as resources:
        orchestrator.configure(resources.settings.home)
    from flows.backfill import backfill as flow

    with shown_progress(org):
        lines = flow(
            org=org,
            from_day=from_day,
            to_day=to_day,
            stages=list(asked.stages),
            score=score,
            up_to_usd=up_to_usd,
            as_of=as_of,
            authorization=authorize("backfill", org, as_of=as_of),
        )
    for line in lines:
        stdout.print(line, soft_wrap=True)


def _table(plan: Plan) -> Table:
    table = Table("from", "to", "days", "what", box=None, pad_edge=False)
    for first, last, days, what in plan.told():
        table.add_row(first, last, f"{days:,}", what)
    return table


def _agreed(plan: Plan, as_of: datetime, *, yes: bool) -> float:
    """What scoring may cost; 0 where nothing is scored.

    Raises: ConfigurationError where nobody is there to agree to a cost, or somebody does not.
    """
    if not set(plan.asked.stages) & set(MODELS):
        return 0.0
    from tasks.estimating import estimated

    found = estimated(plan, as_of)
    stdout.print(f"scoring takes {found}", soft_wrap=True)
    if found.usd is None:
        raise ConfigurationError("a price is not known; VENSOR_PRICES_PATH names a list of prices")
    if found.usd and not yes:
        if not sys.stdin.isatty():
            raise ConfigurationError(f"scoring takes {found}; say --yes to agree")
        if not typer.confirm("Is that meant?", err=True):
            raise ConfigurationError("nothing was begun")
    return math.ceil(float(found.usd) * 110) / 100  # tickets may have come when it begins
