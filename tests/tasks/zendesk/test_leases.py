"""Budgets shared by processes, in a world whose clock the tests turn.

A minute of Zendesk's passes in a moment here: requests, answers and leases are events of a
simulation, while leases are taken from the real functions, called as their owner with its clock.
"""

import heapq
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.zendesk.leases import SharedBudget
from tasks.zendesk.limits import Permit, Wait
from warehouse.budgets import Grant, Report
from warehouse.errors import TransientError
from warehouse.sessions import Logins

EXPORT = "/api/v2/incremental/tickets/cursor.json"
GROUPS = "/api/v2/groups.json"
EPOCH = datetime(2026, 11, 1, tzinfo=UTC)
WINDOW = 60.0
ROUND_TRIP = 0.004
KEEPS_ITS_DATABASE = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def owner(logins: Logins) -> Iterator[psycopg.Connection]:
    """The owner: only it may name the instant that a lease is taken at."""
    url = logins.migrator.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set role vensor_owner")
        connection.execute("set synchronous_commit = off")
        yield connection


@dataclass
class Server:
    """Zendesk's limits, and what it counted in each window by bucket.

    Windows are of the clock, from `phase` on; or else each begins with the first request in it.
    """

    limits: dict[str, int]
    phase: float = 0.0
    of_the_clock: bool = True
    number: int = 0
    counted: Counter[tuple[str, int]] = field(default_factory=Counter)
    refused: list[float] = field(default_factory=list)

    def window(self, now: float) -> int:
        if self.of_the_clock:
            return int((now - self.phase) // WINDOW)
        if not self.counted or now >= self.phase + WINDOW:
            self.phase, self.number = now, self.number + bool(self.counted)
        return self.number

    def ends_at(self, now: float) -> float:
        number = self.window(now) if self.of_the_clock else 0
        return self.phase + WINDOW * (number + 1)

    def left(self, bucket: str, now: float) -> int:
        return self.limits[bucket] - self.counted[bucket, self.window(now)]

    def answer(self, path: str, now: float) -> tuple[dict[str, str], float | None]:
        """The headers, and the seconds of a refusal."""
        buckets = ["account", "incremental"] if "incremental" in path else ["account"]
        seconds = -int(-(self.ends_at(now) - now) // 1)
        empty = [bucket for bucket in buckets if self.left(bucket, now) <= 0]
        if empty:
            self.refused.append(now)
        else:
            self.counted.update((bucket, self.window(now)) for bucket in buckets)
        headers = {
            "ratelimit-limit": str(self.limits["account"]),
            "ratelimit-remaining": str(self.left("account", now)),
            "ratelimit-reset": str(seconds),
        }
        if "incremental" in path:
            left = self.left("incremental", now)
            told = f"total={self.limits['incremental']}; remaining={left}; resets={seconds}"
            headers["zendesk-ratelimit-incremental"] = told
        return headers, float(seconds) if empty else None


class World:
    """Time, what is to happen in it, and the ledger as of its instant."""

    def __init__(self, owner: psycopg.Connection, server: Server, seed: int) -> None:
        self.owner = owner
        self.server = server
        self.random = random.Random(seed)
        self.account = os.urandom(32)
        self.now = 0.0
        self.takes = 0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, (self.now + seconds, self._number, event))

    def run(self, until: float) -> None:
        while self._events and self._events[0][0] <= until:
            self.now, _, event = heapq.heappop(self._events)
            event()

    def take(self, path: str, *, holding, want: int, reports: list[Report]) -> list[Grant]:
        self.takes += 1
        self.learn(reports)
        rows = self.owner.execute(
            "select * from app.lease_budget(%s, %s, %s, %s, %s)",
            [self.account, path, sorted(holding), want, self._at()],
        )
        return [Grant(*row) for row in rows]

    def learn(self, reports: list[Report]) -> None:
        told = msgspec.json.encode([asdict(report) for report in reports]).decode()
        self.owner.execute(
            "call app.settle_budgets(%s, %s::jsonb, %s)", [self.account, told, self._at()]
        )

    def _at(self) -> datetime:
        return EPOCH + timedelta(seconds=self.now + ROUND_TRIP / 2)


class Process:
    """A run that asks for one page after another, of answers that take `pace` seconds or so."""

    def __init__(
        self, world: World, *, path: str = EXPORT, pace: float = 1.0, skew: float = 0.0
    ) -> None:
        self.world, self.path, self.pace = world, path, pace
        self.alive = True
        self.waits: list[Wait] = []
        self.budget = SharedBudget(world, clock=lambda: world.now + skew)
        world.after(world.random.random(), self.ask)

    def ask(self) -> None:
        if not self.alive:
            return
        got = self.budget.reserve(self.path)
        if isinstance(got, Wait):
            self.waits.append(got)
            self.world.after(ROUND_TRIP + got.seconds, self.ask)
        else:
            self.world.after(ROUND_TRIP + self._spread(0.05), lambda: self._arrive(got))

    def _arrive(self, permit: Permit) -> None:
        answer = self.world.server.answer(self.path, self.world.now)
        self.world.after(self._spread(self.pace), lambda: self._come_back(permit, *answer))

    def _come_back(
        self, permit: Permit, headers: dict[str, str], closed_seconds: float | None
    ) -> None:
        if self.alive:
            self.budget.settle(permit, headers, closed_seconds=closed_seconds)
            self.ask()

    def _spread(self, seconds: float) -> float:
        return seconds * self.world.random.uniform(0.5, 1.5)


def _use(server: Server, bucket: str, windows: range) -> float:
    """The share of what a bucket allows in whole windows that was asked for."""
    spent = sum(server.counted[bucket, number] for number in windows)
    return spent / (len(windows) * server.limits[bucket])


@KEEPS_ITS_DATABASE
@given(
    processes=st.integers(2, 5),
    limit=st.sampled_from([10, 30]),
    pace=st.floats(0.2, 5),
    phase=st.none() | st.floats(0, 59),
    skews=st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=5),
    seed=st.integers(0, 1000),
)
def test_processes_use_all_of_a_small_bucket_and_no_more(
    owner,
    processes: int,
    limit: int,
    pace: float,
    phase: float | None,
    skews: list[float],
    seed: int,
) -> None:
    """However slow the answers, wherever in a minute they begin, whatever their clocks say."""
    limits = {"account": 700, "incremental": limit}
    world = World(owner, Server(limits, phase or 0.0, of_the_clock=phase is not None), seed)
    for skew in skews[:processes]:
        Process(world, pace=min(pace, 60 * processes / limit / 2.5), skew=skew)
    world.run(until=6 * WINDOW)
    assert world.server.refused == []
    assert _use(world.server, "incremental", range(1, 5)) >= 0.98


@settings(KEEPS_ITS_DATABASE, max_examples=5)
@given(
    processes=st.integers(2, 4), limit=st.sampled_from([200, 400, 700]), seed=st.integers(0, 1000)
)
def test_a_large_bucket_costs_few_round_trips(owner, processes: int, limit: int, seed: int) -> None:
    """All of it is used, with one lease for several requests."""
    world = World(owner, Server({"account": limit}, phase=17.3), seed)
    for _ in range(processes):
        Process(world, path=GROUPS, pace=60 * processes / limit / 3)
    world.run(until=3 * WINDOW)
    assert world.server.refused == []
    assert _use(world.server, "account", range(2)) >= 0.98
    assert world.takes < world.server.counted.total() / 3


def test_a_bucket_that_nobody_knows_is_asked_for_once(owner) -> None:
    """Four processes begin at once; three wait for the first one's answer, then all go on."""
    world = World(owner, Server({"account": 700, "incremental": 10}), seed=1)
    started = [Process(world, pace=3.0) for _ in range(4)]
    world.run(until=1.0)
    assert sorted(bool(process.waits) for process in started) == [False, True, True, True]
    assert world.server.counted["incremental", 0] == 1
    world.run(until=WINDOW - 1)
    assert (world.server.counted["incremental", 0], world.server.refused) == (10, [])


def test_paths_of_one_family_share_what_is_known(owner) -> None:
    """A stream's first request ever takes its lease from the bucket that its siblings spend."""
    world = World(owner, Server({"account": 700, "incremental": 10}), seed=2)
    first = Process(world, pace=0.2)
    world.run(until=30)
    assert world.server.counted["incremental", 0] == 10
    first.alive = False
    second = Process(world, path="/api/v2/incremental/users/cursor.json")
    world.run(until=WINDOW - 1)
    assert world.server.refused == []
    assert second.waits[0].bucket == "incremental"


def test_what_a_killed_process_held_is_there_again_in_the_next_window(owner) -> None:
    """Its lease is not returned; it ends with its window."""
    world = World(owner, Server({"account": 100}), seed=3)
    killed, left = (Process(world, path=GROUPS, pace=0.3) for _ in range(2))
    world.run(until=8)
    killed.alive = False
    held = sum(lease.permits for lease in killed.budget._leases.values())
    assert held > 0
    world.run(until=4 * WINDOW)
    assert 100 - world.server.counted["account", 0] in range(held, held + 2)
    assert _use(world.server, "account", range(1, 4)) == 1
    assert world.server.refused == []
    assert left.alive


def test_a_killed_probe_holds_nobody_up_for_longer_than_a_window(owner) -> None:
    """The one request that was to find out the limit never came back."""
    world = World(owner, Server({"account": 700, "incremental": 10}), seed=4)
    killed = Process(world, pace=30)
    world.run(until=2)
    killed.alive = False
    Process(world, pace=1)
    world.run(until=2 * WINDOW + 30)
    assert world.server.counted["incremental", 1] == 10


def test_a_stranger_who_spends_the_budget_is_seen(owner) -> None:
    """What an answer tells is believed more than what was counted here."""
    world = World(owner, Server({"account": 200}), seed=5)
    for _ in range(2):
        Process(world, path=GROUPS, pace=1.0)

    def stranger() -> None:
        world.server.counted["account", world.server.window(world.now)] += 150

    for at in (10, WINDOW + 10, 2 * WINDOW + 1):
        world.after(at, stranger)
    world.run(until=3 * WINDOW)
    assert [world.server.counted["account", number] for number in range(3)] == [200] * 3
    assert world.server.refused == []


@pytest.mark.parametrize(("before", "after"), [(10, 30), (30, 10)])
def test_a_limit_that_changes_is_learned_at_once(owner, before: int, after: int) -> None:
    """The add-on is bought, or ends, in the middle of a window."""
    world = World(owner, Server({"account": 700, "incremental": before}), seed=6)
    for _ in range(3):
        Process(world, pace=3.0)

    def change() -> None:
        world.server.limits["incremental"] = after

    world.after(WINDOW + 5, change)
    world.run(until=4 * WINDOW)
    assert world.server.counted["incremental", 0] == before
    assert [world.server.counted["incremental", number] for number in (2, 3)] == [after] * 2
    if after > before:
        assert world.server.counted["incremental", 1] == after
        assert world.server.refused == []


def test_a_refusal_closes_the_bucket_for_everybody(owner) -> None:
    """For as long as Zendesk says, which one process was told; other buckets stay open."""
    world = World(owner, Server({"account": 700, "incremental": 10}), seed=7)
    refused, other = (SharedBudget(world, clock=lambda: world.now) for _ in range(2))
    permit = refused.reserve(EXPORT)
    assert isinstance(permit, Permit)
    spent = {"zendesk-ratelimit-incremental": "total=10; remaining=0; resets=20"}
    spent |= {"ratelimit-limit": "700", "ratelimit-remaining": "600", "ratelimit-reset": "20"}
    refused.settle(permit, spent, closed_seconds=42.0)
    world.now = 30.0
    wait = other.reserve(EXPORT)
    assert isinstance(wait, Wait)
    assert (wait.bucket, wait.seconds) == ("incremental", pytest.approx(12, abs=0.1))
    permit = other.reserve(GROUPS)
    assert isinstance(permit, Permit)
    other.settle(permit, {"ratelimit-remaining": "599", "ratelimit-reset": "40"})
    world.now = 42.1
    assert isinstance(other.reserve(EXPORT), Permit)
    assert isinstance(other.reserve(GROUPS), Permit)


def test_a_refusal_that_names_no_bucket_closes_the_account(owner) -> None:
    """A proxy's 429 tells no budgets: it is taken for everything."""
    world = World(owner, Server({}), seed=8)
    refused, other = (SharedBudget(world, clock=lambda: world.now) for _ in range(2))
    refused.settle(refused.reserve(GROUPS), {}, closed_seconds=5.0)
    assert other.reserve(EXPORT) == Wait(pytest.approx(5, abs=0.1), "account")


def test_a_wait_ends_with_its_window_as_the_tightest_answer_told(owner) -> None:
    """Whole seconds are rounded up; of several answers, the smallest bound holds."""
    world = World(owner, Server({"account": 700, "incremental": 3}, phase=0.4), seed=9)
    budget = SharedBudget(world, clock=lambda: world.now)
    for at in (50.1, 50.45, 51.1):  # until 61.1, 60.45 and 61.1 at the latest
        world.now = at
        permit = budget.reserve(EXPORT)
        assert isinstance(permit, Permit)
        budget.settle(permit, world.server.answer(EXPORT, at)[0])
    wait = budget.reserve(EXPORT)
    assert isinstance(wait, Wait)
    assert 60.4 <= world.now + wait.seconds < 60.5


def _granted(world: World, *, askers: int) -> int:
    """How many of so many new processes may ask now, before any has its answer."""
    budgets = [SharedBudget(world, clock=lambda: world.now) for _ in range(askers)]
    return sum(isinstance(budget.reserve(EXPORT), Permit) for budget in budgets)


@pytest.mark.parametrize(("sent_at", "granted"), [(59.95, 3), (40.0, 4)])
def test_a_request_on_its_way_when_a_window_ends_is_not_granted_twice(
    owner, sent_at: float, granted: int
) -> None:
    """It may be counted in the next one: until an answer tells, it is kept back there."""
    world = World(owner, Server({"account": 700, "incremental": 4}), seed=12)
    budget = SharedBudget(world, clock=lambda: world.now)
    for at in (10.0, sent_at):
        world.now = at
        permit = budget.reserve(EXPORT)
        assert isinstance(permit, Permit)
        if at == 10.0 or granted == 4:
            budget.settle(permit, world.server.answer(EXPORT, at + 0.01)[0])
    budget.close()
    world.now = 60.1
    assert _granted(world, askers=6) == granted


def test_a_window_that_began_before_the_last_one_surely_ended_is_seen(owner) -> None:
    """A request of that second was counted there, which its answer tells."""
    world = World(owner, Server({"account": 700, "incremental": 4}), seed=13)
    budget = SharedBudget(world, clock=lambda: world.now)
    for at in (10.9, 60.2):  # the first tells of an end at 60.9 at the latest
        world.now = at
        permit = budget.reserve(EXPORT)
        assert isinstance(permit, Permit)
        budget.settle(permit, world.server.answer(EXPORT, at)[0])
    world.now = 60.3
    budget.close()
    world.now = 61.0
    assert _granted(world, askers=6) == 3


def test_a_slow_process_holds_nothing_that_others_could_use(owner) -> None:
    """Who asks once in ten seconds leases one request at a time."""
    world = World(owner, Server({"account": 400}), seed=10)
    slow = Process(world, path=GROUPS, pace=10)
    world.run(until=50)
    assert sum(lease.permits for lease in slow.budget._leases.values()) <= 1
    slow.budget.close()
    leased = owner.execute(
        "select leased from app.account_budgets where account_key = %s and bucket = 'account'",
        [world.account],
    ).fetchone()
    assert leased[0] <= 1, "the request under way"


def test_a_report_that_cannot_be_sent_goes_with_the_next_lease(owner) -> None:
    """An answer that came is no failure, even while the warehouse is away."""
    world = World(owner, Server({"account": 700, "incremental": 10}), seed=11)
    budget = SharedBudget(world, clock=lambda: world.now)
    permit = budget.reserve(EXPORT)
    assert isinstance(permit, Permit)

    class Away:
        def take(self, *_: object, **__: object) -> list[Grant]:
            raise TransientError("away")

        def learn(self, reports: list[Report]) -> None:
            raise TransientError("away")

    budget._ledger = Away()
    budget.settle(permit, world.server.answer(EXPORT, 0.0)[0])
    with pytest.raises(TransientError, match="away"):
        budget.reserve(EXPORT)
    budget._ledger = world
    assert isinstance(budget.reserve(EXPORT), Permit)
    told = owner.execute(
        "select remaining, leased from app.account_budgets"
        " where account_key = %s and bucket = 'incremental'",
        [world.account],
    ).fetchone()
    assert told == (9, 1)
