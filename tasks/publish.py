"""Publishing: what was measured is audited, and then takes the place of the published tables."""

from datetime import datetime

from tasks.check import pass_gate
from tasks.errors import ClosedGateError
from tasks.measure import MEASURED
from tasks.quality import suite_version
from tasks.resources import Resources, opened
from tasks.step import step
from tasks.unchanged import forget, unless_unchanged
from warehouse.ledger import StageResult
from warehouse.publishing import publish
from warehouse.sessions import engine_for, tenant_session

SUITE = "before_publish"


@step
def publish_metrics(slug: str, as_of: datetime) -> StageResult:
    """Publishes the days that were measured, once every expectation of the gate holds.

    Raises: ClosedGateError naming what does not hold; the tables stay as they were, and the next
    run measures again.
    """
    with opened(slug) as resources:
        return unless_unchanged(
            resources,
            f"gate {SUITE}",
            suite_version(SUITE),
            as_of,
            lambda: _publish(resources, as_of),
        )


def _publish(resources: Resources, as_of: datetime) -> StageResult:
    try:
        checked = pass_gate(resources, SUITE, as_of)
    except ClosedGateError:
        forget(resources, MEASURED)
        raise
    engine = engine_for(resources.logins.transformer)
    org_id = resources.organization.org_id
    try:
        with tenant_session(engine, org_id) as connection:
            rows = publish(connection, org_id)
    finally:
        engine.dispose()
    return StageResult(checked.rows_in, rows, note=checked.note)
