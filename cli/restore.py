"""`vensor restore`: a warehouse that came from a backup."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.display import stdout
from cli.doctor import print_findings
from cli.gate import needs
from cli.operate import AsOf
from tasks.gate import named_organizations, permit
from tasks.identity import acting
from tasks.resources import opened_engine
from tasks.restore import check_organization, check_warehouse
from tasks.settings import load_settings

restore = typer.Typer(help="After a backup was restored.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(restore, name="restore")


@restore.command("check")
@needs("restore.check", own=True)
def check(
    org: Annotated[str | None, typer.Option("--org", help="One organization only.")] = None,
    as_of: AsOf = None,
) -> None:
    """Looks a restored warehouse over, before anything else runs; exits 1 while there is to do.

    Version and isolation, keys and what opens under them, who was erased, what is past its clock,
    how far the streams had come, which logins are missing. Done again, it looks again.

    Example: [bold]vensor restore check[/bold]
    """
    findings = check_warehouse()
    if all(one.ok for one in findings):
        for slug in _permitted(org):
            findings += check_organization(slug, as_of or datetime.now(UTC))
    print_findings(findings)
    left = sum(one.ok is False for one in findings)
    stdout.print(f"{left} to do, then check again" if left else "nothing is to be done")
    if left:
        raise typer.Exit(1)


def _permitted(org: str | None) -> list[str]:
    """The slugs to look at: asked for once it is sure that the warehouse can be asked."""
    settings = load_settings()
    actor = acting(settings.actor)
    with opened_engine(settings) as engine:
        named = named_organizations(engine, actor, org)
        permit(engine, actor, "restore.check", named)
    return [one.slug for one in named]
