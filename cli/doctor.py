"""`vensor doctor`: what is configured, what is missing, what it means, what to do."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer
from rich.table import Table

from cli import orchestrator, peers
from cli.display import print_json, stdout
from tasks.diagnosis import Check, Finding, examined, tried
from tasks.diagnosis import accounts as of_accounts
from tasks.diagnosis import organization as of_organization
from tasks.diagnosis.keys import check_kek, check_keys
from tasks.diagnosis.prefect import Api, api_of_settings, check_prefect
from tasks.diagnosis.warehouse import warehouse_checks
from tasks.errors import ConfigurationError, VensorError
from tasks.gate import (
    NOTICE,
    named_organizations,
    permit,
    permitted_organizations,
    signed_in,
    supabase_auth,
)
from tasks.http import hurried
from tasks.identity import Actor, acting_as, serving
from tasks.resources import opened, opened_engine
from tasks.settings import Settings, load_settings
from warehouse.modes import read_modes

WORDS = {True: "ok", False: "to do", None: "none"}
MARKS = {True: "[green]ok[/green]", False: "[red]to do[/red]", None: "[dim]none[/dim]"}


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(
    org: Annotated[str | None, typer.Option("--org", help="One organization only.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")] = False,
) -> None:
    """Checks settings, warehouse, keys, Prefect and every connection; exits 1 while there is to do.

    Settings: VENSOR_HOME, VENSOR_WAREHOUSE_URL, VENSOR_LOADER_URL, VENSOR_TRANSFORMER_URL,
    VENSOR_KEK, VENSOR_ACTOR, OPENAI_API_KEY, OPENAI_BASE_URL, SENTRY_DSN, PREFECT_API_URL. For
    members: VENSOR_SUPABASE_URL, VENSOR_TOKEN, VENSOR_SUPABASE_ANON_KEY, VENSOR_JWT_SECRET (HS256
    projects only, 32 bytes or more).

    Examples: [bold]vensor doctor[/bold]
    [bold]vensor doctor --org acme --json[/bold]
    """
    with hurried():
        found, slugs = _looked_over(load_settings(), org)
    _show(found, slugs, as_json=as_json)
    if any(one.ok is False for one in found):
        raise typer.Exit(1)


def _looked_over(settings: Settings, org: str | None) -> tuple[list[Finding], list[str]]:
    """What is found, and the organizations that it is of."""
    now, found = datetime.now(UTC), examined(_of_all(settings))
    # a server that does not answer, or does not take the key, is one finding
    models = not any(one.subject == "models" and one.ok is False for one in found)
    there = any(one.subject == "migrations" and one.ok for one in found)
    who, actor, slugs = _who(settings, org, warehouse=there)
    found.append(who)
    checks = [one for slug in slugs for one in _of_one(settings, slug, now, models=models)]
    # whatever is opened to be looked at is in the audit trail, with who looked
    with acting_as(actor), serving("doctor"):
        found += examined(checks)
    if there and who.ok and not slugs:
        found.append(Finding("organizations", None, "none of yours; `vensor org add` adds one"))
    return found, slugs


def _of_all(settings: Settings) -> list[Check]:
    """What is of no organization."""
    try:
        warehouse = warehouse_checks(settings)
    except VensorError as error:
        warehouse = [partial(_told, Finding("warehouse", False, str(error)))]
    return [
        tried("key-encryption key", lambda: check_kek(settings)),
        *warehouse,
        tried("members", lambda: _members(settings)),
        tried("Prefect", lambda: check_prefect(_api(settings))),
        tried("models", lambda: of_accounts.check_models(settings)),
        lambda: [_sandbox(settings), _sentry(settings)],
    ]


def _of_one(settings: Settings, slug: str, now: datetime, *, models: bool) -> list[Check]:
    """What is of one organization. Zendesk comes first: its streams take longest."""
    named: list[tuple[str, Check]] = [
        ("Zendesk", lambda: of_accounts.check_account(slug, now)),
        ("Slack", lambda: of_accounts.check_slack(slug)),
        *([("models", lambda: of_accounts.check_chosen_models(slug))] if models else []),
        ("keys", lambda: check_keys(slug)),
        ("freshness", lambda: of_organization.check_freshness(slug, now)),
        ("gates", lambda: of_organization.check_gates(settings, slug)),
        ("quarantine", lambda: of_organization.check_quarantine(slug)),
        ("retention", lambda: of_organization.check_retention(slug, now)),
        ("audit trail", lambda: of_organization.check_trail(slug, now)),
        ("requests", lambda: of_organization.check_requests(slug)),
    ]
    return [tried(f"{slug}: {name}", check) for name, check in named]


def _told(finding: Finding) -> list[Finding]:
    return [finding]


def _show(found: Sequence[Finding], slugs: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {
                    "subject": one.subject,
                    "state": WORDS[one.ok],
                    "meaning": one.meaning,
                    "advice": one.advice,
                }
                for one in found
            ]
        )
        return
    print_findings(found)
    tried_now = {one.subject for one in found}
    for slug in slugs:
        if f"{slug}: streams" in tried_now:
            _print_streams(slug)


def print_findings(findings: Sequence[Finding]) -> None:
    """Prints one line each."""
    table = Table("", "what", "meaning", "what to do", box=None, pad_edge=False)
    for finding in findings:
        table.add_row(MARKS[finding.ok], finding.subject, finding.meaning, finding.advice)
    stdout.print(table)


def _print_streams(slug: str) -> None:
    """How each stream of Zendesk is read, as it was just found."""
    try:
        with opened(slug) as resources, resources.session() as connection:
            modes = read_modes(connection, "zendesk").values()
    except VensorError:
        return  # a line of this organization's says why
    if not modes:
        return
    table = Table("stream", "read by", "export", "list", "why", box=None, pad_edge=False)
    for one in modes:
        mode = f"[red]{one.mode}[/red]" if one.mode == "off" else one.mode
        table.add_row(one.stream, mode, one.export, one.list, one.reason)
    stdout.print()
    stdout.print(f"{slug}: streams of Zendesk", style="bold")
    stdout.print(table)


def _api(settings: Settings) -> Api | None:
    """The Prefect server of PREFECT_API_URL, or else this home's own."""
    told = api_of_settings()
    if told is not None:
        return told
    server = orchestrator.find(settings.home)
    return None if server is None else Api(f"{server.url}/api", server.auth_string)


def _sandbox(settings: Settings) -> Finding:
    running = peers.find(settings.home)
    if running is None:
        return Finding("sandbox", None, "not running; `vensor demo` starts it")
    return Finding("sandbox", True, f"accounts: {', '.join(running.zendesk)}")


def _sentry(settings: Settings) -> Finding:
    if settings.sentry_dsn is None:
        return Finding("Sentry", None, "no SENTRY_DSN: errors and traces are reported nowhere")
    rate = f"{settings.sentry_traces_sample_rate:.0%} of traces"
    return Finding("Sentry", True, f"errors and {rate}, as {settings.sentry_environment}")


def _who(
    settings: Settings, org: str | None, *, warehouse: bool
) -> tuple[Finding, Actor, list[str]]:
    """Who acts, and the organizations that are theirs to look at."""
    nobody = Actor(settings.actor)
    try:
        actor = signed_in(settings)
        if not warehouse:
            return Finding("you", True, actor.name), actor, []
        with opened_engine(settings) as engine:
            if org is None:
                found = permitted_organizations(engine, actor, "org.read")
            else:
                found = named_organizations(engine, actor, org)
                permit(engine, actor, "org.read", found)
    except VensorError as error:
        return Finding("you", False, str(error)), nobody, []
    return Finding("you", True, actor.name), actor, [one.slug for one in found]


def _members(settings: Settings) -> list[Finding]:
    """Whether users sign in, and whether what verifies them can be had."""
    if settings.supabase_url is None:
        return [Finding("members", None, NOTICE)]
    auth = supabase_auth(settings)
    published = len(auth.fetch_keys())
    if not published and settings.jwt_secret is None:
        raise ConfigurationError(
            f"{auth.issuer} publishes no keys: set VENSOR_JWT_SECRET, or move the Supabase project"
            " to signing keys"
        )
    also = ", and VENSOR_JWT_SECRET" if settings.jwt_secret else ""
    told = f"users of {settings.supabase_url}, whose tokens {published} keys verify{also}"
    return [Finding("members", True, told)]
