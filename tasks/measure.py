"""Metrics: dbt builds this organization's metric tables, beside the ones that are published."""

import hashlib
from datetime import date, datetime

from tasks.metrics.dbt import build, project_version
from tasks.progress import report
from tasks.pseudonyms import name_agents
from tasks.quality import suite_version
from tasks.resources import Resources, opened
from tasks.step import step
from tasks.unchanged import unless_unchanged
from warehouse import publishing
from warehouse.ledger import StageResult
from warehouse.sessions import tenant_session

MEASURED, SUITE = "metrics", "before_publish"


@step
def build_metrics(slug: str, as_of: datetime, backfilled_on: date | None = None) -> StageResult:
    """Builds the days of every metric table that have changed, as of an instant.

    And a day past the clock, if one is backfilled. What is published stays as it is:
    `tasks.publish` replaces it.
    """
    with opened(slug) as resources:
        # what is published is cleared away: a new version of its gate needs it measured again
        version = f"{_definition(resources)} {suite_version(SUITE)} {backfilled_on or ''}"
        return unless_unchanged(
            resources, MEASURED, version, as_of, lambda: _build(resources, as_of, backfilled_on)
        )


def _build(resources: Resources, as_of: datetime, backfilled_on: date | None) -> StageResult:
    org_id = resources.organization.org_id
    name_agents(resources)
    with resources.transformer() as engine:
        with tenant_session(engine, org_id) as connection:
            definition = _definition(resources)
            begun = publishing.begin(connection, as_of=as_of, definition=definition)
        result = build(
            resources.logins.transformer,
            org_id=org_id,
            as_of=as_of,
            loaded_after=begun.loaded_after,
            backfilled_on=backfilled_on,
            target_dir=resources.settings.home / "dbt",
            on_node=_report,
        )
        with tenant_session(engine, org_id) as connection:
            publishing.finish(connection, org_id, begun)
    return StageResult(result.models, result.rows, note=f"{result.models} models")


def _definition(resources: Resources) -> str:
    """Changes with what every figure depends on: the models, and where days begin."""
    told = f"{project_version()} {resources.organization.timezone}"
    return hashlib.sha256(told.encode()).hexdigest()


def _report(name: str, done: int, total: int) -> None:
    report("measure", done, total=total, note=name)
