"""`vensor connect zendesk` and its counterpart: three ways in, one connection."""

import os
import sys
import webbrowser
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.display import stderr, stdout
from cli.stdin import read_secret
from tasks.connections import (
    StoredCredentials,
    connect_account,
    find_connection,
    forget_connection,
)
from tasks.http import http_client
from tasks.resources import Resources, opened
from tasks.zendesk import Credentials, ZendeskClient, credential_notes
from tasks.zendesk.oauth import (
    REDIRECT_PORT,
    WAIT_SECONDS,
    api_token_credentials,
    authorize,
)

Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]
ClientId = Annotated[str | None, typer.Option(help="The OAuth client's identifier.")]
Subdomain = Annotated[str | None, typer.Option(help="acme for acme.zendesk.com.")]
BaseUrl = Annotated[str | None, typer.Option(help="In place of --subdomain.")]
Browser = Annotated[bool, typer.Option("--browser", help="A person allows it in the browser.")]
Public = Annotated[bool, typer.Option("--public", help="The client is public: no secret.")]
RedirectPort = Annotated[
    int,
    typer.Option(min=0, max=65535, help="Of 127.0.0.1, for the browser's way back; 0: a free one."),
]
WaitSeconds = Annotated[int, typer.Option(min=1, max=3600, help="How long for the browser.")]
ApiToken = Annotated[bool, typer.Option("--api-token", help="The old way, until 2027-04-30.")]
Email = Annotated[str | None, typer.Option(help="Of the agent, with --api-token.")]
Write = Annotated[bool, typer.Option("--write", help="Ask for the scope write as well.")]


def connect(
    org: Org,
    client_id: ClientId = None,
    subdomain: Subdomain = None,
    base_url: BaseUrl = None,
    browser: Browser = False,
    public: Public = False,
    redirect_port: RedirectPort = REDIRECT_PORT,
    wait_seconds: WaitSeconds = WAIT_SECONDS,
    api_token: ApiToken = False,
    email: Email = None,
    write: Write = False,
) -> None:
    """Connects Zendesk with an OAuth client of the account; its secret is read from stdin.

    In Zendesk: Admin Center, Apps and integrations, APIs, OAuth clients; kind: confidential.
    With --browser a person allows it, and the client's redirect URLs must hold
    http://127.0.0.1:8721/callback, or the port given; a client of the kind public needs
    --public and no secret.

    Examples:
    [bold]vensor connect zendesk --org acme --subdomain acme --client-id vensor < secret[/bold]
    [bold]vensor connect zendesk --org acme --subdomain acme --client-id v --browser --public[/bold]
    [bold]vensor connect zendesk --org acme --subdomain acme --api-token --email a@b.c < t[/bold]
    """
    _check(client_id, email, browser=browser, public=public, api_token=api_token, write=write)
    url = _address(subdomain, base_url)
    with opened(org) as resources:
        if api_token:
            credentials = api_token_credentials(email or "", read_secret("API token"))
        else:
            credentials = _client(client_id or "", public=public, write=write)
        if browser:
            credentials = _allowed(url, credentials, port=redirect_port, seconds=wait_seconds)
        credentials = connect_account(resources, base_url=url, credentials=credentials)
    for note in credential_notes(credentials, datetime.now(UTC)):
        stderr.print(f"warning: {note}", markup=False, soft_wrap=True)
    stdout.print(f"{org} is connected to Zendesk at {url}")


def disconnect(org: Org) -> None:
    """Revokes the tokens at Zendesk and forgets the OAuth client. What is loaded stays.

    An API token can be deleted in Zendesk's Admin Center only.

    Example: [bold]vensor disconnect zendesk --org acme[/bold]
    """
    with opened(org) as resources:
        kind = StoredCredentials(resources).load().kind
        _revoke(resources)
    if kind == "api_token":
        stdout.print(
            f"{org} is disconnected from Zendesk; its API token works on until it is deleted:"
            " Admin Center, Apps and integrations, APIs, API tokens",
            soft_wrap=True,
        )
    else:
        stdout.print(f"{org} is disconnected from Zendesk; its token is revoked")


def _revoke(resources: Resources) -> None:
    base_url = find_connection(resources, "zendesk").base_url
    with ZendeskClient.opened(base_url, StoredCredentials(resources)) as client:
        client.revoke(forget=lambda: forget_connection(resources, "zendesk"))


def _check(
    client_id: str | None,
    email: str | None,
    *,
    browser: bool,
    public: bool,
    api_token: bool,
    write: bool,
) -> None:
    """Raises: BadParameter for options that don't go together."""
    if api_token and (client_id or browser or public or write):
        raise typer.BadParameter("--api-token goes with --email, and with no OAuth client")
    if api_token != (email is not None):
        raise typer.BadParameter("--api-token and --email go together")
    if not api_token and not client_id:
        raise typer.BadParameter("give the OAuth client's identifier: --client-id")
    if public and not browser:
        raise typer.BadParameter("--public goes with --browser: a public client has no secret")


def _address(subdomain: str | None, base_url: str | None) -> str:
    if (subdomain is None) == (base_url is None):
        raise typer.BadParameter("give one of --subdomain and --base-url")
    return base_url or f"https://{subdomain}.zendesk.com"


def _client(client_id: str, *, public: bool, write: bool) -> Credentials:
    return Credentials(
        client_id=client_id,
        client_secret=None if public else read_secret("client secret"),
        more_scopes="write" if write else "",
    )


def _allowed(url: str, credentials: Credentials, *, port: int, seconds: int) -> Credentials:
    """The credentials with the tokens of the person at the browser."""

    def show(address: str) -> None:
        stderr.print(f"within {seconds} seconds, allow the access in a browser at")
        stderr.print(address, markup=False, soft_wrap=True)
        if _has_screen():
            webbrowser.open(address)

    with http_client(url) as http:
        return authorize(http, credentials, show=show, port=port, wait_seconds=seconds)


def _has_screen() -> bool:
    """Whether somebody sits here with a screen: a browser in text mode would block the terminal."""
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return sys.stderr.isatty() and bool(screen or sys.platform in {"darwin", "win32"})
