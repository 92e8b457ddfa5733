"""Purging: metric days sealed first, then everything that is past its clock deleted."""

from collections.abc import Mapping
from datetime import datetime

from tasks.artifacts import show_table
from tasks.ledger import turn
from tasks.purging import Purge, carry_out, find_past, rehearse
from tasks.resources import opened, opened_engine
from tasks.settings import load_settings
from tasks.step import step
from warehouse import retention
from warehouse.proofs import Proof


@step
def begin_purge(slug: str, as_of: datetime) -> dict[str, int]:
    """Seals the organization's metric days; what is past its clock, by table, before any goes."""
    with opened(slug) as resources, turn(resources):
        return dict(find_past(Purge.of(resources, as_of), resources.session))


@step
def purge_organization(
    slug: str, as_of: datetime, dry_run: bool, found: Mapping[str, int] | None = None
) -> str:
    """Deletes what is past this organization's clock, and proves it; a receipt of counts.

    `found`: what `begin_purge` counted, where whole days of it have been dropped since.
    """
    with opened(slug) as resources, turn(resources):
        purge = Purge.of(resources, as_of)
        if dry_run:
            rehearse(purge)
            return _receipt(purge, "would delete")
        _show(slug, carry_out(purge, found))
        return _receipt(purge, "deleted")


@step
def drop_past_days(as_of: datetime, dry_run: bool = False) -> str:
    """Drops the daily partitions of content past every organization's clock."""
    with opened_engine(load_settings()) as engine:
        if dry_run:
            return f"{len(retention.past_partitions(engine, as_of))} daily partitions would go"
        return f"{len(retention.drop_partitions(engine, as_of))} daily partitions dropped"


@step
def drop_past_audit(as_of: datetime) -> str:
    """Drops the daily partitions of the audit trail past every organization's clock."""
    with opened_engine(load_settings()) as engine:
        return f"{len(retention.drop_audit_partitions(engine, as_of))} audit partitions dropped"


def _receipt(purge: Purge, verb: str) -> str:
    """Tables and counts, and in words why something had to stay."""
    counts = sorted((+purge.deleted).items())
    parts = ", ".join(f"{count:,} {name}" for name, count in counts)
    slug, cutoff = purge.resources.organization.slug, purge.at.cutoff
    told = f"{slug}, before {cutoff:%Y-%m-%d %H:%M} UTC: {verb} {parts or 'nothing'}"
    if purge.held:
        told += f"; {purge.held:,} rows of content held"
    return told + "".join(f" ({why})" for why in purge.whys)


def _show(slug: str, proof: Proof) -> None:
    """The proof as a table of the run's."""
    classes = proof.record["classes"]
    rows = classes.items() if isinstance(classes, dict) else []
    show_table(
        f"retention-{slug}",
        [{"class": kind, **counts} for kind, counts in rows],
        f"{slug}: what was past its clock, proof {proof.proof_id}",
    )
