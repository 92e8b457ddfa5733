"""`vensor login`, `logout`, `whoami`, `authorize`: who acts from this terminal."""

import getpass
import sys
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from cli.display import stderr, stdout
from cli.gate import needs
from cli.operate import AsOf
from tasks import authorizing
from tasks.errors import ConfigurationError
from tasks.gate import NOTICE, signed_in, supabase_auth, verified
from tasks.identity import Actor, Session, TokenStore
from tasks.members import roles_in
from tasks.resources import opened_engine
from tasks.settings import load_settings


class Authorizable(StrEnum):
    """The operations that a flow asks an authorization for."""

    RETENTION = "retention.run"
    PRIVACY_ACCESS = "privacy.access"
    PRIVACY_EXPORT = "privacy.export"
    PRIVACY_ERASE = "privacy.erase"
    PRIVACY_RECTIFY = "privacy.rectify"
    PRIVACY_OPT_OUT = "privacy.opt_out"
    PRIVACY_SERVE = "privacy.serve"
    KEYS_ROTATE = "keys.rotate"
    BACKFILL = "backfill"


def register(app: typer.Typer) -> None:
    for command in (login, logout, whoami, authorize):
        app.command()(command)


def login(
    email: Annotated[
        str | None, typer.Option(help="Sign in with a password, in place of a token.")
    ] = None,
) -> None:
    """Signs in as a user of the Supabase project that VENSOR_SUPABASE_URL names.

    Reads the user's access token from stdin, or asks for it: what supabase-js has as
    session.access_token, good for an hour. With --email it reads the password instead, needs
    VENSOR_SUPABASE_ANON_KEY, and stays signed in. VENSOR_TOKEN wins over both.

    Examples: [bold]vensor login < token[/bold]
    [bold]vensor login --email ada@acme.com[/bold]
    """
    settings = load_settings()
    auth = supabase_auth(settings)
    if email is None:
        session = Session(_read("access token"))
    else:
        auth.require_key()  # before a password is asked for
        session = auth.sign_in(email, _read("password"))
    actor = verified(settings, session.access_token)
    TokenStore(settings.home).save(session)
    renewed = ", and renewed by itself" if session.refresh_token else ""
    stdout.print(f"signed in as {actor.name}{_until(actor)}{renewed}", soft_wrap=True)
    if settings.token is not None:
        stderr.print("VENSOR_TOKEN is set and wins over this; unset it", style="yellow")


def logout() -> None:
    """Forgets the sign-in of this machine.

    Example: [bold]vensor logout[/bold]
    """
    there = TokenStore(load_settings().home).forget()
    stdout.print("signed out" if there else "nobody was signed in")


def whoami() -> None:
    """Says who acts, until when, and in which organizations with which role.

    Example: [bold]vensor whoami[/bold]
    """
    settings = load_settings()
    actor = signed_in(settings)
    if actor.user_id is None:
        stdout.print(f"{actor.name}; {NOTICE}", soft_wrap=True)
        return
    stdout.print(f"{actor.name}{_until(actor)}", soft_wrap=True)
    table = Table("organization", "role", box=None, pad_edge=False)
    with opened_engine(settings) as engine:
        for slug, role in roles_in(engine, actor.user_id):
            table.add_row(slug, role)
    if table.row_count:
        stdout.print(table)
    else:
        stdout.print("a member of no organization yet: an owner or admin adds you by this id")


@needs(*Authorizable, which=lambda given: str(given["operation"]))
def authorize(
    operation: Annotated[Authorizable, typer.Argument(help="What the flow is to do.")],
    org: Annotated[
        str | None, typer.Option("--org", help="The organization's slug; all without it.")
    ] = None,
    as_of: AsOf = None,
) -> None:
    """Prints an id that lets one flow run do this, as its parameter `authorization`.

    It is good once, for 15 minutes, and for these parameters: give the run the same organization
    and instant. Prefect stores parameters, so a token is never to be one.

    Example: [bold]vensor authorize retention.run --org acme[/bold]
    """
    if org is None and as_of is None:
        raise typer.BadParameter("give --org or --as-of: a run without either needs none")
    authorization = authorizing.authorize(operation.value, org, as_of=as_of)
    if authorization is None:
        raise ConfigurationError(f"a flow needs no authorization here: {NOTICE}")
    stderr.print("good once, within 15 minutes, as the run's `authorization`:", style="dim")
    sys.stdout.write(f"{authorization}\n")


def _until(actor: Actor) -> str:
    return "" if actor.until is None else f", until {actor.until:%Y-%m-%d %H:%M} UTC"


def _read(name: str) -> str:
    """One line from stdin, asked for without echo where a person types it."""
    told = getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not told.strip():
        raise ConfigurationError(f"the {name} is read from stdin, and there was none")
    return told.strip()
