"""`vensor demo`: two organizations of the sandbox, their day, and what to look at."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
import typer
from rich.panel import Panel

from cli import orchestrator, peers
from cli.blocks import words_of
from cli.connect import connect_slack, connect_zendesk
from cli.display import ledger_table, shown_progress, stderr, stdout
from cli.gate import tell_local_operator
from cli.organizations import initialise
from cli.peers import Sandbox
from tasks.errors import ConfigurationError
from tasks.gate import permit
from tasks.identity import Actor
from tasks.resources import Resources, opened, opened_engine
from tasks.settings import Settings, load_settings
from warehouse.metrics import metric_rows
from warehouse.organizations import add_organization, find_connection
from warehouse.sessions import directory

ORGANIZATIONS = {
    "acme": ("Acme Outdoor", "Europe/Berlin", 240),
    "globex": ("Globex Appliances", "America/New_York", 200),
}

SHOWN = 3  # of what stands out


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    tickets: Annotated[
        int | None, typer.Option(min=20, help="Tickets of each organization, the first time.")
    ] = None,
) -> None:
    """Sets up the sandbox and two organizations, runs their day, says what to look at.

    Example: [bold]vensor demo[/bold]
    """
    settings = load_settings()
    if settings.supabase_url is not None:
        raise ConfigurationError("the demo has no members: unset VENSOR_SUPABASE_URL for it")
    tell_local_operator(Actor(settings.actor))
    orchestrator.begin(settings.home)  # takes longest: it starts while the rest is set up
    with stderr.status("the warehouse …"):
        initialise(settings)
    with stderr.status("the sandbox …"):
        sizes = {slug: tickets or size for slug, (_, _, size) in ORGANIZATIONS.items()}
        sandbox = peers.start(settings.home, sizes)
    for slug in ORGANIZATIONS:
        _connect(settings, sandbox, slug)
    with stderr.status("the Prefect server …"):
        orchestrator.configure(settings.home)
    from flows.daily import daily

    instant = datetime.now(UTC)
    with shown_progress("daily"):
        done = daily(as_of=instant)
    for slug, lines in done.items():
        stdout.print(ledger_table(f"{slug}, as of {instant:%Y-%m-%d %H:%M} UTC", lines))
        stdout.print()
    _show(settings, sandbox, instant)


def _connect(settings: Settings, sandbox: Sandbox, slug: str) -> None:
    """Adds and connects the organization, unless it is connected to this sandbox already."""
    _add(settings, slug)
    with opened(slug) as resources:
        with resources.session() as connection:
            known = find_connection(connection, "zendesk")
        if known is not None and known.base_url == sandbox.zendesk[slug]["base_url"]:
            return
        connect_to(sandbox, resources, slug)


def connect_to(sandbox: Sandbox, resources: Resources, account: str) -> None:
    """Connects the organization to this account of the sandbox, and to its channel."""
    zendesk, slack = sandbox.zendesk[account], sandbox.slack
    connect_zendesk(
        resources,
        base_url=zendesk["base_url"],
        client_id=zendesk["client_id"],
        secret=zendesk["client_secret"],
    )
    connect_slack(
        resources,
        base_url=slack["base_url"],
        channel=slack["channels"][account],
        token=slack["bot_token"],
    )


def _add(settings: Settings, slug: str) -> None:
    """Adds the organization. Raises: NotAllowedError for one of that name that has members."""
    name, timezone, _ = ORGANIZATIONS[slug]
    with opened_engine(settings) as engine:
        there = [one for one in directory(engine) if one.slug == slug]
        permit(engine, Actor(settings.actor), "connect", there)
        add_organization(
            engine,
            slug=slug,
            name=name,
            timezone=timezone,
            retention_days=30,
            actor=settings.actor,
        )


def _show(settings: Settings, sandbox: Sandbox, instant: datetime) -> None:
    """What there is to look at, with its beginning."""
    slug = next(iter(ORGANIZATIONS))
    stdout.print(Panel(_last_message(sandbox, slug), title=f"Slack, {slug}", expand=False))
    parts = urlsplit(sandbox.slack["base_url"])
    server = orchestrator.find(settings.home)
    lines = [
        "[bold]Look at[/bold]",
        f"  .venv/bin/vensor metrics --org {slug} fct_ticket_flow_daily",
        f'  .venv/bin/vensor search --org {slug} "refund has not arrived" --in tickets',
        f'  .venv/bin/vensor search --org {slug} "how do I check who is calling"',
        "  .venv/bin/vensor doctor",
        f"  {parts.scheme}://{parts.netloc}/slack/  the messages in Slack",
    ]
    if server is not None:
        where = settings.home / "prefect.json"
        lines.append(f"  {server.url}  the runs in Prefect (user vensor, password in {where})")
    lines.append("  .venv/bin/vensor down  stops it all and loses nothing")
    with opened(slug) as resources, resources.session() as connection:
        columns, rows = metric_rows(connection, "fct_ticket_flow_daily")
    total = sum(row[columns.index("created")] for row in rows)
    lines.insert(1, f"  {len(rows)} rows of fct_ticket_flow_daily count {total} tickets created")
    for line in lines:
        stdout.print(line, soft_wrap=True)
    _report(instant)


def _report(instant: datetime) -> None:
    """Writes each organization's week, and says where it lies and what stands out in it."""
    from tasks.weekly_report import read_report, usual_place, write_page

    for slug in ORGANIZATIONS:
        with opened(slug) as resources, stderr.status(f"the report of {slug} …"):
            report = read_report(resources, as_of=instant)
            path = usual_place(resources, report)
            write_page(report, path)
        found = report.findings
        stdout.print(f"  {path}  the week of {slug}, {len(found)} things stand out", soft_wrap=True)
        for one in found[:SHOWN]:
            stdout.print(f"    {one.line}", soft_wrap=True, markup=False)


def _last_message(sandbox: Sandbox, slug: str) -> str:
    """The channel's last message as Slack has it."""
    with httpx.Client(
        base_url=sandbox.slack["base_url"],
        headers={"Authorization": f"Bearer {sandbox.slack['bot_token']}"},
        trust_env=False,
    ) as client:
        answer = client.get(
            "conversations.history", params={"channel": sandbox.slack["channels"][slug], "limit": 1}
        )
    messages: list[dict[str, Any]] = answer.json().get("messages", [])
    if not messages:
        return "no message yet"
    return words_of(messages[0].get("blocks", []))
