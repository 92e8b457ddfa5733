"""What makes the world fast must not change it."""

import threading
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.world.account import KEPT_TICKETS, Account, Change
from sandbox.world.hashing import Dice
from sandbox.world.setting import Setting

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
AT = int(UNTIL.timestamp())


@pytest.fixture
def world():
    return Account(Setting(7, "acme", 300, 7, UNTIL))


@given(st.integers(0, 2**62), st.text(max_size=20))
def test_one_number_is_the_same_alone_and_among_many(counter, stream):
    """Drawn without an array, it is the array's to the last bit."""
    dice = Dice(7, "acme")
    assert dice.one(stream, counter) == dice.roll(stream, np.array([counter]))[0]


def test_tickets_at_hand_are_those_computed_anew(world):
    """Asked for again, alone or with others, in any order, a ticket is the same."""
    whole = world.tickets(range(1, 301))
    assert list(world.tickets([9, 5, 9, 7])) == [9, 5, 7]
    other = Account(world.setting)
    for number in (1, 150, 300):
        alone = other.tickets([number])[number]
        assert alone.times == whole[number].times
        assert alone.talk == world.tickets([number])[number].talk == whole[number].talk


def test_tickets_at_hand_are_few():
    """However many were asked for: the memory does not grow with the account."""
    world = Account(Setting(7, "acme", KEPT_TICKETS * 2, 7, UNTIL))
    for first in range(1, KEPT_TICKETS * 2, 1_000):
        world.tickets(range(first, first + 1_000))
    assert len(world._known) == KEPT_TICKETS


def test_a_change_is_seen_at_once(world):
    """What was at hand before is not shown after."""
    before = world.tickets([5, 6])
    world.change(Change(5, AT, redacted=((0, AT),)))
    after = world.tickets([5, 6])
    assert after[5].talk.turns[0].body != before[5].talk.turns[0].body
    assert after[6].talk == before[6].talk
    customer = after[6].requester
    world.remove(customer, AT, scrubbed=True)
    assert after[6].customer.active
    assert not world.tickets([6])[6].customer.active


def test_what_was_computed_before_a_change_is_not_kept(world):
    """A page on its way while a change comes must not bring the old ticket back."""
    stale = world.tickets([5])
    state = world._state
    world.change(Change(5, AT, redacted=((0, AT),)))
    world._keep(stale, state)
    assert world.tickets([5])[5].redactions


def test_threads_see_the_same_tickets(world):
    """Pages are made in threads: each has every ticket that it asked for."""
    whole = Account(world.setting).tickets(range(1, 301))
    expected = {number: one.times for number, one in whole.items()}
    told, wrong = [], []

    def read(first):
        for _ in range(20):
            numbers = range(first, 301, 3)
            found = world.tickets(numbers)
            told.append(len(found))
            wrong.extend(n for n in numbers if found[n].times != expected[n])

    threads = [threading.Thread(target=read, args=(first,)) for first in (1, 2, 3, 1)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert told == [100] * 80
    assert wrong == []
