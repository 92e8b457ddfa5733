"""Publishing: what was measured is audited, and then takes the place of the published tables."""

from datetime import date, datetime

from sqlalchemy import Engine

from tasks.check import pass_gate
from tasks.errors import ClosedGateError
from tasks.measure import MEASURED, SUITE
from tasks.quality import suite_version
from tasks.resources import Resources, opened
from tasks.step import step
from tasks.unchanged import forget, unless_unchanged
from warehouse.ledger import StageResult
from warehouse.publishing import clear, publish
from warehouse.sessions import tenant_session


@step
def publish_metrics(slug: str, as_of: datetime, backfilled_on: date | None = None) -> StageResult:
    """Publishes the days that were measured, once every expectation of the gate holds.

    Raises: ClosedGateError naming what does not hold; the tables stay as they were, and the next
    run measures again.
    """
    with opened(slug) as resources, resources.transformer() as engine:
        result = unless_unchanged(
            resources,
            f"gate {SUITE}",
            f"{suite_version(SUITE)} {backfilled_on or ''}",
            as_of,
            lambda: _publish(resources, engine, as_of),
        )
        # only once it is noted that it is done: a run that is killed before publishes again
        clear(engine, resources.organization.org_id)
    return result


def _publish(resources: Resources, engine: Engine, as_of: datetime) -> StageResult:
    try:
        checked = pass_gate(resources, SUITE, as_of)
    except ClosedGateError:
        forget(resources, MEASURED)
        raise
    org_id = resources.organization.org_id
    with tenant_session(engine, org_id) as connection:
        rows = publish(connection, org_id)
    return StageResult(checked.rows_in, rows, note=checked.note)
