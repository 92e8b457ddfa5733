"""`vensor quarantine`: records that could not be read, and trying them again."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from cli.display import stdout
from cli.gate import needs
from tasks.quarantine import retry_quarantined
from tasks.resources import opened
from warehouse.quarantine import held_records, unknown
from warehouse.recordings import retry_undecodable, undecodable_recordings

quarantine = typer.Typer(help="Records that could not be read.", no_args_is_help=True)
RECORDINGS = "recordings"
Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]
Stream = Annotated[str | None, typer.Option(help="One stream only, such as tickets.")]


def register(app: typer.Typer) -> None:
    app.add_typer(quarantine, name="quarantine")


@quarantine.command("list")
@needs("quarantine.list")
def list_(org: Org, stream: Stream = None) -> None:
    """Lists what is in quarantine, with its reason; what is in the records stays sealed.

    Example: [bold]vensor quarantine list --org acme[/bold]
    """
    with opened(org) as resources, resources.session() as connection:
        held, fields = held_records(connection, stream), unknown(connection)
        unheard = undecodable_recordings(connection) if stream in (None, RECORDINGS) else []
    table = Table("stream", "kind", "id", "reason", "since", box=None, pad_edge=False)
    for one in held:
        since = f"{one.changed_at:%Y-%m-%d %H:%M}"
        table.add_row(one.stream, one.kind, one.record_id or "none", one.reason, since)
    for call_id, kind, reason, changed_at in unheard:
        table.add_row(RECORDINGS, kind, str(call_id), reason, f"{changed_at:%Y-%m-%d %H:%M}")
    if held or unheard:
        stdout.print(table)
    else:
        stdout.print("nothing is in quarantine")
    for kind, field, records in fields:
        stdout.print(f"{kind}: field {field!r} is new and was kept out of {records:,} records")


@quarantine.command("retry")
@needs("quarantine.retry")
def retry(org: Org, stream: Stream = None) -> None:
    """Tries to load what is in quarantine: after an update of vensor, or a fix in Zendesk.

    Recordings that could not be decoded are heard again with --stream recordings.

    Example: [bold]vensor quarantine retry --org acme --stream tickets[/bold]
    """
    if stream == RECORDINGS:
        with opened(org) as resources, resources.session() as connection:
            again = retry_undecodable(connection)
            resources.audit(
                connection,
                action="quarantine.retry",
                purpose="hear recordings again",
                details={"recordings": again},
            )
        stdout.print(f"{again} recordings are heard again by the next run")
        return
    done = retry_quarantined(org, datetime.now(UTC), stream)
    stdout.print(f"{done.loaded} loaded, {done.held.total()} held still")
    for reason, records in sorted(done.held.items()):
        stdout.print(f"  {reason}: {records}")
