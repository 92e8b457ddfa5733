"""What gates cost: Great Expectations' import, each suite, and the same checks as plain SQL.

A month of one organization (the tickets of `benchmarks.metrics`), and a build of it. Each suite is
run by Great Expectations, the first time and then `--rounds` times, and by one statement for each
check over one connection; both must count the same rows. The import is that of a new process.
Seconds are the client's, medians of the rounds.
"""

import statistics
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from benchmarks.benchmark import Benchmark
from benchmarks.figures import Figure
from benchmarks.metrics import BEGINS_AT, Desk, desks
from benchmarks.stage import seconds_of
from tasks.quality import gate
from tasks.quality.expected import Expected
from tasks.quality.suites import SUITES
from warehouse.sessions import tenant_session

DAYS = 30
IMPORT = [sys.executable, "-c", "import great_expectations"]


def as_sql(table: str, expected: Expected, as_of: datetime) -> str:
    """The statement that counts the rows which break an expectation."""
    told: dict[str, Any] = expected.arguments
    if expected.expectation == "UnexpectedRowsExpectation":
        latest = (as_of + timedelta(days=1)).isoformat()
        instants = {"as_of": as_of.isoformat(), "latest": latest}
        query = told["unexpected_rows_query"].format(batch=table, **instants)
        return f"select count(*) from ({query}) as broken"
    if expected.expectation == "ExpectCompoundColumnsToBeUnique":
        key = ", ".join(told["column_list"])
        groups = f"select count(*) as n from {table} group by {key} having count(*) > 1"
        return f"select coalesce(sum(n), 0) from ({groups}) as broken"
    return f"select count(*) from {table} where {_broken(expected.expectation, told)}"


def _broken(expectation: str, told: dict[str, Any]) -> str:
    """The condition of the rows that break an expectation about columns."""
    column = told.get("column")
    if expectation == "ExpectColumnValuesToBeBetween":
        highest = told["max_value"]
        beyond = "" if highest is None else f" or {column} > {highest}"
        return f"{column} < {told['min_value']}{beyond}"
    if expectation == "ExpectColumnValuesToBeInSet":
        values = ", ".join(f"'{one}'" for one in told["value_set"])
        return f"{column} not in ({values})"
    if expectation == "ExpectColumnValuesToMatchRegex":
        return f"{column} !~ '{told['regex']}'"
    if expectation == "ExpectColumnPairValuesAToBeGreaterThanB":
        return f"{told['column_A']} < {told['column_B']}"
    if expectation == "ExpectColumnValuesToNotBeNull":
        return f"{column} is null"
    raise ValueError(f"no SQL for {expectation}")


def measure(tickets_a_day: int, rounds: int) -> Iterator[Figure]:
    """The import, then suite by suite."""
    taken = [seconds_of(lambda: subprocess.run(IMPORT, check=True)) for _ in range(rounds)]
    yield Figure("Great Expectations imported by a new process", statistics.median(taken))
    with desks() as begun:
        desk = begun("gates")
        desk.load(0, DAYS, tickets_a_day)
        desk.analyze()
        desk.build(DAYS - 1)
        for suite in SUITES:
            yield from _measured(desk, suite, rounds)


def _measured(desk: Desk, suite: str, rounds: int) -> Iterator[Figure]:
    as_of = BEGINS_AT + timedelta(days=DAYS) - timedelta(seconds=1)
    org_id, results, counts = desk.org_id, [], []

    def by_gate() -> None:
        results.append(gate(desk.warehouse.logins.loader, org_id, suite, as_of=as_of))

    taken = [seconds_of(by_gate) for _ in range(rounds + 1)]
    with tenant_session(desk.loader, org_id) as connection:
        sql_taken = [
            seconds_of(lambda: counts.append(_counts(connection, suite, as_of)))
            for _ in range(rounds)
        ]
    # Great Expectations goes through a table's checks in an order of its own
    if sorted(counts[-1]) != sorted(one.rows for one in results[-1].checks):
        raise RuntimeError(f"the two ways do not count the same rows in {suite}")
    what = f"{suite}, {len(counts[-1])} checks"
    yield Figure(f"{what}, the first time", taken[0])
    again, plain = statistics.median(taken[1:]), statistics.median(sql_taken)
    yield Figure(f"{what}, again, beside plain SQL", again, "s", plain)


def _counts(connection: Connection, suite: str, as_of: datetime) -> list[int]:
    return [
        int(connection.execute(text(as_sql(table, one, as_of))).scalar_one())
        for table, expected in SUITES[suite].items()
        for one in expected
    ]


BENCHMARK = Benchmark(
    "gates",
    measure,
    small={"tickets_a_day": 100, "rounds": 2},
    full={"tickets_a_day": 2_000, "rounds": 3},
    about=__doc__,
)

if __name__ == "__main__":
    BENCHMARK.main()
