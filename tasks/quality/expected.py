"""What may be expected of a table: each function returns an expectation, as data.

Arguments may hold `{as_of}`, and `{latest}`, a day after it; `{batch}` is the table, which Great
Expectations may have given an alias already. Queries select a constant for each row that breaks
the expectation: no value leaves the warehouse.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

Severity = Literal["critical", "warning"]
CODE = r"^[a-z][a-z0-9_.:-]*$"


@dataclass(frozen=True)
class Expected:
    """One expectation: its class in Great Expectations, and how a failure of it is named.

    A critical one closes the gate; of a warning people are told.
    """

    expectation: str
    name: str
    column: str | None
    arguments: dict[str, Any] = field(default_factory=dict)
    severity: Severity = "critical"


def between(column: str, low: float, high: float | None = None) -> Expected:
    arguments = {"column": column, "min_value": low, "max_value": high}
    return Expected("ExpectColumnValuesToBeBetween", "in range", column, arguments)


def in_set(column: str, values: Sequence[str]) -> Expected:
    arguments = {"column": column, "value_set": list(values)}
    return Expected("ExpectColumnValuesToBeInSet", "known value", column, arguments)


def not_null(column: str, *, most_missing: float = 0.0) -> Expected:
    """Fails where more than this share of the rows have no value."""
    arguments = {"column": column, "mostly": 1.0 - most_missing}
    return Expected("ExpectColumnValuesToNotBeNull", "not null", column, arguments)


def code(column: str) -> Expected:
    """A code of ours: no room for an address, a number or a sentence."""
    arguments = {"column": column, "regex": CODE}
    return Expected("ExpectColumnValuesToMatchRegex", "a code, no text", column, arguments)


def unique(*columns: str) -> Expected:
    arguments = {"column_list": list(columns), "ignore_row_if": "never"}
    name = f"one row for each {', '.join(columns)}"
    return Expected("ExpectCompoundColumnsToBeUnique", name, None, arguments)


def at_least(column: str, other: str) -> Expected:
    arguments = {
        "column_A": column,
        "column_B": other,
        "or_equal": True,
        "ignore_row_if": "either_value_is_missing",
    }
    name = f"at least {other}"
    return Expected("ExpectColumnPairValuesAToBeGreaterThanB", name, column, arguments)


def no_row(
    name: str, column: str | None, query: str, *, severity: Severity = "critical"
) -> Expected:
    """That a query finds nothing."""
    arguments = {"unexpected_rows_query": query}
    return Expected("UnexpectedRowsExpectation", name, column, arguments, severity)


def where(name: str, column: str | None, broken: str) -> Expected:
    """That no row of the table fits a condition."""
    return no_row(name, column, f"select 1 from {{batch}} where {broken}")


def parts(whole: str, *names: str) -> Expected:
    """That parts which exclude each other are together no more than the whole."""
    return where(f"at least {' + '.join(names)}", whole, f"{' + '.join(names)} > {whole}")


def not_in_the_future(column: str = "created_at") -> Expected:
    """A day of grace: clocks differ."""
    return where("not in the future", column, f"{column} > '{{latest}}'")


def parents(key: str, parent: str, *, most_missing: float = 0.0) -> Expected:
    """Fails where more than this share of the rows have no parent; then counts those."""
    query = f"""
        with children as (select {key} from {{batch}} where {key} is not null),
        orphans as (
            select 1 from children as c
            where not exists (select from {parent} as p where p.id = c.{key})
        )
        select 1 from orphans
        where (select count(*) from orphans) > {most_missing} * (select count(*) from children)
    """
    return no_row(f"in {parent}", key, query)


def declared(table: Table) -> Expected:
    """Its columns and their types are those that the code knows, and rows have a key."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    columns = ", ".join(
        f"('{one.name}', '{one.type.compile(dialect).lower()}')" for one in table.columns
    )
    query = f"""
        with declared (name, type) as (values {columns}),
        present as (
            select a.attname::text as name, format_type(a.atttypid, a.atttypmod) as type
            from pg_catalog.pg_attribute as a
            where
                a.attrelid = '{table.fullname}'::regclass and a.attnum > 0 and not a.attisdropped
        )
        select 1 from declared full join present using (name) /* of {{batch}} */
        where declared.type is distinct from present.type
        union all
        select 1 where not exists (
            select from pg_catalog.pg_index as i
            where i.indrelid = '{table.fullname}'::regclass and i.indisprimary
        )
    """
    return no_row("columns as declared", None, query)
