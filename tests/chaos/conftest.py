"""A stage of the tests' own."""

from collections.abc import Iterator

import pytest

from tests.chaos.faults import Chaos
from tests.chaos.stage import staged


@pytest.fixture(scope="module")
def chaos() -> Iterator[Chaos]:
    """Two organizations before their first day, and what an undisturbed one leaves."""
    with staged() as stage:
        yield Chaos(stage)
