"""Metrics: dbt builds this organization's metric tables and tests them."""

from datetime import datetime

from tasks.metrics.dbt import build, project_version
from tasks.progress import report
from tasks.resources import Resources, opened
from tasks.step import step
from tasks.unchanged import unless_unchanged
from warehouse.ledger import StageResult


@step
def build_metrics(slug: str, as_of: datetime) -> StageResult:
    """Builds every metric table for the days that are not sealed, as of an instant."""
    with opened(slug) as resources:
        return unless_unchanged(
            resources, "metrics", project_version(), as_of, lambda: _build(resources, as_of)
        )


def _build(resources: Resources, as_of: datetime) -> StageResult:
    result = build(
        resources.logins.transformer,
        org_id=resources.organization.org_id,
        as_of=as_of,
        target_dir=resources.settings.home / "dbt",
        on_node=_report,
    )
    note = f"{result.models} models, {result.tests} tests"
    return StageResult(result.models, result.rows, note=note)


def _report(name: str, done: int, total: int) -> None:
    report("measure", done, total=total, note=name)
