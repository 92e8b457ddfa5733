"""`vensor connect`: an organization's Zendesk and Slack. Secrets are read from stdin."""

from typing import Annotated

import typer

from cli import zendesk
from cli.display import stdout
from cli.stdin import read_secret
from tasks.connections import (
    connect_account,
    find_connection,
    forget_connection,
    store_connection,
)
from tasks.escalation import SlackChannel
from tasks.resources import Resources, opened
from tasks.zendesk import Credentials

SLACK_API = "https://slack.com/api/"

connect = typer.Typer(help="Connects an organization to its services.", no_args_is_help=True)
disconnect = typer.Typer(help="Ends a connection and its secrets.", no_args_is_help=True)
Org = Annotated[str, typer.Option("--org", help="The organization's slug.")]


def register(app: typer.Typer) -> None:
    connect.command("zendesk")(zendesk.connect)
    disconnect.command("zendesk")(zendesk.disconnect)
    app.add_typer(connect, name="connect")
    app.add_typer(disconnect, name="disconnect")


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
            resources, base_url=base_url, channel=channel, token=read_secret("bot token")
        )
    stdout.print(f"{org} is connected to the Slack workspace {team}")


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
    connect_account(resources, base_url=base_url, credentials=credentials)


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
