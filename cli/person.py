"""How a command is told which person it is about."""

import sys
from typing import Annotated

import typer

from tasks.errors import ConfigurationError
from tasks.resources import Resources
from tasks.rights import Person, named

STDIN = "-"
Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]
Email = Annotated[
    str | None,
    typer.Option("--email", help="The person's address; - or no name at all: asked for on stdin."),
]
Phone = Annotated[
    str | None,
    typer.Option("--phone", help="A telephone number with its country code; -: from stdin."),
]
ZendeskId = Annotated[
    int | None, typer.Option("--zendesk-id", help="The user's id in Zendesk: no name, no secret.")
]


def the_person(
    resources: Resources, email: str | None, phone: str | None, zendesk_id: int | None
) -> Person:
    """Whoever is named by one of these. Raises: ConfigurationError."""
    if phone == STDIN:
        phone = _read("telephone number", "--phone")
    if email == STDIN or (email is None and phone is None and zendesk_id is None):
        email = _read("e-mail address", "--email")
    return named(resources, email=email, phone=phone, user_id=zendesk_id)


def _read(what: str, option: str) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(what.capitalize()))
    told = sys.stdin.readline().strip()
    if not told:
        raise ConfigurationError(f"say whose: {option}, or the {what} on stdin")
    return told
