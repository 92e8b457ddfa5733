"""What stands out is told, what chance does is not, and nothing is told of too little."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.reporting.findings import find
from tasks.reporting.period import Period
from tasks.reporting.records import Sort, Tone
from tasks.reporting.shares import slow_bucket
from tasks.reporting.statistics import (
    CLEAR,
    PERHAPS,
    changed_share,
    day_weights,
    furthest_run,
    unlike_peers,
)
from tests.tasks.reporting.desk import (
    AT,
    GROUPS,
    PERIOD,
    UNTIL,
    calls,
    coverage,
    durations,
    flow,
    material,
    sentiment,
    sop,
    spiked,
)

EVEN = [1 / 7] * 7
STEADY = [[9, 11, 10, 10, 9, 11, 10]] * 4
counts = st.integers(0, 60)
week = st.lists(counts, min_size=7, max_size=7)


def test_three_days_of_many_tickets_are_found_with_their_days_and_group() -> None:
    """The run that is told is that of the wave; the group is named, all and channels beside it."""
    found = find(material(flow=spiked(flow(), "Billing", 3, 4)), PERIOD)
    first = found[0]
    assert first.title == "Tickets created in Billing: more than usual"
    assert first.clear
    assert first.distance > CLEAR
    assert "23–25 November" in first.words
    assert any(line.startswith("Tickets created:") for line in first.also)


def test_a_step_that_one_group_skips_is_found_though_it_always_did() -> None:
    """Weeks alike tell nothing; its peers do."""
    (one,) = [one for one in find(material(sop=sop()), PERIOD) if one.sort is Sort.PEERS]
    assert "Step 2" in one.title
    assert "Accounts" in one.title
    assert "60% of 100" in one.words
    assert one.tone is Tone.WORSE
    assert one.clear


def test_a_desk_as_chance_has_it_is_told_nothing_clear() -> None:
    """Of forty desks that nothing happened to, hardly one."""
    clear = [
        one
        for seed in range(40)
        for one in find(material(flow=flow(seed=seed), sop=sop(share=0.95)), PERIOD)
        if one.clear
    ]
    assert len(clear) <= 2


def test_a_group_whose_customers_turn_unhappy_is_found() -> None:
    """A share that leaves its usual is told with both; less good is something to look at."""
    rows = [
        replace(row, negative=70) if (row.week, row.group_name) == (0, "Orders") else row
        for row in sentiment()
    ]
    found = [one for one in find(material(sentiment=rows), PERIOD) if "Negative" in one.title]
    assert found[0].title == "Negative turns of customers in Orders: more than usual"
    assert "58% of 120 turns were negative this week, where 23% is usual" in found[0].words
    assert found[0].tone is Tone.WORSE


def test_slower_replies_are_found_by_the_part_of_them_that_is_slow() -> None:
    """One bucket is what three in four used to stay below; then most are above it."""
    rows = durations()
    late = [
        replace(row, histogram=[*[0] * 44, 60, 200])
        if (row.week, row.metric, row.clock) == (0, "first_reply", "calendar")
        else row
        for row in rows
    ]
    found = [one for one in find(material(durations=late), PERIOD) if "slow" in one.title]
    assert found[0].title == "First reply: slow ones: more than usual"
    assert found[0].tone is Tone.WORSE


def test_a_change_of_model_is_a_break_and_no_change_of_mood() -> None:
    """The new version's figures are compared with none of the old one's."""
    rows = [
        replace(row, model_version="logistic-2", negative=2, score_sum=90.0) if row.week else row
        for row in sentiment()
    ]
    since = UNTIL - timedelta(days=2)
    found = find(material(sentiment=rows, coverage=coverage(takeover=since)), PERIOD)
    assert [one.sort for one in found if "Negative" in one.title] == []
    (one,) = [one for one in found if one.sort is Sort.BREAK]
    assert "23 November" in one.words
    assert "sentiment, procedures and quality and risks" in one.title


def test_what_is_missing_is_told() -> None:
    """Days that are not measured, and scores that are not there, are no zeros."""
    period = Period(UNTIL, PERIOD.first, UNTIL - timedelta(days=2))
    rows = [row for row in flow() if period.is_measured(row.metric_day)]
    found = find(material(flow=rows, coverage=coverage(share=0.5)), period)
    missing = {one.title: one.words for one in found if one.sort is Sort.MISSING}
    assert missing["Days without figures"] == (
        "Not measured: 24–25 November. Figures leave them out."
    )
    assert "50%" in missing["Scores are missing for sentiment"]
    assert not any(one.distance < 0 for one in found if "Tickets created" in one.title)


def test_calls_are_watched_too() -> None:
    rows = [replace(row, offered=40) if row.metric_day == UNTIL else row for row in calls()]
    found = [one for one in find(material(calls=rows), PERIOD) if one.title.startswith("Calls")]
    assert found[0].words.startswith("40 calls came in on 25 November")


@given(days=week, former=st.lists(week, min_size=3, max_size=4))
@settings(max_examples=60, deadline=None)
def test_a_run_is_what_it_says(days: list[int], former: list[list[int]]) -> None:
    """Its count is the sum of its days, it is far out, and not by fewer than five."""
    run = furthest_run(days, former, day_weights(former))
    if run is not None:
        assert run.count == sum(days[run.start : run.start + run.days])
        assert abs(run.distance) >= PERHAPS
        assert abs(run.count - run.usual) >= 5
        assert (run.distance > 0) == (run.count > run.usual)


@given(more=st.integers(1, 80), at=st.integers(0, 6))
@settings(max_examples=40, deadline=None)
def test_more_on_a_day_is_never_less_far(more: int, at: int) -> None:
    """A larger wave is found at least as clearly."""

    def distance(extra: int) -> float:
        days = [count + extra * (place == at) for place, count in enumerate(STEADY[0])]
        run = furthest_run(days, STEADY, EVEN)
        return run.distance if run else 0.0

    assert distance(more + 10) >= distance(more)


@given(week)
@settings(max_examples=40, deadline=None)
def test_two_weeks_say_nothing_of_what_is_usual(days: list[int]) -> None:
    """A young desk is told nothing."""
    assert furthest_run(days, STEADY[:2], EVEN) is None


def test_one_wild_week_before_does_not_hide_this_one() -> None:
    """Medians do not follow an outage of the past."""
    outage = [[9, 11, 300, 10, 9, 11, 10], *STEADY[:3]]
    run = furthest_run([10, 10, 10, 10, 40, 45, 42], outage, EVEN)
    assert run is not None
    assert (run.start, run.days) == (4, 3)
    assert run.distance > CLEAR


def test_days_that_are_not_measured_are_in_no_run() -> None:
    """Of 7 days 2 are missing: the others are compared by themselves."""
    run = furthest_run([10, 10, 10, 40, 40, None, None], STEADY, EVEN)
    assert run is not None
    assert (run.start, run.days) == (3, 2)


@pytest.mark.parametrize(
    ("hits", "n", "former", "told"),
    [
        (40, 100, [(80, 100)] * 4, True),
        (78, 100, [(80, 100)] * 4, False),
        (5, 19, [(80, 100)] * 4, False),  # too few this week
        (40, 100, [(80, 100)] * 2, False),  # too few weeks
        (40, 100, [(80, 100), (30, 100), (95, 100), (45, 100)], False),  # never steady
    ],
)
def test_a_share_is_told_if_it_left_its_usual(
    hits: int, n: int, former: list[tuple[int, int]], told: bool
) -> None:
    assert (changed_share(hits, n, former) is not None) is told


@pytest.mark.parametrize(
    ("hits", "n", "peers", "told"),
    [
        (28, 41, [(39, 41), (40, 41), (38, 41), (41, 41)], True),
        (38, 41, [(39, 41), (40, 41), (38, 41), (41, 41)], False),
        (28, 41, [(39, 41), (40, 41)], False),  # too few peers
        (10, 15, [(39, 41)] * 4, False),  # too few cases
    ],
)
def test_a_share_is_told_if_it_is_unlike_its_peers(
    hits: int, n: int, peers: list[tuple[int, int]], told: bool
) -> None:
    assert (unlike_peers(hits, n, peers) is not None) is told


def test_slow_is_what_three_in_four_were_not() -> None:
    assert slow_bucket([[1, 1, 1, 1], [0, 0]]) == 3
    assert slow_bucket([[0, 0], []]) is None


def test_the_desk_of_these_tests_is_one() -> None:
    assert set(GROUPS) == {row.group_name for row in flow()}
    assert AT.date() == date(2026, 11, 26)
