"""`vensor member`: who may do what in an organization."""

from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from cli.display import stdout
from cli.gate import needs
from tasks.identity import Role
from tasks.members import put_first_owner, put_member, remove_member
from tasks.resources import opened
from warehouse.members import all_members

member = typer.Typer(help="Who may do what in an organization.", no_args_is_help=True)
Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]
User = Annotated[UUID, typer.Option(help="The user's id (a uuid) in Supabase Auth.")]


def register(app: typer.Typer) -> None:
    app.add_typer(member, name="member")


@member.command("add")
@needs("member.manage")
def add(
    org: Org,
    user: User,
    role: Annotated[Role, typer.Option(help="What they may do.")],
) -> None:
    """Makes a user a member, or gives a member another role. Only owners make or unmake owners.

    owner: everything. admin: connects, runs, rotates keys, manages members. analyst: reads what
    people wrote. viewer: reads metrics and documents. privacy_officer: serves people's rights.

    Example: [bold]vensor member add --org acme --user 6f9619ff-… --role analyst[/bold]
    """
    with opened(org) as resources:
        before = put_member(resources, user, role.value)
    changed = "" if before in {None, role.value} else f" and no longer {before}"
    stdout.print(f"{user} is {role.value} of {org}{changed}", soft_wrap=True)


@member.command("list")
@needs("member.read")
def list_(org: Org) -> None:
    """Lists the members and their roles.

    Example: [bold]vensor member list --org acme[/bold]
    """
    with opened(org) as resources, resources.session() as connection:
        found = all_members(connection)
    table = Table("user", "role", "since", box=None, pad_edge=False)
    for one in found:
        table.add_row(str(one.user_id), one.role, f"{one.added_at:%Y-%m-%d %H:%M}")
    stdout.print(table)


@member.command("remove")
@needs("member.manage")
def remove(org: Org, user: User) -> None:
    """Ends a membership at once. The last owner stays.

    Example: [bold]vensor member remove --org acme --user 6f9619ff-…[/bold]
    """
    with opened(org) as resources:
        remove_member(resources, user)
    stdout.print(f"{user} is no member of {org} any more", soft_wrap=True)


@member.command("first-owner")
def first_owner(org: Org, user: User) -> None:
    """Makes a user the owner of an organization that has no member yet.

    For whoever set the warehouse up: it needs VENSOR_WAREHOUSE_URL, as `vensor init` does, and
    no sign-in. A user who runs `vensor org add` is the new organization's owner without it.

    Example: [bold]vensor member first-owner --org acme --user 6f9619ff-…[/bold]
    """
    put_first_owner(org, user)
    stdout.print(f"{user} is owner of {org}", soft_wrap=True)
