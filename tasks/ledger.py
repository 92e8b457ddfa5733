"""The run ledger as flows use it: one run of an organization, stage by stage."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from tasks.errors import TransientError
from tasks.progress import report
from tasks.resources import Resources, opened
from tasks.sanitising import without_values
from tasks.tracing import spanned
from warehouse import ledger
from warehouse.ledger import StageResult

# How long a run that a worker runs waits for the organization's other run: longer than most days
# take, and short enough to be seen before the next morning.
PATIENCE_SECONDS = 3600.0
PAUSE_SECONDS = 5.0


@dataclass(frozen=True)
class StageLine:
    """One line of the ledger: a stage, what it did and how long it took."""

    stage: str
    result: StageResult
    seconds: float


@dataclass(frozen=True)
class Run:
    """A run under way; `lines` grows as its stages end, before each of which it must `keep` its
    place among the organization's runs."""

    slug: str
    run_id: UUID
    as_of: datetime
    resources: Resources
    lines: list[StageLine] = field(default_factory=list)
    keep: Callable[[], None] = lambda: None

    def stage(self, name: str, work: Callable[[], StageResult]) -> None:
        """Does `work` and records it; on failure records its class and lets the error on."""
        self.keep()
        report(name, 0)
        started = time.monotonic()
        result, failure = StageResult(), None
        try:
            with spanned("stage", name) as span:
                result = work()
                span.counts |= counts_of(result)
        except Exception as error:
            failure = without_values(error)
        seconds = time.monotonic() - started
        with self.resources.session() as connection:
            ledger.record_stage(
                connection,
                self.resources.organization.org_id,
                self.run_id,
                name,
                result,
                seconds=seconds,
                error=None if failure is None else type(failure).__name__,
            )
        if failure is not None:
            raise failure from None
        self.lines.append(StageLine(name, result, seconds))


def counts_of(result: StageResult) -> dict[str, int]:
    """What a stage did, in numbers."""
    return {
        "rows_in": result.rows_in,
        "rows_out": result.rows_out,
        "quarantined": result.quarantined,
    }


@contextmanager
def running(
    slug: str, *, flow: str, as_of: datetime, patience_seconds: float | None = None
) -> Iterator[Run]:
    """A run of `slug`, alone among its runs, in the ledger from its beginning to its end.

    Raises: TransientError when another run of the organization is under way, as `turn` does.
    """
    with (
        opened(slug) as resources,
        turn(resources, patience_seconds=patience_seconds) as keep,
    ):
        with resources.session() as connection:
            org_id = resources.organization.org_id
            run_id = ledger.begin(connection, org_id, flow=flow, as_of=as_of)
            resources.audit(
                connection,
                action="run",
                purpose=flow,
                details={"run_id": str(run_id), "as_of": as_of.isoformat()},
            )
        state = "failed"
        try:
            yield Run(slug, run_id, as_of, resources, keep=keep)
            state = "completed"
        finally:
            with resources.session() as connection:
                ledger.end(connection, run_id, state=state)


@contextmanager
def turn(
    resources: Resources, *, patience_seconds: float | None = None
) -> Iterator[Callable[[], None]]:
    """The organization's one place for a run, for which a run of a deployment waits for an hour.

    What is yielded takes it again where it was lost with its connection; see `ledger.exclusive`.

    Someone at the terminal is told at once and decides. Who waits holds nothing but a place of its
    worker's: the place itself is a lock of the warehouse's, which a killed run gives up by itself.

    Raises: TransientError when another run still holds it at the end of that time.
    """
    patience = _patience_seconds() if patience_seconds is None else patience_seconds
    began, wait = time.monotonic(), 0.0
    with ExitStack() as held:
        while (keep := _took(resources, held, wait, last=_over(began, patience))) is None:
            waited, wait = round(time.monotonic() - began), min(PAUSE_SECONDS, patience)
            report("wait", waited, total=round(patience), note="seconds for another run")
        yield keep


def _over(began: float, patience_seconds: float) -> bool:
    return time.monotonic() - began >= patience_seconds


def _took(
    resources: Resources, held: ExitStack, wait_seconds: float, *, last: bool
) -> Callable[[], None] | None:
    """What keeps the place that is held now, or None. The `last` time, why not is let out."""
    place = ledger.exclusive(resources.engine, resources.organization, wait_seconds=wait_seconds)
    try:
        return held.enter_context(place)
    except TransientError:
        if last:
            raise
        return None


def _patience_seconds() -> float:
    from prefect.runtime import deployment  # seconds to import, which a terminal may not need

    return PATIENCE_SECONDS if deployment.id is not None else 0.0
