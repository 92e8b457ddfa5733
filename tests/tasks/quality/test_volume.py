"""How many rows a day brings, against how many days usually do."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from tasks.quality.volume import usual_volume
from tests.conftest import new_organization
from tests.tasks.quality.conftest import AS_OF
from warehouse.sessions import tenant_session

INSERT = text("""
    insert into zendesk.comments (org_id, id, ticket_id, kind, created_at, changed_at)
    select app.org_id(), :first + n, 1, 'Comment', :at, :at from generate_series(1, :rows) as n
""")


def _told(engine: Engine, days: list[int], *, retention_days: int = 30) -> list[str]:
    """What is said of an organization with so many rows on the last day, the one before, …"""
    org_id = new_organization(engine, retention_days=retention_days).org_id
    with tenant_session(engine, org_id) as connection:
        for before, rows in enumerate(days):
            at = AS_OF - timedelta(days=before, hours=1)
            connection.execute(INSERT, {"first": before * 10_000, "at": at, "rows": rows})
        told = []
        for one in usual_volume():
            query = one.arguments["unexpected_rows_query"]
            query = query.format(batch="zendesk.comments", as_of=AS_OF.isoformat())
            if connection.execute(text(query)).all():
                told.append(one.severity)
    return told


# Four weeks, on whose weekends a tenth is written; the last day, the first, is a working day.
WEEK = [100, 100, 10, 12, 95, 105, 100]
WEEKS = [*WEEK, *WEEK, *WEEK, *WEEK, 100]


@pytest.mark.parametrize(
    ("last", "told"),
    [
        (100, []),
        (35, []),
        (300, []),
        (10, ["warning"]),
        (0, ["critical", "warning"]),
        (500, ["warning"]),
        (2_000, ["critical", "warning"]),
    ],
)
def test_a_day_is_compared_with_its_weekday(engine: Engine, last: int, told: list[str]) -> None:
    """A third and thrice are usual; a tenth is told; nothing at all closes the gate."""
    assert _told(engine, [last, *WEEKS[1:]]) == told


def test_a_quiet_sunday_is_usual(engine: Engine) -> None:
    """A tenth of yesterday's, but as many as on the Sundays before."""
    shifted = WEEKS[2:]
    assert _told(engine, [10, *shifted[1:]]) == []


def test_a_desk_whose_days_differ_wildly_may_do_more(engine: Engine) -> None:
    """What would be told of a regular desk is no news where days differ by ten times."""
    wild = [(20, 200, 60, 500, 30)[day % 5] for day in range(29)]
    assert _told(engine, [10, *wild[1:]]) == []


@pytest.mark.parametrize(
    ("days", "retention_days"),
    [
        ([0, *[100] * 20], 30),  # young: not yet three of the same weekday
        ([0, *[9] * 28], 30),  # small
        ([0, *[100] * 28], 14),  # the days before are thinned out
        ([], 30),
    ],
)
def test_who_has_no_usual_day_is_not_judged(
    engine: Engine, days: list[int], retention_days: int
) -> None:
    """Nothing on the last day, and nothing is said."""
    assert _told(engine, days, retention_days=retention_days) == []
