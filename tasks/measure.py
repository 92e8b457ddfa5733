"""Metrics: dbt builds this organization's metric tables and tests them."""

from datetime import datetime

from tasks.metrics.dbt import build
from tasks.progress import report
from tasks.resources import opened
from tasks.step import step
from warehouse.ledger import StageResult


@step
def build_metrics(slug: str, as_of: datetime) -> StageResult:
    """Builds every metric table for the days that are not sealed, as of an instant."""
    with opened(slug) as resources:
        result = build(
            resources.logins.transformer,
            org_id=resources.organization.org_id,
            as_of=as_of,
            target_dir=resources.settings.home / "dbt",
            on_node=_report,
        )
    return StageResult(
        result.models, result.rows, note=f"{result.models} models, {result.tests} tests"
    )


def _report(name: str, done: int, total: int) -> None:
    report("measure", done, total=total, note=name)
