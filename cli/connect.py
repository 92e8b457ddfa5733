"""`vensor connect`: an organization's Zendesk and Slack. Secrets are read from stdin."""

import re
import sys
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer

from cli import browser as browsers
from cli.display import stderr, stdout
from cli.gate import needs
from tasks.buttons import PROVIDER as BUTTONS
from tasks.buttons import store_app_token
from tasks.connections import (
    find_connection,
    forget_connection,
    revoke_zendesk,
    store_connection,
    store_zendesk,
)
from tasks.errors import ConfigurationError
from tasks.escalation import SlackChannel
from tasks.escalation.listening import check_app_token
from tasks.http import http_client
from tasks.resources import Resources, opened
from tasks.zendesk.client import ZendeskClient
from tasks.zendesk.consent import Consent
from tasks.zendesk.credentials import Credentials, HeldCredentials
from tasks.zendesk.oauth import redeem_code

SLACK_API = "https://slack.com/api/"
SUBDOMAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
# a colon would move the border between name and token
ADDRESS = re.compile(r"[^@:\s]+@[^@:\s]+")
LEGACY_WARNING = (
    "API tokens are ending: no account can make new ones since 2026-10-27, idle ones end after"
    " 30 days, and all stop on 2027-04-30; an OAuth client lasts"
)

connect = typer.Typer(help="Connects an organization to its services.", no_args_is_help=True)
disconnect = typer.Typer(help="Ends a connection and its secrets.", no_args_is_help=True)
Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]
ClientId = Annotated[str | None, typer.Option(help="The OAuth client's identifier.")]
Subdomain = Annotated[str | None, typer.Option(help="acme for acme.zendesk.com.")]
BaseUrl = Annotated[str | None, typer.Option(help="In place of --subdomain.")]
Browser = Annotated[bool, typer.Option("--browser", help="An administrator allows it there.")]
Public = Annotated[bool, typer.Option("--public", help="With --browser: a client with no secret.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Of the loopback redirect URL.")]
Wait = Annotated[int, typer.Option(min=1, help="How long --browser waits.")]
ApiToken = Annotated[bool, typer.Option("--api-token", help="Legacy: a token, with --email.")]
Write = Annotated[bool, typer.Option("--write", help="Ask for the scope write as well.")]
Email = Annotated[str | None, typer.Option(help="Of the agent whose API token it is.")]


def register(app: typer.Typer) -> None:
    app.add_typer(connect, name="connect")
    app.add_typer(disconnect, name="disconnect")


@connect.command("zendesk")
@needs("connect")
def zendesk(
    org: Org,
    client_id: ClientId = None,
    subdomain: Subdomain = None,
    base_url: BaseUrl = None,
    browser: Browser = False,
    public: Public = False,
    redirect_port: Port = browsers.PORT,
    wait_seconds: Wait = 300,
    api_token: ApiToken = False,
    email: Email = None,
    write: Write = False,
) -> None:
    """Connects Zendesk with an OAuth client of the account; its secret is read from stdin.

    In Zendesk: Admin Center, Apps and integrations, APIs, OAuth clients; kind: confidential.

    With --browser an administrator allows the access there; register the redirect URL
    http://127.0.0.1:8721/callback with the client, to the letter.

    With --write recordings can be deleted in Zendesk too; nothing else needs it.

    With --api-token, which ends on 2027-04-30, the token is read from stdin.

    Example:
    [bold]vensor connect zendesk --org acme --subdomain acme --client-id vensor < secret[/bold]
    """
    url = _address(subdomain, base_url)
    _check_way(client_id, email, browser=browser, public=public, api_token=api_token)
    with opened(org) as resources:
        if api_token:
            connect_api_token(
                resources, base_url=url, email=email or "", token=_secret("API token")
            )
        else:
            client = _client(client_id or "", public=public, write=write)
            if browser:
                client = allowed_client(url, client, port=redirect_port, wait_seconds=wait_seconds)
            _store_tried(resources, url, client)
    stdout.print(f"{org} is connected to Zendesk at {url}")


@connect.command("slack")
@needs("connect")
def slack(
    org: Org,
    channel: Annotated[str, typer.Option(help="The channel's id, such as C0123456789.")],
    base_url: Annotated[str, typer.Option(help="Slack's API.")] = SLACK_API,
    buttons: Annotated[
        bool, typer.Option("--buttons", help="Alerts have buttons; `vensor slack listen` hears.")
    ] = False,
) -> None:
    """Connects a Slack channel; the app's bot token (xoxb-…) is read from stdin.

    The app needs the scopes chat:write, channels:read and channels:history, and a seat in the
    channel; with files:write the digest has its picture.

    With --buttons an app-level token (xapp-…, connections:write) is read from the next line.

    Example: [bold]vensor connect slack --org acme --channel C0123456789 < token[/bold]
    """
    with opened(org) as resources:
        token = _secret("bot token")
        app_token = _secret("app-level token") if buttons else None
        if app_token is not None:
            check_app_token(base_url, app_token)  # before anything is replaced
        team = connect_slack(resources, base_url=base_url, channel=channel, token=token)
        if app_token is not None:
            store_app_token(resources, base_url=base_url, channel=channel, token=app_token)
        else:
            forget_connection(resources, BUTTONS)
    stdout.print(f"{org} is connected to the Slack workspace {team}")


@disconnect.command("zendesk")
@needs("connect")
def disconnect_zendesk(org: Org) -> None:
    """Revokes the token at Zendesk and forgets the OAuth client. What is loaded stays.

    Example: [bold]vensor disconnect zendesk --org acme[/bold]
    """
    with opened(org) as resources:
        kind = revoke_zendesk(resources)
    end = "its token is revoked"
    if kind == "api_token":
        end = "delete its API token in Zendesk's Admin Center, which alone can"
    stdout.print(f"{org} is disconnected from Zendesk; {end}", soft_wrap=True)


@disconnect.command("slack")
@needs("connect")
def disconnect_slack(org: Org) -> None:
    """Forgets the bot token. To end it at Slack as well, remove the app from the workspace.

    Example: [bold]vensor disconnect slack --org acme[/bold]
    """
    with opened(org) as resources:
        find_connection(resources, "slack")
        forget_connection(resources, "slack")
        forget_connection(resources, BUTTONS)
    stdout.print(f"{org} is disconnected from Slack")


def connect_zendesk(resources: Resources, *, base_url: str, client_id: str, secret: str) -> None:
    """Stores the connection once Zendesk has given a token for it."""
    _store_tried(resources, base_url, Credentials(client_id, secret))


def connect_api_token(resources: Resources, *, base_url: str, email: str, token: str) -> None:
    """Stores the connection once Zendesk has taken the API token, and says that it will end."""
    stderr.print(LEGACY_WARNING, style="yellow", soft_wrap=True)
    _store_tried(resources, base_url, Credentials(kind="api_token", email=email, api_token=token))


def allowed_client(
    base_url: str, client: Credentials, *, port: int, wait_seconds: float
) -> Credentials:
    """The client's credentials, once an administrator has allowed them in the browser."""
    with browsers.listening(port) as callback:
        consent = Consent.begun(callback.redirect_uri)
        browsers.show(consent.url(base_url, client.client_id, scopes=client.asked_scopes))
        code = consent.code(callback.wait(wait_seconds))
    by_code = msgspec.structs.replace(client, kind="authorization_code")
    with http_client(base_url) as http:
        return redeem_code(http, by_code, consent, code, now=datetime.now(UTC))


def connect_slack(resources: Resources, *, base_url: str, channel: str, token: str) -> str:
    """Stores the connection once Slack has accepted the token and channel; the workspace."""
    team = SlackChannel(base_url=base_url, token=token, channel=channel).check()
    store_connection(
        resources,
        provider="slack",
        base_url=base_url,
        account=channel,
        client_id=None,
        secret=token.encode(),
    )
    return team


def _client(client_id: str, *, public: bool, write: bool) -> Credentials:
    secret = "" if public else _secret("client secret")
    return Credentials(client_id, secret, more_scopes="write" if write else "")


def _store_tried(resources: Resources, base_url: str, credentials: Credentials) -> None:
    """Stores what works; an earlier connection stays where this one does not."""
    held = HeldCredentials(credentials)
    with ZendeskClient.opened(base_url, held) as client:
        client.check()
    store_zendesk(resources, base_url=base_url, credentials=held.load())


def _address(subdomain: str | None, base_url: str | None) -> str:
    """The account's URL. Raises: BadParameter."""
    if (subdomain is None) == (base_url is None):
        raise typer.BadParameter("give one of --subdomain and --base-url")
    if subdomain is not None and not SUBDOMAIN.fullmatch(subdomain):
        raise typer.BadParameter("--subdomain is acme for acme.zendesk.com")
    return base_url or f"https://{subdomain}.zendesk.com"


def _check_way(
    client_id: str | None, email: str | None, *, browser: bool, public: bool, api_token: bool
) -> None:
    """Raises: BadParameter unless the options name one way to connect, and all that it needs."""
    if api_token and (client_id or browser or public):
        raise typer.BadParameter("--api-token goes with --email alone")
    if api_token and not ADDRESS.fullmatch(email or ""):
        raise typer.BadParameter("--api-token needs the --email of the agent that it belongs to")
    if not api_token and email:
        raise typer.BadParameter("--email goes with --api-token")
    if not api_token and not client_id:
        raise typer.BadParameter("give the --client-id of an OAuth client")
    if public and not browser:
        raise typer.BadParameter("--public goes with --browser: such a client needs consent")


def _secret(name: str) -> str:
    """One line from stdin, asked for without echo where a person types it."""
    if sys.stdin.isatty():
        import getpass

        secret = getpass.getpass(f"{name}: ")
    else:
        secret = sys.stdin.readline()
    if not secret.strip():
        raise ConfigurationError(f"the {name} is read from stdin, and there was none")
    stderr.print(f"{name} read", style="dim")
    return secret.strip()
