"""`vensor run` and `daily`: the flows by hand."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli import orchestrator
from cli.display import ledger_table, shown_progress, stdout
from cli.gate import needs
from tasks.errors import ConfigurationError
from tasks.parameters import checked_instant
from tasks.resources import opened
from tasks.settings import load_settings
from tasks.stages import parse_stages


def parse_instant(text: str) -> datetime:
    """The instant, in UTC. Raises: ConfigurationError."""
    try:
        return checked_instant(datetime.fromisoformat(text))
    except ValueError:
        raise ConfigurationError(
            f"--as-of {text!r} is not an instant such as 2026-11-24T06:00Z"
        ) from None


def _known_stages(names: str | None) -> str | None:
    parse_stages(names)
    return names


# checked as they are parsed: a wrong one is told before anything else is looked at
AsOf = Annotated[
    datetime | None,
    typer.Option(
        parser=parse_instant,
        metavar="INSTANT",
        help="The instant to see the world as of, such as 2026-11-24T06:00Z. Now.",
    ),
]
Stages = Annotated[
    str | None,
    typer.Option(
        callback=_known_stages,
        help="Some of: extract,check,transcribe,embed,score,assess,measure,publish,escalate.",
    ),
]


def register(app: typer.Typer) -> None:
    app.command()(run)
    app.command()(daily)


@needs("run")
def run(
    org: Annotated[str, typer.Option("--org", help="The organization's slug.")],
    as_of: AsOf = None,
    stages: Stages = None,
) -> None:
    """Runs one organization's day: from Zendesk to metric tables and the digest in Slack.

    Stopped or killed at any point, the same command goes on from where it was.

    Examples: [bold]vensor run --org acme[/bold]
    [bold]vensor run --org acme --stages extract,check,measure,publish[/bold] (no AI, no Slack)
    """
    instant, chosen = as_of or datetime.now(UTC), parse_stages(stages)
    with opened(org) as resources:  # a wrong name is told before a server is started
        orchestrator.configure(resources.settings.home)
    from flows.organization import organization

    with shown_progress(org):
        lines = organization(org, as_of=instant, stages=chosen)
    stdout.print(ledger_table(f"{org}, as of {instant:%Y-%m-%d %H:%M} UTC", lines))


@needs("run")
def daily(as_of: AsOf = None) -> None:
    """Runs every organization's day; one that fails does not stop the others.

    Example: [bold]vensor daily[/bold]
    """
    instant = as_of or datetime.now(UTC)
    _configure()
    from flows.daily import daily as flow

    with shown_progress("daily"):
        done = flow(as_of=instant)
    for slug, lines in done.items():
        stdout.print(ledger_table(f"{slug}, as of {instant:%Y-%m-%d %H:%M} UTC", lines))


def _configure() -> None:
    """Points Prefect at its server, once it is sure that there is a warehouse."""
    settings = load_settings()
    settings.logins()
    orchestrator.configure(settings.home)
