"""A warehouse with the metric tables, and figures of an organization planted in them."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text

from warehouse.sessions import Logins, Organization, engine_for, tenant_session

# What a column holds that a test does not care about, by its type.
EMPTY: dict[str, Any] = {"text": "none", "ARRAY": "{}", "date": None, "numeric": None}
Plant = Callable[..., None]


@pytest.fixture(scope="session")
def transformer(logins: Logins) -> Iterator[Engine]:
    """The engine of who makes the metric tables, which are there."""
    made = engine_for(logins.transformer)
    yield made
    made.dispose()


@pytest.fixture
def plant(transformer: Engine, organization: Organization) -> Plant:
    """Puts a row into a metric table of the organization; what is not told is empty."""

    def put(table: str, **told: Any) -> None:
        with tenant_session(transformer, organization.org_id) as connection:
            columns = connection.execute(
                text("""
                    select column_name, data_type from information_schema.columns
                    where table_schema = 'metrics' and table_name = :table
                """),
                {"table": table},
            ).all()
            row = {name: told.get(name, EMPTY.get(kind, 0)) for name, kind in columns}
            row |= {"org_id": organization.org_id}
            assert set(told) <= set(row), f"{table} has no {set(told) - set(row)}"
            names = ", ".join(row)
            places = ", ".join(f":{name}" for name in row)
            connection.execute(
                text(f"insert into metrics.{table} ({names}) values ({places})"), row
            )

    return put


@pytest.fixture
def published(transformer: Engine, organization: Organization) -> Callable[[datetime], None]:
    """Tells as of when the organization's figures were published."""

    def tell(as_of: datetime) -> None:
        with tenant_session(transformer, organization.org_id) as connection:
            connection.execute(
                text("""
                    insert into app.metric_builds (org_id, state, as_of, built_at, definition)
                    values (:org_id, 'published', :as_of, :as_of, 'of a test')
                """),
                {"org_id": organization.org_id, "as_of": as_of},
            )

    return tell
