"""What a fault is, how a day under one goes, and what is left of it once all has passed."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from tasks.audit_checking import check_audit
from tasks.resources import opened
from tests.chaos.digests import Digests, differing
from tests.chaos.stage import TICKETS, Stage

MOST_RERUNS = 4


class SkippedError(Exception):
    """This machine cannot have the fault; the message says why."""


@dataclass(frozen=True)
class Fault:
    """A kind of trouble. `strike` runs a day under it and returns how often it struck.

    `models` are whose the models are in every day of it. `excused` are tables that the fault may
    change for good, with the reason; what else differs is a failure.
    """

    kind: str
    name: str
    strike: Callable[[Stage], int]
    models: str = "local"
    excused: str = ""
    tables: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Outcome:
    """What came of a fault. `reruns` are days after the disturbed one, until one ended well.

    `seconds` are those of the disturbed day and its reruns.
    """

    fault: Fault
    struck: int
    ended_well: bool
    reruns: int
    seconds: float
    differs: list[str]
    words: str

    @property
    def good(self) -> bool:
        return self.struck > 0 and self.ended_well and not self.differs


class Chaos:
    """Faults on one stage, each against what an undisturbed day leaves there."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._expected: dict[str, Digests] = {}

    def expected(self, models: str) -> Digests:
        """What an undisturbed day leaves. Raises: RuntimeError where that fails."""
        if models not in self._expected:
            self._prepare(models)
            began = time.monotonic()
            day = self._stage.run()
            if day.process.returncode != 0:
                raise RuntimeError(f"the undisturbed day failed: {day.words()}")
            self._stage.whole_seconds = time.monotonic() - began
            self._expected[models] = self._stage.digests()
        return self._expected[models]

    def under(self, fault: Fault) -> Outcome:
        """The day under this fault, and its reruns."""
        expected = self.expected(fault.models)
        self._prepare(fault.models)
        began = time.monotonic()
        struck = fault.strike(self._stage)
        words, reruns = self._stage.days[-1].words(), 0
        ended_well = self._stage.days[-1].process.returncode == 0
        while not ended_well and reruns < MOST_RERUNS:
            reruns += 1
            ended_well = self._stage.run().process.returncode == 0
        seconds = time.monotonic() - began
        if not ended_well:
            words = self._stage.days[-1].words()
        found = differing(self._stage.digests(), expected) + self._trails()
        left = [one for one in found if one.partition(":")[0] not in fault.tables]
        return Outcome(fault, struck, ended_well, reruns, seconds, left, words)

    def _prepare(self, models: str) -> None:
        self._stage.restore()
        self._stage.told = self._stage.models(models)

    def _trails(self) -> list[str]:
        """What is wrong with the audit trails."""
        with self._stage.terminal.within():
            for slug in TICKETS:
                with opened(slug) as resources:
                    fault = check_audit(resources, now=datetime.now(UTC)).fault
                if fault is not None:
                    return [f"audit trail of {slug}: {fault}"]
        return []
