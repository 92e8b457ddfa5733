"""`vensor init` and `vensor org`: the warehouse and who is in it."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.table import Table
from sqlalchemy import Engine

from cli.display import stderr, stdout
from cli.gate import needs
from tasks.errors import ConfigurationError
from tasks.gate import permit, permitted_organizations
from tasks.identity import Actor, acting
from tasks.resources import opened_engine
from tasks.settings import Settings, load_settings
from warehouse.bootstrap import create_database, initialise_embedded
from warehouse.organizations import add_organization
from warehouse.sessions import Logins, directory

org = typer.Typer(help="The organizations of this warehouse.", no_args_is_help=True)


class Upstream(StrEnum):
    """What may become of recordings in Zendesk when their clock ends here."""

    KEEP = "keep"
    DELETE = "delete"


def register(app: typer.Typer) -> None:
    app.command()(init)
    app.add_typer(org, name="org")


def init() -> None:
    """Creates the warehouse, or brings it to this version. Safe to repeat.

    Example: [bold]vensor init[/bold]
    """
    settings = load_settings()
    with stderr.status("the warehouse …"):
        initialise(settings)
    stdout.print(f"the warehouse is ready ({_where(settings)})")


def initialise(settings: Settings) -> Logins:
    """The logins of a warehouse that stands, with roles, tables, policies and metric tables."""
    from tasks.metrics.dbt import prepare
    from warehouse.migrate import migrate

    if settings.embedded:
        logins = initialise_embedded(settings.home)
    else:
        logins = settings.remote_logins()
        create_database(logins.migrator, logins)
    migrate(logins.migrator)
    prepare(logins.transformer, target_dir=settings.home / "dbt")
    return logins


def _known_zone(timezone: str) -> str:
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise typer.BadParameter(
            f"{timezone!r} is no IANA time zone such as Europe/Berlin", param_hint="--timezone"
        ) from None
    return timezone


@org.command("add")
@needs("org.add", "org.change", own=True)
def add(
    slug: Annotated[str, typer.Argument(help="A short name: a-z, 0-9 and -.")],
    name: Annotated[str, typer.Option(help="The name that people read.")],
    timezone: Annotated[
        str, typer.Option(callback=_known_zone, help="Where its day begins: an IANA name.")
    ] = "UTC",
    retention_days: Annotated[
        int | None,
        typer.Option(min=1, max=3650, help="How long a new one keeps personal data: 30 days."),
    ] = None,
    upstream_recordings: Annotated[
        Upstream, typer.Option(help="What becomes of a recording in Zendesk when its time is over.")
    ] = Upstream.KEEP,
) -> None:
    """Adds an organization, or changes its settings to these. Who adds it is its owner.

    Example: [bold]vensor org add acme --name "Acme Ltd" --timezone Europe/Berlin[/bold]
    """
    settings = load_settings()
    actor = acting(settings.actor)
    with opened_engine(settings) as engine:
        added = add_organization(
            engine,
            slug=slug,
            name=name,
            timezone=timezone,
            retention_days=retention_days,
            upstream_recordings=upstream_recordings.value,
            actor=actor.name,
            owner=_owner_of_new(engine, actor, slug, retention_days),
        )
    stdout.print(f"{slug} {'added' if added else 'was there; its settings are these now'}")


def _owner_of_new(
    engine: Engine, actor: Actor, slug: str, retention_days: int | None
) -> UUID | None:
    """Who is to own a new one; None where it is there, or nobody signs in.

    Raises: NotAllowedError unless `actor` may change what is there. ConfigurationError where its
    clock would change.
    """
    there = [one for one in directory(engine) if one.slug == slug]
    if not there:
        return actor.user_id
    permit(engine, actor, "org.change", there)
    if retention_days not in (None, there[0].retention_days):
        raise ConfigurationError(
            f"{slug} is there and keeps personal data {there[0].retention_days} days:"
            f" `vensor org retention --org {slug} --content-days {retention_days}` changes that"
        )
    return None


@org.command("list")
@needs("org.read", own=True)
def list_() -> None:
    """Lists the organizations that who asks is a member of.

    Example: [bold]vensor org list[/bold]
    """
    table = Table("slug", "name", "timezone", "retention days", box=None, pad_edge=False)
    settings = load_settings()
    with opened_engine(settings) as engine:
        for one in permitted_organizations(engine, acting(settings.actor), "org.read"):
            table.add_row(one.slug, one.name, one.timezone, str(one.retention_days))
    if table.row_count:
        stdout.print(table)
    else:
        stdout.print("no organization is yours; `vensor org add` adds one")


def _where(settings: Settings) -> str:
    return f"embedded, under {settings.home}" if settings.embedded else "your own Postgres"
