"""`vensor privacy erase` and `rectify`: a person is taken out, or put right."""

import sys
from typing import Annotated
from uuid import UUID

import typer

from cli.display import stdout
from cli.gate import needs
from cli.privacy import privacy
from tasks.errors import ConfigurationError
from tasks.resources import Resources, opened

Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]
Email = Annotated[str | None, typer.Option("--email", help="Their e-mail address; - for stdin.")]
Phone = Annotated[str | None, typer.Option("--phone", help="Their telephone number; - for stdin.")]
ZendeskId = Annotated[int | None, typer.Option("--zendesk-id", help="Their user's id in Zendesk.")]


def register(app: typer.Typer) -> None:
    """Its commands stand among those of `vensor privacy`."""


@privacy.command("erase")
@needs("privacy.erase")
def erase_(
    org: Org,
    email: Email = None,
    phone: Phone = None,
    zendesk_id: ZendeskId = None,
    request: Annotated[
        UUID | None, typer.Option("--request", help="Execute this one, which is approved.")
    ] = None,
) -> None:
    """Asks that a person be erased; once another person has approved it, --request does it.

    Their tickets stay as ids, states and instants, without them: metrics do not shrink. Nothing of
    them comes in again, whatever is read anew.

    Examples: [bold]vensor privacy erase --org acme --email maria@example.com[/bold]
    [bold]vensor privacy erase --org acme --request 0b9c7a3e-…[/bold]
    """
    from tasks.rights import ask, named

    with opened(org) as resources:
        if request is not None:
            if (email, phone, zendesk_id) != (None, None, None):
                raise ConfigurationError("give either --request or who is to be erased")
            _execute(resources, request)
            return
        person = named(resources, email=_told(email), phone=_told(phone), user_id=zendesk_id)
        request_id = ask(resources, "erase", person)
    found = f"{len(person.user_ids)} found" if person.user_ids else "nobody found so far"
    stdout.print(
        f"{org}: request {request_id} to be erased ({found}). Another person must approve it:\n"
        f"  vensor privacy approve --org {org} {request_id}\n"
        f"then it is done with the next day's run, or by\n"
        f"  vensor privacy erase --org {org} --request {request_id}",
        soft_wrap=True,
    )


@privacy.command("rectify")
@needs("privacy.rectify")
def rectify_(
    org: Org,
    field: Annotated[str, typer.Option("--field", help="name, email or phone.")],
    email: Email = None,
    phone: Phone = None,
    zendesk_id: ZendeskId = None,
    value: Annotated[
        str, typer.Option("--value", help="What is right; - or nothing: a line from stdin.")
    ] = "-",
) -> None:
    """Puts right what Zendesk says of a person, until Zendesk says the same.

    Example: [bold]vensor privacy rectify --org acme --zendesk-id 4711 --field name < it.txt[/bold]
    """
    from tasks.rights import named, rectify

    with opened(org) as resources:
        person = named(resources, email=_told(email), phone=_told(phone), user_id=zendesk_id)
        right = _line() if value == "-" else value
        request_id = rectify(resources, person, field, right)
    told = f"{org}: their {field} is what they say; request {request_id} is done"
    stdout.print(told, soft_wrap=True)


def _execute(resources: Resources, request_id: UUID) -> None:
    from tasks.rights import erase

    receipt = erase(resources, request_id)
    slug = resources.organization.slug
    told = f"{slug}: request {request_id} is done; nothing of the person is found any more"
    stdout.print(told, soft_wrap=True)
    for name, count in receipt.items():
        stdout.print(f"  {name}: {count}", soft_wrap=True)


def _told(value: str | None) -> str | None:
    """What was given, or the next line of stdin where - was."""
    return _line() if value == "-" else value


def _line() -> str:
    """Raises: ConfigurationError where stdin has no line."""
    if sys.stdin.isatty():
        return str(typer.prompt("Value", hide_input=False))
    told = sys.stdin.readline().strip()
    if not told:
        raise ConfigurationError("nothing came on stdin: give the value there, or by its option")
    return told
