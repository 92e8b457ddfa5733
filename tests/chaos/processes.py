"""Faults of processes and machines: killed, away, full, two at once."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path
from resource import RLIMIT_AS

import psutil

from cli import orchestrator
from tests.chaos.faults import Fault, SkippedError
from tests.chaos.stage import Day, Stage
from warehouse import embedded

KILLS_A_ROUND = 4
# The share of a day that passes until one that goes on is where the one before was killed.
REENTRY = 0.15
SEED = 20_261_126
AWAY_SECONDS = 60.0
MORE_BYTES = 96 * 1024 * 1024
FIRST_STREAMS, PIECE_BYTES = 4, 1024 * 1024


def kill_rounds(kills: int) -> list[Fault]:
    """Rounds of kills, four before each day that may end: at instants spread over a whole day.

    One of each stretch of the day, dealt out by a draw that is always the same, the earliest of a
    round first: the next day goes on from there. In every second round what the run had started,
    such as dbt, is left alive.
    """
    draw = random.Random(SEED)
    instants = [(at + draw.random()) / kills for at in range(kills)]
    draw.shuffle(instants)
    rounds = [sorted(instants[at : at + KILLS_A_ROUND]) for at in range(0, kills, KILLS_A_ROUND)]
    made = []
    for number, round_ in enumerate(rounds):
        name, family = (
            ("SIGKILL of the run and all that it started", True),
            ("SIGKILL of the run, what it started lives on", False),
        )[number % 2]
        made.append(Fault("kill", name, _killed(round_, family=family)))
    return made


def _killed(instants: Sequence[float], *, family: bool) -> Callable[[Stage], int]:
    def strike(stage: Stage) -> int:
        kills, reached = 0, 0.0
        for instant in instants:
            day = stage.begin()
            share = instant - reached + (REENTRY if reached else 0)
            _pass(day, share * stage.whole_seconds)
            kills += day.kill(family=family)
            reached = instant
        return kills

    return strike


def _pass(day: Day, seconds: float) -> None:
    """Lets time pass, as long as the day is under way."""
    deadline = time.monotonic() + seconds
    while day.process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)


def same_day_again(stage: Stage) -> int:
    """No fault: a day that ended well is run again."""
    stage.run()
    return int(stage.run().process.returncode == 0)


def two_at_once(stage: Stage) -> int:
    """Two terminals begin the same day; how many were turned away by the other."""
    days = [stage.begin(), stage.begin()]
    return sum(day.wait() != 0 and "is under way" in day.all_words() for day in days)


def postgres_killed(stage: Stage) -> int:
    """SIGKILL to every process of the server, twice; after two seconds it is started again."""
    return _server_ends(stage, _kill_postgres)


def postgres_stopped(stage: Stage) -> int:
    """A fast shutdown, as administrators do it, twice."""
    return _server_ends(stage, lambda stage: embedded.stop(stage.warehouse))


def _server_ends(stage: Stage, end: Callable[[Stage], object]) -> int:
    day, ended = stage.begin(), 0
    for instant in (0.35, 0.4):
        _pass(day, instant * stage.whole_seconds)
        if day.process.poll() is None:
            end(stage)
            time.sleep(2)
            embedded.start(stage.warehouse)
            ended += 1
    day.wait()
    return ended


def _kill_postgres(stage: Stage) -> None:
    pid = int((stage.warehouse / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    server = psutil.Process(pid)
    family = [server, *server.children(recursive=True)]
    for process in family:
        process.kill()
    psutil.wait_procs(family, timeout=10)


def prefect_paused(stage: Stage) -> int:
    """The Prefect server does not answer for a minute."""
    day = stage.begin()
    _pass(day, 0.4 * stage.whole_seconds)
    struck = int(day.process.poll() is None)
    with _stopped(_prefect(stage)):
        _pass(day, AWAY_SECONDS)
    day.wait()
    return struck


def prefect_killed(stage: Stage) -> int:
    """The Prefect server is killed, and started again after a minute."""
    day = stage.begin()
    _pass(day, 0.4 * stage.whole_seconds)
    struck, processes = int(day.process.poll() is None), _prefect(stage)
    for process in processes:
        process.kill()
    psutil.wait_procs(processes, timeout=10)
    _pass(day, AWAY_SECONDS)
    orchestrator.ensure_running(stage.home)
    day.wait()
    return struck


def _prefect(stage: Stage) -> list[psutil.Process]:
    server = orchestrator.find(stage.home)
    if server is None:
        raise RuntimeError("there is no Prefect server")
    process = psutil.Process(server.pid)
    return [process, *process.children(recursive=True)]


@contextmanager
def _stopped(processes: Sequence[psutil.Process]) -> Iterator[None]:
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


def out_of_memory(stage: Stage) -> int:
    """From an instant on the run's address space cannot grow by more than a hundred megabytes."""
    day = stage.begin()
    _pass(day, 0.3 * stage.whole_seconds)
    if day.process.poll() is not None:
        return 0
    process = psutil.Process(day.process.pid)
    most = process.memory_info().vms + MORE_BYTES
    process.rlimit(RLIMIT_AS, (most, most))
    return int(day.wait() != 0)


def disk_full(stage: Stage) -> int:
    """The warehouse's disk fills up in the middle of a day, and has room again for the next.

    Raises: SkippedError where this user could not mount a small one.
    """
    if not stage.mounted:
        raise SkippedError("no small file system can be mounted here")
    day = stage.begin()
    while day.process.poll() is None and stage.streams_begun() < FIRST_STREAMS:
        time.sleep(0.05)
    ballast = stage.warehouse / "ballast"
    _fill(ballast)
    struck = int(day.wait() != 0)
    ballast.unlink()
    embedded.start(stage.warehouse)
    return struck


def _fill(path: Path) -> None:
    """Writes to the file until its disk has no room left."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(PIECE_BYTES))
        except OSError as error:
            if error.errno != ENOSPC:
                raise


FAULTS = (
    Fault("again", "none: the same day run twice", same_day_again),
    Fault("two", "two runs of the same day at once", two_at_once),
    Fault("postgres", "Postgres killed and started again, twice", postgres_killed),
    Fault("postgres", "Postgres shut down and started again, twice", postgres_stopped),
    Fault("prefect", "Prefect's server stands still for a minute", prefect_paused),
    Fault("prefect", "Prefect's server killed, started again after a minute", prefect_killed),
    Fault("memory", "the run is out of memory", out_of_memory),
    Fault("disk", "the warehouse's disk is full", disk_full),
)
