"""`vensor doctor`: what is configured, what is missing, what it means."""

import secrets
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

import typer
from rich.table import Table
from sqlalchemy import text

from cli import orchestrator, peers
from cli.display import stdout
from tasks.connections import StoredCredentials, find_connection, unsealed_credentials
from tasks.diagnosis import Finding
from tasks.errors import ConfigurationError, VensorError
from tasks.escalation import SlackChannel
from tasks.extraction import probed_modes
from tasks.gate import NOTICE, permitted_organizations, signed_in, supabase_auth
from tasks.http import checked_base_url
from tasks.quality import kept_runs
from tasks.reminding import told_in_short
from tasks.resources import opened, opened_engine, opened_kek
from tasks.rights import find_due
from tasks.settings import Settings, load_settings
from tasks.zendesk import ZendeskClient, credential_notes
from warehouse.quarantine import held_records
from warehouse.repairs import stuck


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor() -> None:
    """Checks settings, warehouse, keys and every connection; exits 1 if something is broken.

    Settings: VENSOR_HOME, VENSOR_WAREHOUSE_URL, VENSOR_LOADER_URL, VENSOR_TRANSFORMER_URL,
    VENSOR_KEK, VENSOR_ACTOR, OPENAI_API_KEY, OPENAI_BASE_URL, PREFECT_API_URL. For members:
    VENSOR_SUPABASE_URL, VENSOR_TOKEN, VENSOR_SUPABASE_ANON_KEY, VENSOR_JWT_SECRET (HS256
    projects only, 32 bytes or more).

    Example: [bold]vensor doctor[/bold]
    """
    settings = load_settings()
    findings = [
        _tried("key-encryption key", lambda: _kek(settings)),
        _tried("warehouse", lambda: _warehouse(settings)),
        _members(settings),
        _prefect(settings),
        _sandbox(settings),
        _models(settings),
    ]
    who, slugs = _who(settings, warehouse=bool(findings[1].ok))
    findings.append(who)
    for slug in slugs:
        findings.append(_tried(f"{slug}: Zendesk", partial(_zendesk, slug)))
        findings.append(_tried(f"{slug}: Slack", partial(_slack, slug)))
        findings.append(_gates(settings, slug))
        findings.append(_requests(slug))
    if findings[1].ok and who.ok and not slugs:
        findings.append(Finding("organizations", None, "none of yours; `vensor org add` adds one"))
    print_findings(findings)
    for slug in slugs:
        _print_streams(slug)
    if any(finding.ok is False for finding in findings):
        raise typer.Exit(1)


def print_findings(findings: Sequence[Finding]) -> None:
    """Prints one line each."""
    table = Table("", "what", "meaning", box=None, pad_edge=False)
    marks = {True: "[green]ok[/green]", False: "[red]broken[/red]", None: "[dim]none[/dim]"}
    for finding in findings:
        table.add_row(marks[finding.ok], finding.subject, finding.meaning)
    stdout.print(table)


def _print_streams(slug: str) -> None:
    """How each stream of Zendesk is read: every way is tried, which takes a request each."""
    try:
        modes = probed_modes(slug, datetime.now(UTC))
        with opened(slug) as resources, resources.session() as connection:
            held, left = len(held_records(connection)), stuck(connection)
    except VensorError:
        return  # the line of this organization's Zendesk says why
    table = Table("stream", "read by", "export", "list", "why", box=None, pad_edge=False)
    for one in modes:
        mode = f"[red]{one.mode}[/red]" if one.mode == "off" else one.mode
        table.add_row(one.stream, mode, one.export, one.list, one.reason)
    stdout.print()
    stdout.print(f"{slug}: streams of Zendesk", style="bold")
    stdout.print(table)
    if held:
        stdout.print(f"{held} records are in quarantine; `vensor quarantine list --org {slug}`")
    if left:
        stdout.print(f"{left} tickets could not be read one by one; the next runs leave them out")


def _tried(subject: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, True, check())
    except VensorError as error:
        return Finding(subject, False, str(error))


def _kek(settings: Settings) -> str:
    kek = opened_kek(settings)
    began = time.perf_counter()
    key_uri, wrapped = kek.wrap(secrets.token_bytes(32), b"vensor doctor")
    kek.unwrap(key_uri, wrapped, b"vensor doctor")
    taken = f"wraps and opens in {1000 * (time.perf_counter() - began):.0f} ms"
    where = "VENSOR_KEK" if settings.kek else f"in {settings.home}: back it up apart from the data"
    return f"{key_uri} ({where}), {taken}"


def _warehouse(settings: Settings) -> str:
    with opened_engine(settings) as engine, engine.connect() as connection:
        version = connection.execute(text("show server_version")).scalar_one()
        vector = connection.execute(
            text("select extversion from pg_extension where extname = 'vector'")
        ).scalar_one()
    kind = f"embedded under {settings.home}" if settings.embedded else "your own"
    return f"{kind}, PostgreSQL {version}, pgvector {vector}"


def _prefect(settings: Settings) -> Finding:
    server = orchestrator.find(settings.home)
    if server is None:
        return Finding("Prefect server", None, "not running; `vensor run` starts it")
    return Finding("Prefect server", True, server.url)


def _sandbox(settings: Settings) -> Finding:
    running = peers.find(settings.home)
    if running is None:
        return Finding("sandbox", None, "not running; `vensor demo` starts it")
    return Finding("sandbox", True, f"accounts: {', '.join(running.zendesk)}")


def _who(settings: Settings, *, warehouse: bool) -> tuple[Finding, list[str]]:
    """Who acts, and the organizations that are theirs to look at."""
    try:
        actor = signed_in(settings)
        if not warehouse:
            return Finding("you", True, actor.name), []
        with opened_engine(settings) as engine:
            found = permitted_organizations(engine, actor, "org.read")
    except VensorError as error:
        return Finding("you", False, str(error)), []
    return Finding("you", True, actor.name), [one.slug for one in found]


def _members(settings: Settings) -> Finding:
    """Whether users sign in, and whether what verifies them can be had."""
    if settings.supabase_url is None:
        return Finding("members", None, NOTICE)
    return _tried("members", lambda: _supabase(settings))


def _supabase(settings: Settings) -> str:
    auth = supabase_auth(settings)
    published = len(auth.fetch_keys())
    if not published and settings.jwt_secret is None:
        raise ConfigurationError(
            f"{auth.issuer} publishes no keys: set VENSOR_JWT_SECRET, or move the Supabase project"
            " to signing keys"
        )
    also = ", and VENSOR_JWT_SECRET" if settings.jwt_secret else ""
    return f"users of {settings.supabase_url}, whose tokens {published} keys verify{also}"


def _models(settings: Settings) -> Finding:
    if settings.openai_api_key is None:
        return Finding("OPENAI_API_KEY", None, "not set: models of this machine do the work")
    return _tried("models", lambda: f"by {checked_base_url(settings.openai_base_url)}")


def _zendesk(slug: str) -> str:
    with opened(slug) as resources:
        base_url = find_connection(resources, "zendesk").base_url
        store = StoredCredentials(resources)
        with ZendeskClient.opened(base_url, store) as client:
            client.check()
        credentials = store.load()
    allowed = f"allowed to {credentials.scopes}" if credentials.scopes else "by API token"
    return "; ".join([f"{base_url}, {allowed}", *credential_notes(credentials, datetime.now(UTC))])


def _gates(settings: Settings, slug: str) -> Finding:
    """How the latest gate of each kind was found on this machine."""
    latest = {run.result.suite: run for run in reversed(kept_runs(settings.home, slug))}
    closed = [run for run in latest.values() if run.result.failed]
    if closed:
        told = "; ".join(f"{run.result.suite} is closed: {run.page}" for run in closed)
        return Finding(f"{slug}: gates", False, told)
    if not latest:
        return Finding(f"{slug}: gates", None, "none run here yet; `vensor run` runs them")
    return Finding(f"{slug}: gates", True, f"{len(latest)} open; `vensor gates --org {slug}`")


def _requests(slug: str) -> Finding:
    """What people asked for by right: broken where it is late, whoever's fault that is."""
    subject = f"{slug}: requests"
    try:
        with opened(slug) as resources:
            due = find_due(resources, datetime.now(UTC))
    except VensorError as error:
        return Finding(subject, False, str(error))
    if not due.pending:
        return Finding(subject, True, "nobody waits for anything")
    told = f"{told_in_short(due)}; `vensor privacy requests --org {slug}`"
    return Finding(subject, not due.overdue, told)


def _slack(slug: str) -> str:
    with opened(slug) as resources:
        connected = find_connection(resources, "slack")
        token = unsealed_credentials(resources, connected).decode()
        team = SlackChannel(
            base_url=connected.base_url, token=token, channel=connected.account
        ).check()
    return f"workspace {team}, channel {connected.account}"
