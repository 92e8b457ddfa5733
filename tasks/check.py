"""Gates: what was loaded, and what was built, is checked before anyone relies on it."""

from datetime import datetime

from tasks.errors import PermanentError
from tasks.quality import gate, suite_version
from tasks.resources import Resources, opened
from tasks.step import step
from tasks.unchanged import unless_unchanged
from warehouse.ledger import StageResult


@step
def check_gate(slug: str, suite: str, as_of: datetime) -> StageResult:
    """Passes if every expectation of the suite holds.

    Raises: PermanentError naming table, column and expectation of what does not.
    """
    with opened(slug) as resources:
        return unless_unchanged(
            resources,
            f"gate {suite}",
            suite_version(suite),
            as_of,
            lambda: pass_gate(resources, suite, as_of),
        )


def pass_gate(resources: Resources, suite: str, as_of: datetime) -> StageResult:
    """How many expectations of the suite hold, all of them. Raises: PermanentError, as above."""
    org_id = resources.organization.org_id
    result = gate(resources.logins.loader, org_id, suite, as_of=as_of)
    if result.failed:
        failed = "; ".join(
            f"{one.table}.{one.column or '*'} {one.expectation} ({one.unexpected_count} rows)"
            for one in result.failed
        )
        raise PermanentError(f"{resources.organization.slug}: the gate {suite} is closed: {failed}")
    return StageResult(result.checks, result.checks, note=f"{suite}: {result.checks} checks hold")
