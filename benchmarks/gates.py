"""What gates cost: Great Expectations' import, each suite, and the same checks as plain SQL.

One embedded warehouse of its own, with a month of one organization (the tickets of
`benchmarks.metrics`) and a build of it. Each suite is run by Great Expectations, the first time and
then `--rounds` times, and by one statement for each check over one connection; both must count the
same rows. The import is that of a new process. Seconds are the client's, medians of the rounds.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, text

from benchmarks.metrics import BEGINS_AT, Desk, prepared
from tasks.quality import gate
from tasks.quality.expected import Expected
from tasks.quality.suites import SUITES
from warehouse.sessions import engine_for, tenant_session

RESULTS = Path(__file__).parent / "results" / "gates.json"
TICKETS_A_DAY, DAYS, ROUNDS = 2_000, 30, 3
IMPORT = [sys.executable, "-c", "import great_expectations"]


@dataclass(frozen=True)
class Cost:
    """One suite: how many checks, and the seconds of each way to make them."""

    suite: str
    checks: int
    first_seconds: float
    seconds: float
    sql_seconds: float


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


def measure(per_day: int, rounds: int) -> Iterator[Cost]:
    """The costs, suite by suite."""
    with prepared() as (logins, folder):
        loader, transformer = engine_for(logins.loader), engine_for(logins.transformer)
        desk = Desk(loader, transformer, logins, uuid4(), folder)
        with tenant_session(loader, desk.org_id) as connection:
            connection.execute(
                text("insert into app.organizations (org_id, slug, name) values (:id, 'b', 'B')"),
                {"id": desk.org_id},
            )
        desk.load(0, DAYS, per_day)
        desk.analyze()
        desk.build(DAYS - 1)
        for suite in SUITES:
            yield _measured(desk, suite, rounds)
        loader.dispose()
        transformer.dispose()


def _measured(desk: Desk, suite: str, rounds: int) -> Cost:
    as_of = BEGINS_AT + timedelta(days=DAYS) - timedelta(seconds=1)
    taken, sql_taken = [], []
    for _ in range(rounds + 1):
        at = time.perf_counter()
        result = gate(desk.logins.loader, desk.org_id, suite, as_of=as_of)
        taken.append(time.perf_counter() - at)
    with tenant_session(desk.loader, desk.org_id) as connection:
        for _ in range(rounds):
            at = time.perf_counter()
            counts = _counts(connection, suite, as_of)
            sql_taken.append(time.perf_counter() - at)
    # Great Expectations goes through a table's checks in an order of its own
    if sorted(counts) != sorted(one.rows for one in result.checks):
        raise RuntimeError(f"the two ways do not count the same rows in {suite}")
    return Cost(
        suite,
        len(counts),
        round(taken[0], 2),
        round(statistics.median(taken[1:]), 2),
        round(statistics.median(sql_taken), 2),
    )


def _counts(connection: Connection, suite: str, as_of: datetime) -> list[int]:
    return [
        int(connection.execute(text(as_sql(table, one, as_of))).scalar_one())
        for table, expected in SUITES[suite].items()
        for one in expected
    ]


def import_seconds(rounds: int) -> float:
    """Seconds that a new process takes for the import alone."""
    taken = []
    for _ in range(rounds):
        at = time.perf_counter()
        subprocess.run(IMPORT, check=True)
        taken.append(time.perf_counter() - at)
    return round(statistics.median(taken), 2)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints, and with `--write` keeps, what each suite costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets-a-day", type=int, default=TICKETS_A_DAY)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    told = parser.parse_args(arguments)
    results: list[dict[str, object]] = [{"import_seconds": import_seconds(told.rounds)}]
    sys.stdout.write(json.dumps(results[0]) + "\n")
    for cost in measure(told.tickets_a_day, told.rounds):
        results.append(asdict(cost))
        sys.stdout.write(json.dumps(results[-1]) + "\n")
        sys.stdout.flush()
    if told.write:
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
