"""Running a gate: Great Expectations against the warehouse, bounded to one organization.

Great Expectations takes seconds to import, so it is imported here where it is used. Of its
results only names and counts leave this module: it also knows the values that failed.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import URL

from tasks.errors import ConfigurationError
from tasks.quality.suites import SUITES, Expected

COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}


@dataclass(frozen=True)
class FailedCheck:
    """An expectation that does not hold, and how many rows break it (0: not counted)."""

    table: str
    expectation: str
    column: str | None
    unexpected_count: int


@dataclass(frozen=True)
class GateResult:
    """How many checks a suite made, and which failed."""

    suite: str
    checks: int
    failed: tuple[FailedCheck, ...]


def gate(loader: URL, org_id: UUID, suite: str, *, as_of: datetime) -> GateResult:
    """Checks one organization's rows against a suite.

    Raises: ConfigurationError for a suite that does not exist.
    """
    if suite not in SUITES:
        raise ConfigurationError(f"no suite {suite!r}; there are: {', '.join(SUITES)}")
    source = _source(loader, org_id)
    failed: list[FailedCheck] = []
    checks = 0
    for table, expected in SUITES[suite].items():
        checks += len(expected)
        failed += _check(source, table, expected, as_of)
    return GateResult(suite, checks, tuple(failed))


def suite_version(suite: str) -> str:
    """Changes with any expectation of the suite."""
    return hashlib.sha256(repr(SUITES[suite]).encode()).hexdigest()


def _source(loader: URL, org_id: UUID) -> Any:
    """A data source whose connections see this organization's rows only."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    bounded = loader.update_query_dict({"options": f"-c app.org_id={org_id}"})
    return context.data_sources.add_postgres(
        "warehouse", connection_string=bounded.render_as_string(hide_password=False)
    )


def _check(
    source: Any, table: str, expected: list[Expected], as_of: datetime
) -> list[FailedCheck]:
    import great_expectations as gx

    schema, name = table.split(".")
    asset = source.add_table_asset(table, table_name=name, schema_name=schema)
    batch = asset.add_batch_definition_whole_table("whole").get_batch()
    suite = gx.ExpectationSuite(
        name=table,
        expectations=[
            getattr(gx.expectations, one.expectation)(**_arguments(one, as_of)) for one in expected
        ],
    )
    outcome = batch.validate(suite, result_format=COUNTS_ONLY)
    return [_failed(table, result) for result in outcome.results if not result.success]


def _arguments(expected: Expected, as_of: datetime) -> dict[str, Any]:
    """The arguments with the run's instants in place; `{batch}` is Great Expectations' own."""
    latest = (as_of + timedelta(days=1)).isoformat()
    return {
        name: value.replace("{as_of}", as_of.isoformat()).replace("{latest}", latest)
        if isinstance(value, str)
        else value
        for name, value in expected.arguments.items()
    }


def _failed(table: str, result: Any) -> FailedCheck:
    said = result.expectation_config
    counted = (result.result or {}).get("unexpected_count") or 0
    column = said.kwargs.get("column") or said.kwargs.get("column_A")
    return FailedCheck(table, said.type, column, int(counted))
