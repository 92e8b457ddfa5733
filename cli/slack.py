"""`vensor digest` and `vensor slack listen`: what is said in Slack, and what is answered there."""

import signal
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from cli.blocks import words_of
from cli.days import parse_day
from cli.display import stderr, stdout
from cli.gate import needs
from tasks.errors import ConfigurationError
from tasks.reporting.words import counted
from tasks.resources import opened, opened_engine
from tasks.settings import load_settings
from warehouse.sessions import directory

slack = typer.Typer(help="Listens to Slack.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.command()(digest)
    app.add_typer(slack, name="slack")


@needs("assessments.read")
def digest(
    org: Annotated[str, typer.Option("--org", help="The organization's slug.")],
    out: Annotated[
        Path | None, typer.Option(help="Also draw its picture, such as trend.png.")
    ] = None,
    day: Annotated[
        date | None,
        typer.Option(parser=parse_day, metavar="DAY", help="The day it is about. Yesterday."),
    ] = None,
) -> None:
    """Shows a day's digest as it would be posted to Slack, and posts nothing.

    Figures are the day's; tickets are as they are now.

    Example: [bold]vensor digest --org acme --out trend.png[/bold]
    """
    if out is not None and (out.suffix != ".png" or not out.absolute().parent.is_dir()):
        raise ConfigurationError(f"--out {out} is not a .png in a folder that is there")
    # models take seconds to import: only here are they needed
    from tasks.digesting import compose, latest_day
    from tasks.escalation import blocks, fallback
    from tasks.escalation.trend import alt_text, draw

    now = datetime.now(UTC)
    with opened(org) as resources, stderr.status(f"the digest of {org} …"):
        latest = latest_day(resources, now)
        if day is not None and day > latest:
            raise ConfigurationError(f"--day {day} is not over yet: the latest is {latest}")
        told, trend = compose(resources, day or latest, now)
        png = draw(trend) if trend is not None and out is not None else None
    stdout.print(words_of(blocks(told)), soft_wrap=True, markup=False)
    stdout.print(f"\nin a notification: {fallback(told)}", soft_wrap=True, markup=False)
    if trend is None:
        stdout.print("no picture: fewer than 7 days are measured, or this one is not")
        return
    stdout.print(f"its picture: {alt_text(trend)}", soft_wrap=True, markup=False)
    if png is not None and out is not None:
        out.write_bytes(png)
        stdout.print(f"written: {out.absolute()}", soft_wrap=True, markup=False)


@slack.command("listen")
@needs("run")
def listen(
    org: Annotated[str | None, typer.Option("--org", help="One organization. All.")] = None,
) -> None:
    """Answers buttons that are pressed in Slack, until it is stopped. It is to run all the time.

    Needs `vensor connect slack --buttons`. Organizations that share one Slack app are to be
    listened for by one process: leave out --org.

    Example: [bold]vensor slack listen[/bold]
    """
    from tasks.buttons import listening_for
    from tasks.escalation.answers import answer

    settings = load_settings()
    with opened_engine(settings) as engine:
        slugs = [org] if org else [one.slug for one in directory(engine)]
    stopped = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with listening_for(slugs, answer) as channels:
        stdout.print(f"listening for buttons in {counted(channels, 'channel')}; Ctrl-C stops it")
        while not stopped.wait(1):
            pass
