"""`vensor audit`: who did what to whose data, and whether the trail of it is whole."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.table import Table

from cli.days import parse_day
from cli.display import print_json, stdout, wide
from cli.gate import needs
from tasks.audit_checking import Checked, check_audit
from tasks.audit_export import iter_export
from tasks.auditing import Head
from tasks.errors import AlteredError, ConfigurationError
from tasks.reporting.words import counted
from tasks.resources import opened, opened_engine
from tasks.settings import load_settings
from warehouse.audit import Event, find_events
from warehouse.sessions import directory

audit = typer.Typer(help="Who did what to whose data, and why.", no_args_is_help=True)
Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    app.add_typer(audit, name="audit")


def _parse_head(text: str) -> Head:
    head = Head.parse(text)
    if head is None:
        raise ConfigurationError(
            f"--head {text!r} is no head as `vensor audit verify` prints it: NUMBER:DIGEST"
        )
    return head


@audit.command("verify")
@needs("audit.verify")
def verify(
    org: Annotated[str | None, typer.Option("--org", help="One organization only.")] = None,
    head: Annotated[
        Head | None,
        typer.Option(
            parser=_parse_head, metavar="HEAD", help="A head that was noted elsewhere: with --org."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Checks the audit trail against its seals; names the first row or seal that is not as it was.

    Exits 1 where something was altered, added or removed.

    Example: [bold]vensor audit verify --org acme[/bold]
    """
    if head is not None and org is None:
        raise ConfigurationError("--head is one organization's: name it with --org")
    checked = [_checked(slug, head) for slug in _slugs(org)]
    if as_json:
        print_json([asdict(one) for one in checked])
    else:
        for one in checked:
            stdout.print(_in_words(one), soft_wrap=True)
    faults = [f"{one.organization}: {one.fault}" for one in checked if one.fault is not None]
    if faults:
        raise AlteredError("the audit trail is not as it was sealed. " + "; ".join(faults))


@audit.command("list")
@needs("audit.read")
def list_(
    org: Org,
    actor: Annotated[str | None, typer.Option(help="Only what this one did.")] = None,
    action: Annotated[
        str | None, typer.Option(help="Only this action; one that ends in a dot: all such.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Lists what was done, the latest first: by whom, what for, with counts and names of fields.

    Example: [bold]vensor audit list --org acme --action read.[/bold]
    """
    with opened(org) as resources, resources.session() as connection:
        found = find_events(connection, actor=actor, action=action, limit=limit)
    if as_json:
        print_json([asdict(one) for one in found], default=str)
        return
    table = Table("at", "actor", "action", "purpose", "details", box=None, pad_edge=False)
    for one in found:
        table.add_row(*_row(one))
    if found:
        wide.print(table)
    else:
        stdout.print("nothing is in the audit trail")


@audit.command("export")
@needs("audit.read")
def export(
    org: Org,
    from_day: Annotated[
        date | None,
        typer.Option("--from", parser=parse_day, metavar="DAY", help="From this day on, UTC."),
    ] = None,
    to_day: Annotated[
        date | None,
        typer.Option("--to", parser=parse_day, metavar="DAY", help="To this day, itself included."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write. Stdout.")] = None,
) -> None:
    """Writes the trail with its seals as lines of JSON, which anybody can check without vensor.

    Example: [bold]vensor audit export --org acme --from 2026-11-01 --out trail.jsonl[/bold]
    """
    if from_day is not None and to_day is not None and from_day > to_day:
        raise ConfigurationError(f"--from {from_day} is after --to {to_day}")
    with opened(org) as resources, _writing(out) as file:
        file.writelines(f"{line}\n" for line in iter_export(resources, from_day, to_day))


@contextmanager
def _writing(out: Path | None) -> Iterator[TextIO]:
    """The file, or stdout. Raises: ConfigurationError where it cannot be written."""
    if out is None:
        yield sys.stdout
        return
    try:
        with out.open("w", encoding="utf-8") as file:
            yield file
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written ({type(error).__name__})") from None


def _slugs(org: str | None) -> list[str]:
    if org is not None:
        return [org]
    with opened_engine(load_settings()) as engine:
        return [organization.slug for organization in directory(engine)]


def _checked(slug: str, head: Head | None) -> Checked:
    with opened(slug) as resources:
        return check_audit(resources, now=datetime.now(UTC), noted=head)


def _in_words(one: Checked) -> str:
    if one.fault is not None:
        return f"{one.organization}: {one.fault}"
    parts = [
        f"{counted(one.seals, 'seal')} intact over {counted(one.events, 'row')}",
        f"the rows of {one.expired:,} seals are gone with their time" if one.expired else "",
        f"{one.unsealed:,} rows wait for the next seal" if one.unsealed else "",
        f"head {one.head}" if one.head else "",
    ]
    return f"{one.organization}: {'; '.join(part for part in parts if part)}"


def _row(one: Event) -> tuple[str, str, str, str, str]:
    at = f"{one.happened_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    details = ", ".join(f"{name} {value}" for name, value in one.details.items())
    return at, one.actor, one.action, one.purpose, details
