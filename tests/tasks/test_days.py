"""An organization's day, by its own clock: never missed, never twice, whatever the clock does."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from tasks.days import STALE_AFTER, _connected, day_of
from tests.conftest import new_organization
from warehouse import ledger
from warehouse.ledger import StageResult, fresh_as_of
from warehouse.organizations import Connected, connect
from warehouse.sessions import Organization, tenant_session

# Whole, half and three-quarter hours, both sides of the date line, and clocks that move at
# midnight, by half an hour, or in the other half of the year.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "America/Santiago",
    "Africa/Casablanca",
)


@pytest.mark.parametrize(
    ("instant", "zone", "day"),
    [
        ("2026-11-26T03:14Z", "UTC", "2026-11-25"),
        ("2026-11-26T04:15Z", "UTC", "2026-11-26"),
        ("2026-11-26T03:15Z", "Europe/Berlin", "2026-11-26"),
        ("2026-11-26T03:14Z", "Europe/Berlin", "2026-11-25"),
        ("2026-07-01T02:15Z", "Europe/Berlin", "2026-07-01"),
        ("2026-11-26T09:15Z", "America/New_York", "2026-11-26"),
        ("2026-11-26T09:14Z", "America/New_York", "2026-11-25"),
        ("2026-11-25T22:45Z", "Asia/Kolkata", "2026-11-26"),
        ("2026-11-25T14:15Z", "Pacific/Kiritimati", "2026-11-26"),
    ],
)
def test_a_day_begins_at_a_quarter_past_four_by_the_wall(instant: str, zone: str, day: str) -> None:
    assert day_of(datetime.fromisoformat(instant), zone) == date.fromisoformat(day)


@given(
    zone=st.sampled_from(ZONES),
    first=st.dates(date(2020, 1, 1), date(2035, 1, 1)),
    hours=st.integers(24, 24 * 20),
)
def test_looked_at_every_hour_no_day_is_missed(zone: str, first: date, hours: int) -> None:
    """Each look finds the day of the look before or the next one: none is left out, none comes
    back, on days of 23 and 25 hours as well."""
    begin = datetime.combine(first, time(0, 15), UTC)
    looks = [begin + timedelta(hours=n) for n in range(hours)]
    days = [day_of(one, zone) for one in looks]
    steps = [later - earlier for earlier, later in pairwise(days)]
    assert set(steps) <= {timedelta(0), timedelta(days=1)}
    assert len(set(days)) >= hours // 25


def test_who_is_not_connected_has_no_day(
    settings_environment: None, engine: Engine, organization: Organization, as_of: datetime
) -> None:
    """Who is connected has one, whose age counts from then until something is published."""
    assert organization.slug not in {one.slug for one in _connected(as_of)}
    _connect(engine, organization)
    now = datetime.now(UTC)
    (due,) = [one for one in _connected(now) if one.slug == organization.slug]
    assert due.day == day_of(now, organization.timezone)
    assert timedelta(0) <= due.age < timedelta(minutes=5)


def test_what_is_published_says_how_fresh_it_is(engine: Engine) -> None:
    """A run that published nothing, or failed there, makes nothing fresher."""
    organization = new_organization(engine)
    _connect(engine, organization)
    began = datetime.now(UTC) - timedelta(hours=40)
    for hours, stage, error in ((0, "publish", None), (20, "extract", None), (30, "publish", "E")):
        _run(engine, organization, began + timedelta(hours=hours), stage, error)
    with tenant_session(engine, organization.org_id) as connection:
        fresh = fresh_as_of(connection)
    assert fresh == began
    assert datetime.now(UTC) - fresh > STALE_AFTER


def _run(
    engine: Engine, organization: Organization, as_of: datetime, stage: str, error: str | None
) -> None:
    with tenant_session(engine, organization.org_id) as connection:
        run_id = ledger.begin(connection, organization.org_id, flow="organization", as_of=as_of)
        told = {"seconds": 1.0, "error": error}
        ledger.record_stage(connection, organization.org_id, run_id, stage, StageResult(), **told)
        ledger.end(connection, run_id, state="completed" if error is None else "failed")


def _connect(engine: Engine, organization: Organization) -> None:
    with tenant_session(engine, organization.org_id) as connection:
        made = Connected("zendesk", "https://x.zendesk.com", "x", "client", b"sealed")
        connect(connection, organization.org_id, made)
