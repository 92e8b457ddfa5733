"""Gates: what was loaded, and what was built, is checked before anyone relies on it."""

from datetime import datetime

from tasks.errors import PermanentError
from tasks.quality import gate
from tasks.resources import opened
from tasks.step import step
from warehouse.ledger import StageResult


@step
def check_gate(slug: str, suite: str, as_of: datetime) -> StageResult:
    """Passes if every expectation of the suite holds.

    Raises: PermanentError naming table, column and expectation of what does not.
    """
    with opened(slug) as resources:
        result = gate(resources.logins.loader, resources.organization.org_id, suite, as_of=as_of)
    if result.failed:
        failed = "; ".join(
            f"{one.table}.{one.column or '*'} {one.expectation} ({one.unexpected_count} rows)"
            for one in result.failed
        )
        raise PermanentError(f"{slug}: the gate {suite} is closed: {failed}")
    return StageResult(result.checks, result.checks, note=f"{suite}: {result.checks} checks hold")
