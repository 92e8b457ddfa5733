"""What headers tell, the budget of one process, and processes that share a real server's limits."""

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.pacing import Case, paced
from tasks.errors import TransientError
from tasks.pausing import abandoning, pause
from tasks.prefetch import prefetched
from tasks.zendesk import ZendeskClient
from tasks.zendesk.leases import shared_budget
from tasks.zendesk.limits import (
    ACCOUNT,
    LocalBudget,
    Permit,
    Told,
    Wait,
    kind_of,
    refusing_bucket,
    told_in,
)
from warehouse.budgets import account_key

EXPORT = "/api/v2/incremental/tickets/cursor.json"
GROUPS = "/api/v2/groups"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _reserve(budget: LocalBudget, path: str = EXPORT) -> Permit:
    got = budget.reserve(path)
    assert isinstance(got, Permit)
    return got


def _incremental(total: int, remaining: int, resets: int) -> dict[str, str]:
    told = f"total={total}; remaining={remaining}; resets={resets}"
    return {"zendesk-ratelimit-incremental": told}


def test_headers_tell_each_bucket() -> None:
    """The account's in headers of its own, the others by name; numbers that are none tell none."""
    account = {"ratelimit-limit": "700", "ratelimit-remaining": "699", "ratelimit-reset": "60"}
    assert told_in(account | _incremental(30, 12, 42), 100.0) == {
        "account": Told(700, 699, 160.0),
        "incremental": Told(30, 12, 142.0),
    }
    assert told_in({"ratelimit-remaining": "-"}, 100.0) == {"account": Told(None, 0, 100.0)}
    assert told_in(_incremental(10, 0, 10**12), 100.0)["incremental"].ends_at == 3700.0
    assert told_in({"content-type": "text/html"}, 100.0) == {}


def test_an_empty_bucket_is_waited_for_and_no_other() -> None:
    """Until its window has ended at the latest, and not a moment longer."""
    clock = Clock()
    budget = LocalBudget(clock)
    budget.settle(_reserve(budget), _incremental(10, 0, 42))
    assert budget.reserve(EXPORT) == Wait(42.0, "incremental")
    _reserve(budget, GROUPS)
    clock.now += 42.0
    _reserve(budget)


def test_what_was_told_is_spent_without_another_word() -> None:
    """Answers that are not in yet count: two threads do not spend the last request twice."""
    budget = LocalBudget(Clock())
    budget.settle(_reserve(budget), _incremental(10, 2, 42))
    assert [isinstance(budget.reserve(EXPORT), Wait) for _ in range(3)] == [False, False, True]


def test_an_answer_without_headers_takes_no_knowledge_away() -> None:
    """A proxy's 502 says nothing of budgets; the one that is empty stays empty."""
    budget = LocalBudget(Clock())
    permit = _reserve(budget)
    budget.settle(permit, _incremental(10, 0, 42))
    budget.settle(permit, {})
    budget.settle(permit, None)
    assert budget.reserve(EXPORT) == Wait(42.0, "incremental")


def test_a_refusal_closes_what_is_empty_or_else_the_account() -> None:
    """Retry-After names no bucket; the headers do."""
    clock = Clock()
    budget = LocalBudget(clock)
    budget.settle(_reserve(budget), _incremental(10, 0, 42), closed_seconds=50.0)
    assert budget.reserve(EXPORT) == Wait(50.0, "incremental")
    budget.settle(_reserve(budget, GROUPS), {}, closed_seconds=7.0)
    assert budget.reserve(GROUPS) == Wait(7.0, ACCOUNT)
    assert refusing_bucket({"help-center": Told(100, 5, 0.0)}, {"help-center"}) == "help-center"


@given(
    ends_at=st.floats(60, 120),
    total=st.integers(1, 2500),
    answers=st.lists(st.tuples(st.floats(0, 60), st.floats(0, 0.15)), min_size=1, max_size=20),
)
def test_answers_of_one_window_add_up_to_its_tightest_bound(
    ends_at: float, total: int, answers: list[tuple[float, float]]
) -> None:
    """Never before its end, as early as any answer allows, and with the least that was left."""
    told = []
    for number, (before, delay) in enumerate(sorted(answers, reverse=True)):
        seconds = -int(-before // 1)
        told.append(Told(total, total - number, ends_at - before + delay + seconds))
    known = told[0]
    for newer in told[1:]:
        known = known.then(newer)
    assert known.ends_at == min(one.ends_at for one in told) >= ends_at - 1e-6
    assert known.remaining == total - len(answers) + 1


def test_paths_of_one_kind_differ_in_ids_only() -> None:
    """Also where an id is no plain number."""
    assert kind_of("/api/v2/tickets/17/comments") == kind_of("/api/v2/tickets/18/comments")
    assert kind_of("/calls/CA3f9/recording") == kind_of("/calls/CAab1/recording")
    assert kind_of("/api/v2/tickets") != kind_of("/api/v2/groups")


def test_a_pause_ends_when_nobody_waits_for_it() -> None:
    """Ctrl-C during a minute's wait in a thread ends the process at once."""
    raised: list[Exception] = []

    def wait() -> None:
        try:
            pause(60.0)
        except TransientError as error:
            raised.append(error)

    started = time.monotonic()
    with abandoning() as context:
        thread = threading.Thread(target=context.run, args=[wait])
        thread.start()
    thread.join()
    assert time.monotonic() - started < 5
    assert len(raised) == 1
    pause(0.01)


def test_pages_that_nobody_asks_for_any_more_are_not_waited_for() -> None:
    """As when the run is stopped while the next page waits for its budget."""

    def pages() -> Iterator[int]:
        yield 1
        pause(60.0)
        yield 2

    def broken_off() -> None:
        for _ in prefetched(pages()):
            raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert time.monotonic() - started < 5


def test_a_client_gives_its_leases_back(engine, account, store, logins) -> None:
    """When it is closed, nothing is out on lease but what it spent."""
    with ZendeskClient.opened(
        account["base_url"], store, budget=shared_budget(engine, account["base_url"])
    ) as client:
        for _ in range(5):
            client.get("/api/v2/tickets/count.json", {})
    left = shared_budget(engine, account["base_url"])
    assert isinstance(left.reserve("/api/v2/tickets/count.json"), Permit)
    left.close()
    url = logins.migrator.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        connection.execute("set role vensor_owner")
        leased = connection.execute(
            "select leased, total from app.account_budgets"
            " where bucket = 'account' and account_key = %s",
            [account_key(account["base_url"])],
        ).fetchall()
    assert leased == [(1, 1_000_000)], "the permit that was reserved last and not used"


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_share_a_real_server_s_limit(settings_environment, processes: int) -> None:
    """With the real client, warehouse and sockets: all of three windows, and no refusal."""
    measured = paced(Case(processes, "incremental", limit=10, window_seconds=4, windows=3))
    assert measured.refused == 0
    assert measured.requests >= 0.98 * measured.allowed
