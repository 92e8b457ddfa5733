"""`vensor retention` and `vensor org retention`: what ends when, ending it, and the proof."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table

from cli import orchestrator
from cli.display import shown_progress, stdout
from cli.gate import needs
from cli.operate import AsOf
from cli.organizations import org as organizations
from tasks.authorizing import authorize
from tasks.clocks import EXPORT_DAYS, change_clocks, clocks_of, longer, with_days
from tasks.errors import AlteredError, ConfigurationError
from tasks.proofs import verified_proofs
from tasks.reporting.words import counted
from tasks.resources import opened, opened_engine
from tasks.settings import load_settings
from warehouse.clocks import Clocks
from warehouse.proofs import Proof
from warehouse.sessions import directory


class What(StrEnum):
    """What `vensor retention` shows in place of a run."""

    PROOFS = "proofs"


def register(app: typer.Typer) -> None:
    app.command()(retention)


def _run_or_read(given: Mapping[str, Any]) -> str:
    return "retention.run" if given.get("what") is None else "retention.read"


def _read_or_change(given: Mapping[str, Any]) -> str:
    days = ("content_days", "audit_days", "agent_days")
    told = any(given.get(name) is not None for name in days)
    return "retention.change" if told else "org.read"


@needs("retention.run", "retention.read", which=_run_or_read)
def retention(
    what: Annotated[
        What | None, typer.Argument(help="`proofs`: what the last runs proved. Runs without it.")
    ] = None,
    org: Annotated[str | None, typer.Option("--org", help="One organization only.")] = None,
    as_of: AsOf = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, delete nothing.")] = False,
) -> None:
    """Deletes what is past its clock, destroys its keys, and proves that nothing is left.

    Instead of that, `proofs` lists what the last runs proved, and verifies their signatures.

    Examples: [bold]vensor retention --org acme --dry-run[/bold]
    [bold]vensor retention proofs --org acme[/bold]
    """
    if what is not None:
        _show_proofs(org)
        return
    instant = as_of or datetime.now(UTC)
    settings = load_settings()
    settings.logins()
    orchestrator.configure(settings.home)
    from flows.retention import retention as flow

    authorization = authorize("retention.run", org, as_of=instant)
    with shown_progress("retention"):
        receipts = flow(org=org, as_of=instant, dry_run=dry_run, authorization=authorization)
    for receipt in receipts:
        stdout.print(receipt)


@organizations.command("retention")
@needs("org.read", "retention.change", which=_read_or_change)
def clocks(
    org: Annotated[str, typer.Option("--org", help="The organization's slug.")],
    content_days: Annotated[
        int | None,
        typer.Option(min=1, max=3650, help="Content and tickets, from their last change."),
    ] = None,
    audit_days: Annotated[
        int | None, typer.Option(min=30, max=3650, help="The audit trail. Its seals stay.")
    ] = None,
    agent_days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Daily figures of single agents.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Lengthen without being asked.")] = False,
) -> None:
    """Shows an organization's clocks, or changes them. A privacy officer does that.

    A shorter clock counts from the next run on, and what it ends does not come back.

    Examples: [bold]vensor org retention --org acme[/bold]
    [bold]vensor org retention --org acme --content-days 14[/bold]
    """
    with opened(org) as resources:
        before = clocks_of(resources)
        after = with_days(before, content=content_days, audit=audit_days, agents=agent_days)
        _confirm(org, longer(before, after), yes=yes)
        changed = change_clocks(resources, after)
    for name, (was, now) in changed.items():
        stdout.print(f"{org}: {name.replace('_', ' ')} {was} → {now}")
    stdout.print(_table(after))


def _confirm(org: str, warning: str, *, yes: bool) -> None:
    """Raises: ConfigurationError where nobody is there to agree, or somebody does not."""
    if not warning or yes:
        return
    if not sys.stdin.isatty():
        raise ConfigurationError(f"{org}: {warning}; say --yes to agree")
    if not typer.confirm(f"{org}: {warning}. Is that meant?", err=True):
        raise ConfigurationError(f"{org}: the clocks stay as they were")


def _table(clocks: Clocks) -> Table:
    table = Table("what", "days", "ends", box=None, pad_edge=False)
    table.add_row(
        "content", str(clocks.content_days), "after the record's last change; its week's key too"
    )
    table.add_row(
        "tickets, states, scores",
        str(clocks.content_days),
        "after its last activity, once measured",
    )
    table.add_row("messages in Slack", str(clocks.content_days), "after they were queued")
    table.add_row("agents' figures", str(clocks.agent_days), "after the day that they are of")
    table.add_row("audit trail", str(clocks.audit_days), "after the day that it tells of")
    table.add_row("export archives", str(EXPORT_DAYS), "after they were made")
    table.add_row("metric tables, proofs", "", "never: no person is in them")
    return table


def _show_proofs(org: str | None) -> None:
    """Raises: AlteredError naming what was not signed here as it is."""
    altered, checked = [], 0
    for slug in [org] if org is not None else _slugs():
        table = Table(title=slug, title_justify="left", box=None, pad_edge=False)
        for name in ("as of (UTC)", "class", "before", "deleted", "held", "after", "oldest left"):
            table.add_column(name)
        with opened(slug) as resources:
            found = verified_proofs(resources, limit=30)
        checked += len(found)
        for proof, genuine in found:
            _add_proof(table, proof)
            altered += [] if genuine else [f"{slug} {proof.proof_id}"]
        stdout.print(table if found else f"{slug}: no run has proved anything yet")
    if altered:
        raise AlteredError(f"not as they were signed: {', '.join(altered)}")
    if checked:
        stdout.print(f"{counted(checked, 'proof')}, every signature is good")


def _add_proof(table: Table, proof: Proof) -> None:
    record: Mapping[str, Any] = proof.record
    as_of = str(record.get("as_of", ""))[:16].replace("T", " ")
    for kind, told in dict(record.get("classes", {})).items():
        names = ("before", "deleted", "held", "after", "oldest")
        table.add_row(as_of, kind, *(str(told.get(name, ""))[:10] for name in names))
        as_of = ""


def _slugs() -> list[str]:
    with opened_engine(load_settings()) as engine:
        return [one.slug for one in directory(engine)]
