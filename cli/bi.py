"""`vensor bi`: the logins that BI tools, auditors and privacy officers read with."""

import re
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from cli.display import stderr, stdout
from cli.gate import needs
from tasks.logins import grant_login, revoke_login
from tasks.resources import opened
from warehouse.logins import all_logins

bi = typer.Typer(help="Read-only logins of one organization, for BI tools.", no_args_is_help=True)


class Kind(StrEnum):
    """What a login reads; the names are those of `warehouse.logins.KINDS`."""

    BI = "bi"
    AUDITOR = "auditor"
    PRIVACY_OFFICER = "privacy-officer"


def _checked_name(name: str | None) -> str | None:
    if name is not None and not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,29}", name):
        raise typer.BadParameter("--login takes a-z, 0-9 and -, at most 30 of them")
    return name


Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]
Name = Annotated[
    str | None,
    typer.Option(
        "--login", callback=_checked_name, help="Another one beside the first: a tool's name."
    ),
]
Role = Annotated[
    Kind,
    typer.Option(
        "--role",
        help="bi: metrics. auditor: runs and the audit trail. privacy-officer: who is in the data.",
    ),
]


def register(app: typer.Typer) -> None:
    app.add_typer(bi, name="bi")


@bi.command("grant")
@needs("bi.grant")
def grant(org: Org, login: Name = None, role: Role = Kind.BI) -> None:
    """Makes a login that reads this organization and nothing else, and prints its URL once.

    Granted again, it gets a new password: the old one ends for new connections. The password is
    kept nowhere.

    Example: [bold]vensor bi grant --org acme --login tableau[/bold]
    """
    with opened(org) as resources:
        granted = grant_login(resources, role.value, login)
    said = "made" if granted.is_new else "was there; it has a new password"
    stderr.print(f"{granted.login} {said}; its URL is shown this once", soft_wrap=True)
    typer.echo(granted.url.render_as_string(hide_password=False))


@bi.command("list")
@needs("bi.grant")
def list_(org: Org) -> None:
    """Lists the organization's logins, and how many sessions each has open.

    Example: [bold]vensor bi list --org acme[/bold]
    """
    with opened(org) as resources, resources.session() as connection:
        found = all_logins(connection)
    table = Table("login", "role", "since", "sessions", box=None, pad_edge=False)
    for one in found:
        state = str(one.sessions) if one.is_open else "revoked in part: revoke it again"
        table.add_row(one.login, one.kind, f"{one.granted_at:%Y-%m-%d %H:%M}", state)
    if found:
        stdout.print(table)
    else:
        stdout.print(f"no logins; `vensor bi grant --org {org}` makes one", soft_wrap=True)


@bi.command("revoke")
@needs("bi.grant")
def revoke(org: Org, login: Name = None, role: Role = Kind.BI) -> None:
    """Ends a login and its open sessions at once.

    Example: [bold]vensor bi revoke --org acme --login tableau[/bold]
    """
    with opened(org) as resources:
        name, sessions = revoke_login(resources, role.value, login)
    stdout.print(f"{name} revoked; {sessions} sessions ended", soft_wrap=True)
