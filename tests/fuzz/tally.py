"""What became of bad input, counted: the same words for every target."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, settings

from tasks.errors import VensorError

# A short run is part of every test run; `make fuzz` asks for more.
FACTOR = int(os.environ.get("VENSOR_FUZZ_EXAMPLES", "1"))
COUNTS = os.environ.get("VENSOR_FUZZ_COUNTS")
LOADED, HELD, ERROR, OTHER = "loaded", "quarantined", "one clear error", "anything else"


def examples(few: int) -> settings:
    """So many examples, or as many times more as the run was asked for; each as long as it takes.

    A long run is another one each time, a short one always the same.
    """
    return settings(
        max_examples=few * FACTOR,
        deadline=None,
        derandomize=FACTOR == 1,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def one_line(error: Exception) -> str:
    """What an error of ours counts as."""
    return OTHER if "\n" in str(error) else ERROR


class Tally:
    """The outcomes of one target's cases."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.counts: Counter[str] = Counter()

    def add(self, outcome: str) -> None:
        self.counts[outcome] += 1

    @contextmanager
    def case(self) -> Iterator[None]:
        """A case that ends as it should, which is counted within, or with an error of ours.

        Whatever else is raised is counted, and raised.
        """
        try:
            yield
        except VensorError as error:
            self.add(one_line(error))
        except BaseException:
            self.add(OTHER)
            raise

    def write(self) -> None:
        """Into the folder that a long run gathers its counts from."""
        if COUNTS is not None:
            told = {"target": self.target, **self.counts}
            name = self.target.replace(" ", "-")
            (Path(COUNTS) / f"{name}.json").write_text(json.dumps(told))


@contextmanager
def tallied(target: str) -> Iterator[Tally]:
    """A tally that is written at the end, and in which nothing must be that has no name."""
    tally = Tally(target)
    try:
        yield tally
    finally:
        tally.write()
    assert not tally.counts[OTHER], tally.counts
