"""`vensor connect`: an organization's Zendesk and Slack. Secrets are read from stdin."""

import sys
from typing import Annotated

import msgspec
import typer

from cli.display import stderr, stdout
from tasks.connections import (
    StoredCredentials,
    find_connection,
    forget_connection,
    store_connection,
)
from tasks.errors import ConfigurationError
from tasks.escalation import SlackChannel
from tasks.resources import Resources, opened
from tasks.zendesk.client import ZendeskClient
from tasks.zendesk.oauth import Credentials

SLACK_API = "https://slack.com/api/"

connect = typer.Typer(help="Connects an organization to its services.", no_args_is_help=True)
disconnect = typer.Typer(help="Ends a connection and its secrets.", no_args_is_help=True)
Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]


def register(app: typer.Typer) -> None:
    app.add_typer(connect, name="connect")
    app.add_typer(disconnect, name="disconnect")


@connect.command("zendesk")
def zendesk(
    org: Org,
    client_id: Annotated[str, typer.Option(help="The OAuth client's identifier.")],
    subdomain: Annotated[str | None, typer.Option(help="acme for acme.zendesk.com.")] = None,
    base_url: Annotated[str | None, typer.Option(help="In place of --subdomain.")] = None,
) -> None:
    """Connects Zendesk with an OAuth client of the account; its secret is read from stdin.

    In Zendesk: Admin Center, Apps and integrations, APIs, OAuth clients; kind: confidential.

    Example:
    [bold]vensor connect zendesk --org acme --subdomain acme --client-id vensor < secret[/bold]
    """
    if (subdomain is None) == (base_url is None):
        raise typer.BadParameter("give one of --subdomain and --base-url")
    url = base_url or f"https://{subdomain}.zendesk.com"
    with opened(org) as resources:
        connect_zendesk(
            resources, base_url=url, client_id=client_id, secret=_secret("client secret")
        )
    stdout.print(f"{org} is connected to Zendesk at {url}")


@connect.command("slack")
def slack(
    org: Org,
    channel: Annotated[str, typer.Option(help="The channel's id, such as C0123456789.")],
    base_url: Annotated[str, typer.Option(help="Slack's API.")] = SLACK_API,
) -> None:
    """Connects a Slack channel; the app's bot token (xoxb-…) is read from stdin.

    The app needs the scopes chat:write, channels:read and channels:history, and a seat in the
    channel.

    Example: [bold]vensor connect slack --org acme --channel C0123456789 < token[/bold]
    """
    with opened(org) as resources:
        team = connect_slack(
            resources, base_url=base_url, channel=channel, token=_secret("bot token")
        )
    stdout.print(f"{org} is connected to the Slack workspace {team}")


@disconnect.command("zendesk")
def disconnect_zendesk(org: Org) -> None:
    """Revokes the token at Zendesk and forgets the OAuth client. What is loaded stays.

    Example: [bold]vensor disconnect zendesk --org acme[/bold]
    """
    with opened(org) as resources:
        base_url = find_connection(resources, "zendesk").base_url
        with ZendeskClient.opened(base_url, StoredCredentials(resources)) as client:
            client.revoke()
        forget_connection(resources, "zendesk")
    stdout.print(f"{org} is disconnected from Zendesk; its token is revoked")


@disconnect.command("slack")
def disconnect_slack(org: Org) -> None:
    """Forgets the bot token. To end it at Slack as well, remove the app from the workspace.

    Example: [bold]vensor disconnect slack --org acme[/bold]
    """
    with opened(org) as resources:
        find_connection(resources, "slack")
        forget_connection(resources, "slack")
    stdout.print(f"{org} is disconnected from Slack")


def connect_zendesk(resources: Resources, *, base_url: str, client_id: str, secret: str) -> None:
    """Stores the connection once Zendesk has given a token for it."""
    credentials = Credentials(client_id=client_id, client_secret=secret)
    store_connection(
        resources,
        provider="zendesk",
        base_url=base_url,
        account=base_url.rstrip("/").rsplit("/", 1)[-1],
        client_id=client_id,
        secret=msgspec.json.encode(credentials),
    )
    with ZendeskClient.opened(base_url, StoredCredentials(resources)) as client:
        client.check()


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
