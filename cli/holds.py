"""`vensor hold`: what no clock may end and nobody may erase, until it is lifted."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer
from rich.table import Table

from cli.display import stdout, wide
from cli.gate import needs
from tasks.errors import ConfigurationError
from tasks.holds import lift_hold, place_holds
from tasks.resources import Resources, opened
from tasks.rights import named
from warehouse import holds

hold = typer.Typer(
    help="Legal holds: what stays past its clock, for a matter.", no_args_is_help=True
)
Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]


def _future(text: str) -> datetime:
    """The instant, in UTC. Raises: ConfigurationError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"--until {text!r} is not a day such as 2027-06-30") from None
    instant = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    if instant <= datetime.now(UTC):
        raise ConfigurationError(f"--until {text!r} is past")
    return instant


def register(app: typer.Typer) -> None:
    app.add_typer(hold, name="hold")


@hold.command("place")
@needs("hold.manage")
def place(
    org: Org,
    reason: Annotated[
        str, typer.Option(help="The matter, such as its file number. Write nobody's name in it.")
    ],
    ticket: Annotated[int | None, typer.Option(help="One ticket, by its number.")] = None,
    email: Annotated[str | None, typer.Option(help="Everything of who has this address.")] = None,
    phone: Annotated[str | None, typer.Option(help="Everything of who has this number.")] = None,
    zendesk_id: Annotated[int | None, typer.Option(help="Everything of this user.")] = None,
    until: Annotated[
        datetime | None,
        typer.Option(parser=_future, metavar="DAY", help="When it ends by itself. Never."),
    ] = None,
) -> None:
    """Keeps a ticket, or all tickets of a person, past every clock and from erasure.

    Of a person those are the tickets that they asked for, entered, wrote in or called in, and who
    they are. Everyone else's go at their time.

    Examples: [bold]vensor hold place --org acme --ticket 4711 --reason "matter 2026-14"[/bold]
    [bold]vensor hold place --org acme --email maria@example.com --reason "matter 2026-14"[/bold]
    """
    with opened(org) as resources:
        kind, ids = _subjects(resources, ticket, email, phone, zendesk_id)
        placed = place_holds(resources, kind, ids, reason=reason, until=until)
    for hold_id in placed:
        stdout.print(f"{org}: held until it is lifted, as {hold_id}", soft_wrap=True)


@hold.command("list")
@needs("hold.manage")
def list_(
    org: Org,
    ended: Annotated[bool, typer.Option("--all", help="Those that have ended, too.")] = False,
) -> None:
    """Lists the holds: what they keep, for which matter, who placed them and until when.

    Example: [bold]vensor hold list --org acme[/bold]
    """
    with opened(org) as resources, resources.session() as connection:
        found = holds.find_all(connection, ended=ended)
    table = Table("hold", "keeps", "for", "placed", "by", "ends", box=None, pad_edge=False)
    for one in found:
        table.add_row(
            str(one.hold_id),
            f"{one.kind} {one.subject_id}",
            one.reason,
            f"{one.placed_at:%Y-%m-%d %H:%M}",
            one.placed_by,
            _end(one),
        )
    if found:
        wide.print(table)  # ids are to be copied
    else:
        stdout.print("nothing is held")


@hold.command("lift")
@needs("hold.manage")
def lift(
    org: Org,
    hold_id: Annotated[str, typer.Argument(metavar="HOLD", help="Its id, or how it begins.")],
) -> None:
    """Lifts a hold: what is past its clock goes with the next run of retention.

    Example: [bold]vensor hold lift --org acme 3f0c6a52[/bold]
    """
    with opened(org) as resources:
        lifted = lift_hold(resources, hold_id)
    stdout.print(f"{org}: {lifted.kind} {lifted.subject_id} is held by this no longer")


def _subjects(
    resources: Resources,
    ticket: int | None,
    email: str | None,
    phone: str | None,
    zendesk_id: int | None,
) -> tuple[Literal["ticket", "user"], list[int]]:
    """What is meant. Raises: ConfigurationError unless exactly one thing is told, and is here."""
    if ticket is not None:
        if (email, phone, zendesk_id) != (None, None, None):
            raise ConfigurationError("hold one ticket or one person: --ticket goes alone")
        return "ticket", [ticket]
    person = named(resources, email=email, phone=phone, user_id=zendesk_id)
    if not person.user_ids:
        raise ConfigurationError(
            f"nobody in {resources.organization.slug} is known by that; --ticket holds a ticket"
        )
    return "user", list(person.user_ids)


def _end(one: holds.Hold) -> str:
    if one.lifted_at is not None:
        return f"lifted {one.lifted_at:%Y-%m-%d %H:%M} by {one.lifted_by}"
    return "when lifted" if one.until is None else f"{one.until:%Y-%m-%d %H:%M}"
