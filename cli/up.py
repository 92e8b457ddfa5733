"""`vensor up` and `down`: everything that runs by itself, started and ended."""

from typing import Annotated

import typer
from filelock import FileLock

from cli import orchestrator, peers, workers
from cli.display import stderr, stdout
from cli.gate import tell_local_operator
from cli.organizations import initialise
from tasks.identity import Actor
from tasks.resources import opened_engine
from tasks.settings import Settings, load_settings
from warehouse import embedded
from warehouse.sessions import directory


def register(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(down)


def up(
    count: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=0,
            max=64,
            help="Workers on this machine: 1, or none where PREFECT_API_URL names a server.",
        ),
    ] = None,
    at_once: Annotated[
        int, typer.Option(min=1, max=64, help="Runs of a worker at the same time.")
    ] = 2,
) -> None:
    """Starts a Prefect server, a worker and the schedules, and says where they are seen.

    Repeated, it brings what runs to this version: deployments, schedules and automations that are
    no longer in it are taken away. Where PREFECT_API_URL names a server of your own, that one is
    brought to it in place of one on this machine.

    Examples: [bold]vensor up[/bold]
    [bold]PREFECT_API_URL=https://prefect.example.com/api vensor up --workers 1[/bold]
    """
    settings = load_settings()
    tell_local_operator(Actor(settings.actor))
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    theirs = orchestrator.is_operators()
    wanted = count if count is not None else int(not theirs)
    with FileLock(settings.home / "up.lock", mode=0o600):
        _up(settings, wanted, at_once, theirs=theirs)
    if not theirs:
        _show(settings)


def _up(settings: Settings, count: int, at_once: int, *, theirs: bool) -> None:
    if not theirs:
        orchestrator.begin(settings.home)  # takes longest: it starts while the rest is set up
    with stderr.status("the warehouse …"):
        _ready(settings)
    with stderr.status("the Prefect server …"):
        orchestrator.configure(settings.home)
    from tasks.choices_of_forms import fill_choices
    from tasks.deployments import reconcile

    with stderr.status("deployments, schedules, automations …"):
        done = reconcile(webhook=settings.operator_webhook_url)
        fill_choices()
    stdout.print(f"{done.deployments} deployments are there")
    for one in done.removed:
        stdout.print(f"removed: {one}")
    with stderr.status("workers …"):
        running = workers.start(settings.home, count=count, at_once=at_once)
    stdout.print(f"{len(running)} workers run here, their log is {settings.home / 'workers.log'}")


def _ready(settings: Settings) -> None:
    """The embedded warehouse is brought to this version; another is only looked at.

    Raises: ConfigurationError where that is not a warehouse yet.
    """
    if settings.embedded:
        initialise(settings)
        return
    with opened_engine(settings) as engine:
        directory(engine)


def _show(settings: Settings) -> None:
    url = orchestrator.ensure_running(settings.home).url
    where = settings.home / orchestrator.SIGN_IN
    stdout.print(f"{url}  sign in with the line in {where}", soft_wrap=True)
    stdout.print("`vensor down` stops it all and loses nothing")


def down() -> None:
    """Stops the workers, the Prefect server, the sandbox and the embedded Postgres.

    Runs under way get half a minute to end; nothing is lost, and the next `up` goes on from there.

    Example: [bold]vensor down[/bold]
    """
    home = load_settings().home
    for name, stop in (
        ("workers", workers.stop),
        ("sandbox", peers.stop),
        ("Prefect server", orchestrator.stop),
        ("Postgres", embedded.stop),
    ):
        stdout.print(f"{name}: {'stopped' if stop(home) else 'was not running'}")
