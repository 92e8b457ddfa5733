"""Loading the same rows twice is loading them once, in any order and any cut."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text

from tests.conftest import new_organization
from warehouse import watermarks
from warehouse.loading import Rows, load, merge, snapshot
from warehouse.sessions import Organization, tenant_session
from warehouse.tables import zendesk

DAY = datetime(2026, 11, 1, tzinfo=UTC)
COLUMNS = ("id", "name", "deleted", "changed_at")
versions = st.tuples(
    st.integers(1, 5), st.sampled_from(["a", "b", "c"]), st.booleans(), st.integers(0, 4)
)


def _rows(values: list[tuple[int, str, bool, int]]) -> Rows:
    return Rows(
        zendesk.groups,
        COLUMNS,
        [(key, name, flag, DAY + timedelta(days=age)) for key, name, flag, age in values],
    )


def _state(engine: Engine, organization: Organization) -> list[tuple[object, ...]]:
    columns = [zendesk.groups.c[name] for name in COLUMNS]
    with tenant_session(engine, organization.org_id) as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by("id"))]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=st.lists(versions, max_size=12, unique_by=lambda v: (v[0], v[3])), data=st.data())
def test_any_order_and_cut_of_pages_gives_the_latest_of_each(
    engine: Engine, partitions: None, values: list[tuple[int, str, bool, int]], data: st.DataObject
) -> None:
    """However pages are cut, repeated and ordered, the newest version of each record stands."""
    organization = new_organization(engine)
    shuffled = data.draw(st.permutations(values + values))
    cut = data.draw(st.integers(0, len(shuffled)))
    for page in (shuffled[:cut], shuffled[cut:], shuffled[:cut]):
        with tenant_session(engine, organization.org_id) as connection:
            merge(connection, organization.org_id, _rows(page))
    newest = {}
    for value in sorted(values, key=lambda value: value[3]):
        newest[value[0]] = value
    expected = [
        (key, name, flag, DAY + timedelta(days=age))
        for key, name, flag, age in sorted(newest.values())
    ]
    assert _state(engine, organization) == expected


def test_a_second_load_writes_nothing(engine: Engine, organization: Organization) -> None:
    """The number of rows written is what changed, and loaded_at stays."""
    rows = _rows([(1, "a", False, 0), (2, "b", False, 0)])
    with tenant_session(engine, organization.org_id) as connection:
        assert merge(connection, organization.org_id, rows) == 2
    with tenant_session(engine, organization.org_id) as connection:
        before = connection.execute(text("select max(loaded_at) from zendesk.groups")).scalar_one()
        assert merge(connection, organization.org_id, rows) == 0
        after = connection.execute(text("select max(loaded_at) from zendesk.groups")).scalar_one()
    assert before == after


def test_what_is_read_later_wins_a_tie(engine: Engine, organization: Organization) -> None:
    """The source's instants are whole seconds: of two states of one second the later read is so."""
    for name in ("first", "second"):
        with tenant_session(engine, organization.org_id) as connection:
            merge(connection, organization.org_id, _rows([(1, name, False, 0)]))
    assert _state(engine, organization)[0][1] == "second"


def test_content_keeps_every_version_and_never_changes_one(
    engine: Engine, organization: Organization, as_of: datetime
) -> None:
    """Append-only: a row that is there stays as it is, a later version stands beside it."""
    columns = ("ticket_id", "sealed", "changed_at")
    earlier = as_of - timedelta(days=1)
    for sealed, at in ((b"one", earlier), (b"other", earlier), (b"two", as_of)):
        with tenant_session(engine, organization.org_id) as connection:
            merge(
                connection,
                organization.org_id,
                Rows(zendesk.ticket_contents, columns, [(7, sealed, at)]),
            )
    with tenant_session(engine, organization.org_id) as connection:
        found = connection.execute(
            text("select sealed from zendesk.ticket_contents order by changed_at")
        ).scalars()
        assert [bytes(one) for one in found] == [b"one", b"two"]


def test_rows_and_watermark_are_there_together_or_not_at_all(
    engine: Engine, organization: Organization
) -> None:
    """A process that dies before the commit leaves neither."""

    def die_before_the_commit() -> None:
        with tenant_session(engine, organization.org_id) as connection:
            merge(connection, organization.org_id, _rows([(1, "a", False, 0)]))
            watermarks.move(connection, organization.org_id, "zendesk", "groups", "c1", rows=1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        die_before_the_commit()
    with tenant_session(engine, organization.org_id) as connection:
        assert watermarks.read(connection, "zendesk", "groups") is None
    assert _state(engine, organization) == []


def test_a_snapshot_keeps_the_history_that_its_source_does_not(
    engine: Engine, organization: Organization
) -> None:
    """A → B → A are three versions, without gap or overlap; what vanishes ends."""

    def take(version: bytes | None, day: int) -> None:
        columns = ("id", "version", "title", "changed_at")
        values = [] if version is None else [(1, version, version.decode(), DAY)]
        with tenant_session(engine, organization.org_id) as connection:
            snapshot(
                connection,
                organization.org_id,
                Rows(zendesk.sla_policies, columns, values),
                as_of=DAY + timedelta(days=day),
            )

    for day, version in enumerate([b"A", b"A", b"B", b"A", None]):
        take(version, day)
    with tenant_session(engine, organization.org_id) as connection:
        found = connection.execute(
            text("select title, valid_from, valid_to from zendesk.sla_policies order by 2")
        )
        history = [(title, (start - DAY).days, (end - DAY).days) for title, start, end in found]
    assert history == [("A", 0, 2), ("B", 2, 3), ("A", 3, 4)]


def test_load_takes_versioned_tables_for_snapshots(
    engine: Engine, organization: Organization
) -> None:
    """The table itself says how it is loaded."""
    columns = ("id", "version", "title", "changed_at")
    rows = Rows(zendesk.sla_policies, columns, [(1, b"v", "t", DAY)])
    with tenant_session(engine, organization.org_id) as connection:
        assert load(connection, organization.org_id, rows, as_of=DAY) == 1
        assert load(connection, organization.org_id, rows, as_of=DAY + timedelta(days=1)) == 0
