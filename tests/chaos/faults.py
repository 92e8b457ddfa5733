"""What a fault is, how a day under one goes, and what is left of it once all has passed."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tasks.audit_checking import check_audit
from tasks.resources import opened
from tests.chaos.digests import Difference, Digests, differing
from tests.chaos.stage import TICKETS, Day, Stage

MOST_RERUNS = 4


class SkippedError(Exception):
    """This machine cannot have the fault; the message says why."""


@dataclass(frozen=True)
class Fault:
    """A kind of trouble. `strike` runs a day under it and returns how often it struck.

    `models` are whose the models are in every day of it. The fault may change for good so many
    `tickets`, and these `tables`, or columns of tables; `excused` says why. All else is a failure.
    """

    kind: str
    name: str
    strike: Callable[[Stage], int]
    models: str = "local"
    excused: str = ""
    tickets: int = 0
    tables: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Outcome:
    """What came of a fault. `reruns` are days after the disturbed one, until all was well.

    `seconds` are those of the disturbed day and its reruns.
    """

    fault: Fault
    struck: int
    reruns: int
    seconds: float
    differs: list[str]


def not_excused(fault: Fault, found: Sequence[Difference]) -> list[Difference]:
    """What differs and may not: all of it, where more tickets do than the fault may change."""
    if len({one.ticket for one in found if one.ticket}) > fault.tickets:
        return list(found)
    return [one for one in found if not one.ticket and not _excused(fault, one)]


def _excused(fault: Fault, one: Difference) -> bool:
    if one.name in fault.tables:
        return True
    named = {f"{one.name}.{column}" for column in one.columns}
    return one.rows == one.expected and bool(named) and named <= fault.tables


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
            if not day.ended_well:
                raise RuntimeError(f"the undisturbed day failed: {day.words()}")
            self._stage.whole_seconds = time.monotonic() - began
            asked = (one["path"] for one in self._stage.requests())
            self._stage.answers = sum(path.endswith("/responses") for path in asked)
            self._expected[models] = self._stage.digests()
        return self._expected[models]

    def under(self, fault: Fault) -> Outcome:
        """The day under this fault, and its reruns."""
        self.expected(fault.models)
        self._prepare(fault.models)
        began = time.monotonic()
        struck = fault.strike(self._stage)
        return self._run_again(fault, struck, began)

    def _run_again(self, fault: Fault, struck: int, began: float) -> Outcome:
        """The day anew until one ended well; and once more where something differs even so."""
        day, reruns = self._stage.days[-1], 0
        differs = self._differing(fault, day)
        while differs and reruns < MOST_RERUNS:
            last = day.ended_well
            reruns += 1
            day = self._stage.run()
            differs = self._differing(fault, day)
            if last:
                break
        return Outcome(fault, struck, reruns, time.monotonic() - began, differs)

    def _differing(self, fault: Fault, day: Day) -> list[str]:
        """What is not as an undisturbed day leaves it, after a day that ended well."""
        if not day.ended_well:
            return [f"the day ended with {day.process.returncode}: {day.words()}"]
        found = differing(self._stage.digests(), self._expected[fault.models])
        return [*map(str, not_excused(fault, found)), *self._trails()]

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
