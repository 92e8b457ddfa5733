"""Gates: what was loaded, scored, measured or written is checked before anyone relies on it."""

from datetime import datetime

from tasks.artifacts import show_table
from tasks.errors import ClosedGateError
from tasks.quality import Check, GateResult, gate, keep, suite_version
from tasks.resources import Resources, opened
from tasks.step import step
from tasks.unchanged import unless_unchanged
from warehouse.ledger import StageResult


@step
def check_gate(slug: str, suite: str, as_of: datetime) -> StageResult:
    """Passes if every expectation of the suite holds.

    Raises: ClosedGateError naming table, column and expectation of what does not.
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
    """How many checks the suite made, all of which hold; kept as a page and shown in Prefect.

    Raises: ClosedGateError, as above.
    """
    slug, home = resources.organization.slug, resources.settings.home
    org_id = resources.organization.org_id
    result = gate(resources.logins.loader, org_id, suite, as_of=as_of)
    page = keep(home, slug, result, as_of=as_of)
    _show(slug, result)
    if result.failed:
        raise ClosedGateError(f"{slug}: the gate {suite} is closed: {_told(result.failed)}; {page}")
    note = f"{suite}: {len(result.checks) - len(result.warnings)} checks hold"
    if result.warnings:
        note += f"; {_told(result.warnings)}"
    return StageResult(len(result.checks), len(result.checks) - len(result.warnings), note=note)


def _told(checks: list[Check]) -> str:
    return "; ".join(str(one) for one in checks)


def _show(slug: str, result: GateResult) -> None:
    """A table of the run's: names and counts, what does not hold first."""
    checks = sorted(result.checks, key=lambda one: one.holds)
    show_table(
        f"gate-{slug}-{result.suite.replace('_', '-')}",
        [
            {
                "suite": result.suite,
                "table": one.table,
                "column": one.column or "",
                "expectation": one.expectation,
                "rows": one.rows,
                "holds": "yes" if one.holds else f"no ({one.severity})",
            }
            for one in checks
        ],
        f"{slug}: {result.suite}, {'closed' if result.failed else 'open'}",
    )
