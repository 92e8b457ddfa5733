"""Running a gate: Great Expectations against the warehouse, bounded to one organization.

Great Expectations takes seconds to import, so it is imported here where it is used. Of its
results only names and counts leave this module: it also knows the values that failed.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import URL

from tasks.errors import ConfigurationError, PermanentError
from tasks.quality.expected import Expected
from tasks.quality.suites import SUITES
from warehouse.sessions import engine_for, tenant_session

SESSION = "-c timezone=UTC -c lock_timeout=60s -c statement_timeout=30min"
COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}


@dataclass(frozen=True)
class Check:
    """One expectation as it was found: how many rows break it, and whether it holds.

    It may hold with rows that break it, where some are allowed.
    """

    table: str
    expectation: str
    column: str | None
    severity: str
    holds: bool
    rows: int

    def __str__(self) -> str:
        rows = f"{self.rows:,} row{'' if self.rows == 1 else 's'}"
        return f"{self.table}.{self.column or '*'} {self.expectation} ({rows})"


@dataclass(frozen=True)
class GateResult:
    """Every check that a suite made."""

    suite: str
    checks: tuple[Check, ...]

    @property
    def failed(self) -> list[Check]:
        """Those that close the gate."""
        return [one for one in self.checks if not one.holds and one.severity == "critical"]

    @property
    def warnings(self) -> list[Check]:
        """Those that are told, and close nothing."""
        return [one for one in self.checks if not one.holds and one.severity == "warning"]


def gate(loader: URL, org_id: UUID, suite: str, *, as_of: datetime) -> GateResult:
    """Checks one organization's rows against a suite.

    Raises: ConfigurationError for a suite or a table that does not exist, TransientError when the
    warehouse is not reachable, PermanentError when something cannot be checked.
    """
    if suite not in SUITES:
        raise ConfigurationError(f"no suite {suite!r}; there are: {', '.join(SUITES)}")
    _reach(loader, org_id)
    checks: list[Check] = []
    with _opened(loader, org_id) as source:
        for table, expected in SUITES[suite].items():
            checks += _check(source, table, expected, as_of)
    return GateResult(suite, tuple(checks))


def suite_version(suite: str) -> str:
    """Changes with any expectation of the suite."""
    return hashlib.sha256(repr(SUITES[suite]).encode()).hexdigest()


def _reach(loader: URL, org_id: UUID) -> None:
    """Says in our own terms that the warehouse is away: Great Expectations quotes its address."""
    engine = engine_for(loader)
    try:
        with tenant_session(engine, org_id):
            return
    finally:
        engine.dispose()


@contextmanager
def _opened(loader: URL, org_id: UUID) -> Iterator[Any]:
    """A data source whose connections see this organization's rows only, closed at the end."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    bounded = loader.update_query_dict({"options": f"-c app.org_id={org_id} {SESSION}"})
    source = context.data_sources.add_postgres(
        "warehouse",
        connection_string=bounded.render_as_string(hide_password=False),
        create_temp_table=False,
    )
    try:
        yield source
    finally:
        source.get_execution_engine().close()
        source.get_engine().dispose()


def _check(source: Any, table: str, expected: list[Expected], as_of: datetime) -> list[Check]:
    import great_expectations as gx
    from great_expectations.datasource.fluent.interfaces import TestConnectionError

    schema, name = table.split(".")
    try:
        asset = source.add_table_asset(table, table_name=name, schema_name=schema)
    except TestConnectionError:
        raise ConfigurationError(f"the table {table} is missing; run `vensor init`") from None
    batch = asset.add_batch_definition_whole_table("whole").get_batch()
    expectations = [_expectation(gx.expectations, one, as_of) for one in expected]
    outcome = batch.validate(
        gx.ExpectationSuite(name=table, expectations=expectations), result_format=COUNTS_ONLY
    )
    return [_found(table, result) for result in outcome.results]


def _expectation(classes: Any, expected: Expected, as_of: datetime) -> Any:
    """The expectation with the run's instants in place. Its name and column travel as `meta`."""
    latest = (as_of + timedelta(days=1)).isoformat()
    arguments = {
        key: value.replace("{as_of}", as_of.isoformat()).replace("{latest}", latest)
        if isinstance(value, str)
        else value
        for key, value in expected.arguments.items()
    }
    meta = {"name": expected.name, "column": expected.column, "severity": expected.severity}
    return getattr(classes, expected.expectation)(**arguments, meta=meta)


def _found(table: str, result: Any) -> Check:
    meta = result.expectation_config.meta
    name, column = meta["name"], meta["column"]
    if _was_not_evaluated(result.exception_info):
        raise PermanentError(f"{table}.{column or '*'} {name!r} could not be checked")
    counts = result.result
    # none at all of an empty table
    unexpected = int(counts.get("unexpected_count", counts.get("observed_value")) or 0)
    return Check(table, name, column, meta["severity"], bool(result.success), unexpected)


def _was_not_evaluated(said: dict[str, Any]) -> bool:
    """Great Expectations says so once, or for each metric that it could not compute."""
    each = [one for one in said.values() if isinstance(one, dict)] or [said]
    return any(one.get("raised_exception") for one in each)
