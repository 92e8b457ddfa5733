"""`vensor privacy requests`, `approve`, `refuse`, `receipt`: what people asked for, and its end."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli.display import print_json, stdout, wide
from cli.gate import needs
from cli.person import Org
from tasks.errors import AlteredError, ConfigurationError
from tasks.resources import opened
from tasks.rights import DUE_SOON, REASONS, find_request, is_genuine, receipt_of
from tasks.rights import approve as approve_request
from tasks.rights import refuse as refuse_request
from warehouse import exports
from warehouse import requests as stored
from warehouse.exports import Export
from warehouse.requests import ALL, PENDING, Request

RequestId = Annotated[
    str, typer.Argument(metavar="REQUEST", help="Its id, or what that begins with: 8 signs do.")
]


def register(privacy: typer.Typer) -> None:
    for command in (requests, approve, refuse, receipt):
        privacy.command()(command)


@needs("privacy.requests")
def requests(
    org: Org,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were served.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For other programs.")] = False,
) -> None:
    """Lists what people asked for and wait for, the one that is due first before the others.

    Overdue ones are red, those due within 7 days yellow. No one is named.

    Example: [bold]vensor privacy requests --org acme[/bold]
    """
    with opened(org) as resources, resources.session() as connection:
        found = stored.find_all(connection, states=ALL if everything else PENDING)
        archives = exports.find_all(connection)
    if as_json:
        print_json([_as_dict(one, archives) for one in found])
    elif found:
        wide.print(_table(found, archives, datetime.now(UTC)))
    else:
        stdout.print("nobody waits for anything")


@needs("privacy.approve")
def approve(org: Org, request: RequestId) -> None:
    """Lets a request be served. An erasure must be approved by another than who entered it.

    Example: [bold]vensor privacy approve --org acme 1f0c5a2e[/bold]
    """
    with opened(org) as resources:
        found = find_request(resources, request)
        approve_request(resources, found.request_id)
    stdout.print(f"{org}: request {found.request_id} ({found.kind}) is approved")


@needs("privacy.approve")
def refuse(
    org: Org,
    request: RequestId,
    reason: Annotated[str, typer.Option(help=f"One of: {', '.join(REASONS)}.")],
) -> None:
    """Ends a request unserved. Tell who asked the reason, and whom they can complain to.

    Example: [bold]vensor privacy refuse --org acme 1f0c5a2e --reason not_identified[/bold]
    """
    with opened(org) as resources:
        found = find_request(resources, request)
        refuse_request(resources, found.request_id, reason)
    stdout.print(f"{org}: request {found.request_id} is refused, because {REASONS[reason]}")


@needs("privacy.requests")
def receipt(
    org: Org,
    request: Annotated[str | None, typer.Argument(metavar="REQUEST", help="As above.")] = None,
    check: Annotated[
        Path | None, typer.Option("--check", help="Say whether this receipt is genuine.")
    ] = None,
) -> None:
    """Prints the signed receipt of a request that was served or refused: counts, no one's data.

    Examples: [bold]vensor privacy receipt --org acme 1f0c5a2e > receipt.json[/bold]
    [bold]vensor privacy receipt --org acme --check receipt.json[/bold]
    """
    if (request is None) == (check is None):
        raise ConfigurationError("give a request, or a receipt with --check")
    with opened(org) as resources:
        if request is not None:
            print_json(receipt_of(resources, find_request(resources, request)))
            return
        genuine = is_genuine(resources, _read(check))
    if not genuine:
        raise AlteredError(f"{org} did not sign this receipt, or it was changed")
    stdout.print(f"{org} signed this receipt")


def _read(path: Path | None) -> bytes:
    try:
        return Path(path or "").read_bytes()
    except OSError as error:
        raise ConfigurationError(f"cannot read {path} ({error.strerror})") from None


def _table(found: list[Request], archives: list[Export], as_of: datetime) -> Table:
    table = Table("request", "kind", "state", "asked (UTC)", "due", "archive", box=None)
    for one in found:
        style = None
        if one.state in PENDING and one.due_at <= as_of + DUE_SOON:
            style = "red" if one.due_at <= as_of else "yellow"
        late = " overdue" if style == "red" else ""
        table.add_row(
            str(one.request_id),
            one.kind,
            one.state,
            f"{one.asked_at:%Y-%m-%d}",
            f"{one.due_at:%Y-%m-%d}{late}",
            "\n".join(f"{each.export_id} {each.state}" for each in _of(one, archives)),
            style=style,
        )
    return table


def _of(request: Request, archives: list[Export]) -> list[Export]:
    return [one for one in archives if one.request_id == request.request_id]


def _as_dict(one: Request, archives: list[Export]) -> dict[str, object]:
    return {
        "request_id": str(one.request_id),
        "kind": one.kind,
        "state": one.state,
        "asked_by": one.asked_by,
        "asked_at": one.asked_at.isoformat(),
        "due_at": one.due_at.isoformat(),
        "approved_by": one.approved_by,
        "ended_at": None if one.ended_at is None else one.ended_at.isoformat(),
        "exports": [
            {
                "export_id": str(each.export_id),
                "state": each.state,
                "made_at": each.made_at.isoformat(),
                "expires_at": each.expires_at.isoformat(),
                "ended_at": None if each.ended_at is None else each.ended_at.isoformat(),
            }
            for each in _of(one, archives)
        ],
    }
