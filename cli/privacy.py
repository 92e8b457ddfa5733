"""`vensor privacy` and `vensor outbound`: people's rights, and what left of their words."""

from typing import Annotated

import typer
from rich.table import Table

from cli import held, requests
from cli.display import print_json, stdout
from cli.gate import needs
from cli.person import Email, Org, Phone, ZendeskId, the_person
from tasks.resources import opened
from tasks.rights import opt_in, opt_out
from warehouse.outbound import Sent, find_sent

privacy = typer.Typer(help="The rights of the people in the data.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(privacy, name="privacy")
    app.command("outbound")(sent)
    held.register(privacy)
    requests.register(privacy)


@privacy.command("opt-out")
@needs("privacy.opt_out")
def opt_out_(
    org: Org, email: Email = None, phone: Phone = None, zendesk_id: ZendeskId = None
) -> None:
    """Lets no model read a person's tickets, and forgets what models made of them so far.

    Examples: [bold]vensor privacy opt-out --org acme --email maria@example.com[/bold]
    [bold]vensor privacy opt-out --org acme < address.txt[/bold]
    """
    with opened(org) as resources:
        tickets = opt_out(resources, the_person(resources, email, phone, zendesk_id))
    stdout.print(
        f"{org}: no model reads this person's tickets any more; {tickets} were forgotten by all"
    )


@privacy.command("opt-in")
@needs("privacy.opt_out")
def opt_in_(
    org: Org, email: Email = None, phone: Phone = None, zendesk_id: ZendeskId = None
) -> None:
    """Takes an opt-out back: the next run reads this person's tickets again.

    Example: [bold]vensor privacy opt-in --org acme --email maria@example.com[/bold]
    """
    with opened(org) as resources:
        opt_in(resources, the_person(resources, email, phone, zendesk_id))
    stdout.print(f"{org}: the next run reads this person's tickets again")


@needs("outbound.read")
def sent(
    org: Org,
    ticket: Annotated[int | None, typer.Option(help="Only what held words of this one.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Shows what left for models and Slack: when, to whom, what for, how much, of which tickets.

    Example: [bold]vensor outbound --org acme --ticket 4711[/bold]
    """
    with opened(org) as resources, resources.session() as connection:
        found = find_sent(connection, ticket_id=ticket, limit=limit)
    if as_json:
        print_json([_as_dict(one) for one in found])
    elif found:
        stdout.print(_table(found))
    else:
        stdout.print("nothing left")


def _table(found: list[Sent]) -> Table:
    table = Table(
        "sent at (UTC)", "to", "for", "model", "items", "bytes", "tickets", box=None, pad_edge=False
    )
    for one in found:
        tickets = ", ".join(map(str, one.ticket_ids[:5]))
        table.add_row(
            f"{one.sent_at:%Y-%m-%d %H:%M:%S}",
            one.recipient,
            one.purpose,
            one.model or "",
            str(one.items),
            str(one.payload_bytes),
            tickets + (f" and {len(one.ticket_ids) - 5} more" if one.ticket_ids[5:] else ""),
        )
    return table


def _as_dict(one: Sent) -> dict[str, object]:
    return {
        "sent_at": one.sent_at.isoformat(),
        "recipient": one.recipient,
        "purpose": one.purpose,
        "model": one.model,
        "ticket_ids": list(one.ticket_ids),
        "items": one.items,
        "payload_bytes": one.payload_bytes,
        "audio_seconds": one.audio_seconds,
    }
