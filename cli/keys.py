"""`vensor keys`: what everything is sealed with, and putting other keys in their place."""

from typing import Annotated

import typer
from rich.table import Table

from cli.display import shown_progress, stdout
from cli.gate import needs
from tasks.errors import ConfigurationError
from tasks.resources import opened_engine
from tasks.settings import load_settings
from warehouse.sessions import directory

keys = typer.Typer(help="The keys that everything is sealed with.", no_args_is_help=True)
Org = Annotated[str | None, typer.Option("--org", help="One organization only.")]


def register(app: typer.Typer) -> None:
    app.add_typer(keys, name="keys")


@keys.command("status")
@needs("keys.status")
def status(org: Org = None) -> None:
    """Lists the data keys: their state, what wraps them, how much they sealed and still hold.

    Example: [bold]vensor keys status --org acme[/bold]
    """
    from tasks.rotate import told_keys

    for slug in _slugs(org):
        table = Table(title=slug, title_justify="left", box=None, pad_edge=False)
        for name in ("key", "for", "week", "state", "wrapped by"):
            table.add_column(name)
        for name in ("sealed", "here now"):
            table.add_column(name, justify="right")
        for one, here in told_keys(slug):
            table.add_row(
                str(one.key_id),
                one.purpose,
                f"{one.week:%Y-%m-%d}" if one.week else "",
                one.state,
                "" if one.state == "destroyed" else one.kek_uri,
                f"{one.sealed_count:,}",
                f"{here:,}",
            )
        stdout.print(table)


@keys.command("rotate")
@needs("keys.rotate")
def rotate(
    org: Org = None,
    now: Annotated[
        bool,
        typer.Option(
            "--now",
            help="Destroy the old keys at once: for a key that others may know. Who is reading"
            " meanwhile may have to read again.",
        ),
    ] = False,
    kek: Annotated[
        bool,
        typer.Option(
            "--kek", help="The key-encryption key in place of the data keys: wraps them anew."
        ),
    ] = False,
) -> None:
    """Seals everything anew under new data keys, while everyone reads and writes on.

    Stopped or killed at any point, the same command goes on from where it was. Old keys are
    destroyed once nothing lies under them for an hour, by the same command or by the nightly
    retention.

    Examples: [bold]vensor keys rotate --org acme[/bold]
    [bold]vensor keys rotate --now[/bold] (every organization's, at once)
    [bold]vensor keys rotate --kek[/bold] (to a new file, or from VENSOR_KEK_PREVIOUS to VENSOR_KEK)
    """
    if kek:
        if org is not None or now:
            raise typer.BadParameter(
                "--kek wraps the data keys of every organization: it goes without --org and --now"
            )
        _rotate_kek()
        return
    from tasks.rotate import refuse_damaged, rotate_data_keys

    damaged = 0
    for slug in _slugs(org):
        with shown_progress(slug):
            done = rotate_data_keys(slug, at_once=now)
        stdout.print(f"{slug}: {done}")
        damaged += sum(done.damaged.values())
    refuse_damaged(damaged)


def _rotate_kek() -> None:
    from tasks.rekey import rotate_kek

    with shown_progress("key-encryption key"):
        done = rotate_kek()
    stdout.print(str(done))
    settings = load_settings()
    if settings.kek and not done.left and (settings.home / "kek").exists():
        stdout.print(f"{settings.home / 'kek'} opens nothing any more but backups from before")
    if done.left:
        raise ConfigurationError(
            f"{done.broken} data keys do not open under the key that wraps them: restore the schema"
            " keys from a backup, and keep the former key until they do"
            if done.broken
            else "another process still wraps with the former key: give it the new one, then rotate"
            " again"
        )


def _slugs(org: str | None) -> list[str]:
    if org is not None:
        return [org]
    with opened_engine(load_settings()) as engine:
        return [organization.slug for organization in directory(engine)]
