"""`vensor org delete` and what belongs to it: the end of an organization."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli import orchestrator
from cli.display import shown_progress, stdout
from cli.gate import needs
from cli.organizations import org as group
from tasks.certificates import read_certificate, write_certificate
from tasks.errors import ConfigurationError
from tasks.gate import named_organizations, permit
from tasks.identity import acting
from tasks.offboarding import Leaving, approve_deletion, ask_to_delete, delete_organization
from tasks.resources import opened, opened_engine, opened_kek
from tasks.settings import load_settings
from tasks.takeout_content import open_content
from warehouse.sessions import directory

Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]


def register(app: typer.Typer) -> None:
    """As commands of `vensor org`, which `app` has already."""
    group.command("delete")(delete)
    group.command("approve-delete")(approve_delete)
    group.command("certificate")(certificate)
    group.command("open-content")(open_content_)


@needs("org.delete", own=True)
def delete(
    org: Org,
    out: Annotated[
        Path | None, typer.Option(help="A new folder for its metrics, settings and certificate.")
    ] = None,
    confirm: Annotated[str | None, typer.Option(help="The slug once more.")] = None,
    with_content: Annotated[
        Path | None,
        typer.Option(
            help="Customers' words too, sealed; the key goes to this file, elsewhere than --out."
        ),
    ] = None,
    unrevoked: Annotated[
        bool,
        typer.Option("--unrevoked", help="Go on where Zendesk or Slack is away."),
    ] = False,
) -> None:
    """Deletes an organization: asks for it, and once another has approved, does it for good.

    Its metric tables and settings are written to a folder, its tokens revoked, its keys destroyed,
    every row and file deleted; the certificate says so. Stopped or killed at any point, the same
    command goes on from where it was.

    Examples: [bold]vensor org delete --org acme[/bold] (asks; another person approves)
    [bold]vensor org delete --org acme --out acme-leaves --confirm acme[/bold]
    """
    settings = load_settings()
    with opened_engine(settings) as engine:
        there = {one.slug for one in directory(engine)}
        if out is not None and org not in there:
            written = write_certificate(engine, out)
            if written is not None:
                stdout.print(f"{org} was deleted; the certificate: {written}", soft_wrap=True)
                return
        actor = acting(settings.actor)
        permit(engine, actor, "org.delete", named_organizations(engine, actor, org))
    with opened(org) as resources:
        found = ask_to_delete(resources)
        if found.approved_by is None:
            stdout.print(
                f"{org}: {found.asked_by} asks for its end; another owner, or a privacy officer,"
                f" allows it with `vensor org approve-delete --org {org}`",
                soft_wrap=True,
            )
            return
        folder = _checked(org, out, confirm)
        orchestrator.configure(resources.settings.home)
        from tasks.run_traces import forget_runs

        with shown_progress(org):
            path = delete_organization(
                Leaving(resources, folder, unrevoked, forget_runs, with_content)
            )
    stdout.print(f"{org} is deleted; the certificate: {path}", soft_wrap=True)


@needs("org.approve_delete")
def approve_delete(org: Org) -> None:
    """Approves that an organization is deleted; whoever asked for it cannot.

    Example: [bold]vensor org approve-delete --org acme[/bold]
    """
    with opened(org) as resources:
        approve_deletion(resources)
    stdout.print(
        f"{org}: approved; `vensor org delete --org {org} --out FOLDER --confirm {org}` does it",
        soft_wrap=True,
    )


@needs("org.read", own=True)
def open_content_(
    path: Annotated[Path, typer.Argument(help="A content.sealed.")],
    key: Annotated[Path, typer.Option(help="The key file of --with-content.")],
) -> None:
    """Prints the words that an organization took along, a line of JSON each.

    Example: [bold]vensor org open-content acme-leaves/content.sealed --key acme.key[/bold]
    """
    if not path.is_file():
        raise ConfigurationError(f"{path} is no file")
    for piece in open_content(path, key):
        sys.stdout.buffer.write(piece)


@needs("org.read", own=True)
def certificate(path: Annotated[Path, typer.Argument(help="A certificate.json.")]) -> None:
    """Checks that a certificate of deletion was signed here and is unaltered.

    Example: [bold]vensor org certificate acme-leaves/certificate.json[/bold]
    """
    found = read_certificate(path, opened_kek(load_settings()))
    rows = sum(found.steps.get("rows", {}).values())
    stdout.print(
        f"good: {found.slug} ({found.org_id}) was deleted {found.deleted_at:%Y-%m-%d %H:%M} UTC,"
        f" {rows:,} rows and {found.steps['keys']['keys']} keys; asked for by {found.asked_by},"
        f" approved by {found.approved_by}",
        soft_wrap=True,
    )


def _checked(org: str, out: Path | None, confirm: str | None) -> Path:
    """Raises: ConfigurationError."""
    if out is None or confirm != org:
        raise ConfigurationError(
            f"the end of {org} is approved; say where to, and its name once more:"
            f" --out FOLDER --confirm {org}"
        )
    return out.absolute()
