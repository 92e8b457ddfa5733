"""What a backfill is to do with each day, and what cannot be asked for."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from tasks.backfill_windows import Span, within
from tasks.backfilling import READ, TOGETHER, Plan, judged, look_ahead, together, wanted
from tasks.errors import ConfigurationError
from tasks.estimating import Agreed, Estimate, check_budget
from tasks.pages import PageLoader
from tasks.resources import Resources
from tasks.stages import BackfillStage, parse_backfill_stages
from tasks.zendesk import BadRecord, Page
from tasks.zendesk.records import TicketEvent
from warehouse import backfills
from warehouse.backfills import Known, State, Window
from warehouse.models import Spent
from warehouse.retention import day_in
from warehouse.sessions import Organization

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
ORGANIZATION = Organization(uuid4(), "acme", "Acme", "Europe/Berlin", 10, 90)
UNTOUCHED = Known(None, None, frozenset())


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("2026-03-02", "2026-03-01", "the last day, 2026-03-01, lies before the first, 2026-03-02"),
        ("2020-01-01", "2026-01-01", "2,193 days are more than 731 at once"),
        ("yesterday", "2026-01-01", "the from day 'yesterday' is no day such as 2026-03-01"),
        ("2026-01-01", "2026-02-30", "the to day '2026-02-30' is no day"),
    ],
)
def test_what_is_no_range_is_told_in_a_line(first: str, last: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        wanted("acme", first, last, None, score=False)


def test_the_future_is_told_and_what_is_not_connected(resources: Resources) -> None:
    slug, now = resources.organization.slug, datetime.now(UTC)
    ahead = str((now + timedelta(days=2)).date())
    with pytest.raises(ConfigurationError, match=f"{ahead} lies in the future: it is"):
        look_ahead(wanted(slug, ahead, ahead, None, score=False), now)
    today = str(now.date())
    with pytest.raises(ConfigurationError, match="is not connected to zendesk; run `vensor"):
        look_ahead(wanted(slug, today, today, None, score=False), now)


def test_scoring_adds_what_models_do_and_nothing_escalates() -> None:
    """The stages keep their order, whatever order they are named in."""
    plain = wanted("acme", "2026-03-01", "2026-03-01", None, score=False)
    assert plain.stages == READ
    some = [BackfillStage.PUBLISH, BackfillStage.EXTRACT]
    asked = wanted("acme", "2026-03-01", "2026-03-01", some, score=True)
    assert asked.named_stages == "extract,transcribe,embed,score,assess,publish"
    with pytest.raises(ConfigurationError, match="a backfill escalates nothing"):
        parse_backfill_stages("extract,escalate")


@pytest.mark.parametrize(
    ("day", "known", "past_clock", "state"),
    [
        (date(2026, 3, 22), UNTOUCHED, False, "pending"),
        (date(2026, 3, 21), UNTOUCHED, True, "pending"),  # the clock ends within it
        (date(2025, 3, 21), UNTOUCHED, True, "pending"),
        (date(2026, 3, 22), Known(NOON, date(2026, 3, 1), frozenset()), False, "pending"),
        (date(2026, 3, 20), Known(NOON, date(2026, 3, 1), frozenset()), True, "kept"),
        (date(2026, 2, 28), Known(NOON, date(2026, 3, 1), frozenset()), True, "pending"),
        (date(2026, 2, 28), Known(NOON, None, frozenset({date(2026, 2, 28)})), True, "kept"),
        (date(2026, 3, 25), Known(NOON, None, frozenset({date(2026, 3, 25)})), False, "kept"),
    ],
)
def test_a_day_is_judged_by_the_clock_and_by_what_was_measured(
    day: date, known: Known, past_clock: bool, state: str
) -> None:
    """A clock of 10 days, on the 31st of March: what is sealed or was watched is left."""
    found = judged(Window(day, past_clock=False), known, ORGANIZATION, NOON)
    assert (found.past_clock, found.state) == (past_clock, state)


def test_what_is_done_with_days_is_told_stretch_by_stretch() -> None:
    days = [Window(date(2026, 3, 1) + timedelta(days=ahead), ahead < 2) for ahead in range(5)]
    plan = Plan(wanted("acme", "2026-03-01", "2026-03-05", None, score=False), tuple(days))
    assert [told[:3] for told in plan.told()] == [
        ("2026-03-01", "2026-03-02", 2),
        ("2026-03-03", "2026-03-05", 3),
    ]


@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from(["pending", "measured", "kept"])), max_size=30
    )
)
def test_only_days_inside_the_clock_are_done_together(told: list[tuple[bool, State]]) -> None:
    """Never more than a week of them; each day's turn comes once, in order."""
    days = [
        Window(date(2026, 3, 1) + timedelta(days=ahead), past, state)
        for ahead, (past, state) in enumerate(told)
    ]
    left, done = list(days), list[Window]()
    while left:
        found = together(left)
        assert 1 <= len(found) <= TOGETHER
        if len(found) > 1:
            assert {(one.past_clock, one.state) for one in found} == {(False, "pending")}
        done += found
        left = left[len(found) :]
    assert done == days


def test_what_scoring_took_is_told_beside_the_estimate() -> None:
    """Only what was spent since; calls of an unknown price are not left out."""
    estimate = Estimate(9, 5_000, 300, 20, Decimal("1.5"))
    agreed = Agreed(estimate, date(2026, 3, 1), Spent(Decimal(2), 3))
    assert agreed.beside(Spent(Decimal("3.25"), 3)) == "scoring took $1.25; estimated were $1.50"
    told = "scoring took $0.00 and 4 calls whose price is not known; estimated were $1.50"
    assert agreed.beside(Spent(Decimal(2), 7)) == told


def test_a_day_is_as_long_as_on_the_wall() -> None:
    """In Berlin, the 29th of March 2026 lasts 23 hours."""
    start, end = day_in(ORGANIZATION, date(2026, 3, 29))
    assert (start, end - start) == (datetime(2026, 3, 28, 23, tzinfo=UTC), timedelta(hours=23))


@given(
    seconds=st.lists(st.integers(0, 100), max_size=40).map(sorted),
    page=st.integers(1, 7),
    cut=st.integers(0, 100),
)
def test_windows_share_out_what_a_stream_holds(seconds: list[int], page: int, cut: int) -> None:
    """Two windows that meet bring each record once, and ask for no page after their last."""
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    events = [
        TicketEvent(id=at, ticket_id=1, created_at=begin + timedelta(seconds=second))
        for at, second in enumerate(seconds)
    ]
    asked: list[int] = []

    def pages(start: datetime):
        rest = [one for one in events if one.created_at >= start]
        for at in range(0, len(rest), page):
            asked.append(at)
            yield Page({"ticket_events": rest[at : at + page]}, [], "a cursor")

    middle, end = begin + timedelta(seconds=cut), begin + timedelta(seconds=101)
    found = []
    for span in (Span(begin, middle), Span(middle, end)):
        asked.clear()
        here = []
        for one in within(pages(span.start), "ticket_events", span):
            assert one.cursor is None
            here += [event.id for event in one.records["ticket_events"]]
        assert len(asked) <= len(here) // page + 2
        found += here
    assert found == [one.id for one in events]


@pytest.mark.parametrize(
    ("usd", "up_to", "fine"),
    [("0", 0.0, True), ("3.10", 3.10, True), ("3.11", 3.10, False), (None, 100.0, False)],
)
def test_scoring_begins_only_where_it_costs_no_more_than_is_allowed(
    usd: str | None, up_to: float, fine: bool
) -> None:
    """A price that is not known is more than anything that is allowed."""
    estimate = Estimate(1_200, 5_000, 300, 20, None if usd is None else Decimal(usd))
    if fine:
        check_budget(estimate, up_to, "acme")
        return
    with pytest.raises(ConfigurationError, match="acme: scoring takes 1,200 tickets") as raised:
        check_budget(estimate, up_to, "acme")
    assert f"allowed are ${up_to:g}" in str(raised.value)


def test_a_backfill_is_gone_on_with_until_its_last_day_has_ended(resources: Resources) -> None:
    """The same days and stages find it; others do not; when it has ended nobody does."""
    days = [Window(date(2026, 3, 1), past_clock=True), Window(date(2026, 3, 2), past_clock=False)]
    org_id = resources.organization.org_id
    with resources.session() as connection:
        told = {"stages": "extract", "asked_by": "tests", "planned": days}
        begun = backfills.begin(connection, org_id, **told)
        same = (date(2026, 3, 1), date(2026, 3, 2), "extract")
        assert backfills.find_open(connection, *same) == (begun, days)
        assert backfills.find_open(connection, *same[:2], "publish") is None
        backfills.move(connection, begun, date(2026, 3, 1), "done")
        found = backfills.find_open(connection, *same)
        assert found is not None
        assert [one.state for one in found[1]] == ["done", "pending"]
        backfills.move(connection, begun, date(2026, 3, 2), "kept", past_clock=True)
        assert backfills.find_open(connection, *same) is None
        ended = text("select ended_at is not null from app.backfills")
        assert connection.execute(ended).scalar_one()


@pytest.mark.parametrize(("quarantines", "kept"), [(True, 1), (False, 0)])
def test_what_cannot_be_read_of_a_past_day_is_counted_and_not_kept(
    resources: Resources, quarantines: bool, kept: int
) -> None:
    """It would stay for a whole clock from now: longer than its words may."""
    loader = PageLoader(resources, datetime.now(UTC), quarantines=quarantines)
    page = Page({"tickets": []}, [BadRecord("tickets", "1", "not_a_ticket", b'{"id": 1}')])
    assert loader.load_all("tickets", iter([page]), watermark="backfill").quarantined == 1
    with resources.session() as connection:
        found = connection.execute(text("select count(*) from app.quarantine")).scalar_one()
    assert found == kept
