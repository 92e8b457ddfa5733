"""`vensor privacy access`, `export`, `fetch`: what is held of a person, shown or handed out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from cli.display import print_json, stdout
from cli.gate import needs
from cli.person import Email, Org, Phone, ZendeskId, the_person
from tasks.resources import Resources, opened
from tasks.rights import Access, check_place, export, fetch_export, find_export, find_held

Json = Annotated[bool, typer.Option("--json", help="For other programs.")]
DAY = "%Y-%m-%d"


def register(privacy: typer.Typer) -> None:
    for command in (access, export_, fetch):
        privacy.command(command.__name__.rstrip("_"))(command)


@needs("privacy.access")
def access(
    org: Org,
    email: Email = None,
    phone: Phone = None,
    zendesk_id: ZendeskId = None,
    words: Annotated[
        bool, typer.Option("--words", help="Show the records themselves, names and words too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Shows what is held of a person, until when, and who got something of it.

    Counts and instants, no words unless they are asked for. The request is entered and done.

    Examples: [bold]vensor privacy access --org acme --zendesk-id 4711[/bold]
    [bold]vensor privacy access --org acme --words < address.txt[/bold]
    """
    with opened(org) as resources:
        found = find_held(resources, the_person(resources, email, phone, zendesk_id), words=words)
    if as_json:
        print_json(_as_dict(found), default=str)
        return
    stdout.print(_summary(found), soft_wrap=True)
    if any(one.records for one in found.held):
        stdout.print(_held_table(found))
    if found.recipients:
        stdout.print()
        stdout.print(_recipients_table(found))
    for name, records in (found.words or {}).items():
        _print_records(name, records)


@needs("privacy.export")
def export_(
    org: Org,
    email: Email = None,
    phone: Phone = None,
    zendesk_id: ZendeskId = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Fetch it into this file at once.")
    ] = None,
) -> None:
    """Makes a portable archive of all that is held of a person: JSON, tables, recordings.

    It lies sealed, under a key of its own, for 5 days or until it is fetched, which can be done
    once. The request is entered with it, and is done when the archive is fetched.

    Example: [bold]vensor privacy export --org acme --zendesk-id 4711 --out maria.zip[/bold]
    """
    as_of = datetime.now(UTC)
    if out is not None:
        check_place(out)
    with opened(org) as resources:
        person = the_person(resources, email, phone, zendesk_id)
        request_id, export_id = export(resources, person, as_of=as_of)
        if out is None:
            stdout.print(
                f"export {export_id} of request {request_id} is sealed for 5 days:"
                f" `vensor privacy fetch --org {org} {export_id} --out FILE` opens it once",
                soft_wrap=True,
            )
            return
        _fetch(resources, export_id, out)


@needs("privacy.export")
def fetch(
    org: Org,
    archive: Annotated[
        str, typer.Argument(metavar="EXPORT", help="Its id, or what that begins with: 8 signs do.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The file to write, which must be new.")],
) -> None:
    """Opens an archive into a file, once: with that its key is destroyed, and the archive deleted.

    The file holds personal data in the clear, for its owner only: hand it over, then delete it.

    Example: [bold]vensor privacy fetch --org acme 1f0c5a2e --out maria.zip[/bold]
    """
    with opened(org) as resources:
        _fetch(resources, find_export(resources, archive).export_id, out)


def _fetch(resources: Resources, export_id: UUID, out: Path) -> None:
    found = fetch_export(resources, export_id, out.absolute(), as_of=datetime.now(UTC))
    stdout.print(
        f"{out}: {found.size_bytes or 0:,} bytes, SHA-256 {(found.sha256 or b'').hex()};"
        f" `vensor privacy receipt --org {resources.organization.slug}"
        f" {found.request_id}` says so",
        soft_wrap=True,
    )


def _summary(found: Access) -> str:
    records, users = sum(one.records for one in found.held), len(found.person.user_ids)
    if not users and not records:
        return "nothing is held of anybody of this name"
    return f"{records:,} records of {found.tickets:,} tickets; {users} users of Zendesk"


def _held_table(found: Access) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("kind", "records", "first (UTC)", "last (UTC)", "ends", "what"):
        table.add_column(name, justify="right" if name == "records" else "left")
    for one in found.held:
        if one.records:
            ends = sorted({f"{at:{DAY}}" for at in (one.ends_from, one.ends_by) if at is not None})
            table.add_row(
                one.name,
                f"{one.records:,}",
                "" if one.first_at is None else f"{one.first_at:{DAY}}",
                "" if one.last_at is None else f"{one.last_at:{DAY}}",
                " to ".join(ends) or "with what it tells of",
                one.about,
            )
    return table


def _recipients_table(found: Access) -> Table:
    table = Table("who got something", "what for", "model", "requests", "first", "last", box=None)
    for one in found.recipients:
        table.add_row(
            one.recipient,
            one.purpose,
            one.model or "",
            f"{one.requests:,}",
            f"{one.first_at:{DAY}}",
            f"{one.last_at:{DAY}}",
        )
    return table


def _print_records(name: str, records: Sequence[Mapping[str, object]]) -> None:
    for record in records:
        stdout.print()
        stdout.print(name, style="bold")
        for field, told in record.items():
            if told not in (None, "", [], False):
                stdout.print(f"  {field}: {told}", markup=False, soft_wrap=True)


def _as_dict(found: Access) -> dict[str, object]:
    told: dict[str, object] = {
        "zendesk_user_ids": list(found.person.user_ids),
        "tickets": found.tickets,
        "held": [asdict(one) for one in found.held if one.records],
        "recipients": [asdict(one) for one in found.recipients],
    }
    return told if found.words is None else told | {"records": found.words}
