"""Workers of a Prefect server on this machine: started in the background, and found again.

A worker has this terminal's environment, secrets among it, and hands it to the runs that it starts.
The server never sees it: no secret is a job variable, a block or a parameter.
"""

import json
import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from filelock import FileLock

from cli.orchestrator import in_background
from tasks.errors import ConfigurationError
from warehouse.embedded import write_private

START_SECONDS = 120.0
# what a run under way gets to come to its end, before it is ended and goes on the next time
END_SECONDS = 30.0


@dataclass(frozen=True)
class Worker:
    """A worker's process, its name and the server that it works for."""

    pid: int
    name: str
    api_url: str


def start(home: Path, *, count: int, at_once: int) -> list[Worker]:
    """`count` workers of `home`, those that run already among them; each runs `at_once` flows.

    Those of another server are stopped, and so are those that are too many.

    Raises: ConfigurationError with the path of the log where one does not start.
    """
    with FileLock(home / "workers.lock", mode=0o600):
        api_url = os.environ["PREFECT_API_URL"]
        running = find(home)
        kept = [one for one in running if one.api_url == api_url][:count]
        _end([one for one in running if one not in kept])
        _write(home, kept)
        for number in range(len(kept), count):
            kept.append(_start(home, number + 1, api_url, at_once))
            _write(home, kept)
        return kept


def find(home: Path) -> list[Worker]:
    """The workers of `home` whose processes live."""
    path = home / "workers.json"
    if not path.exists():
        return []
    told = [Worker(**one) for one in json.loads(path.read_text())]
    return [one for one in told if _process(one) is not None]


def stop(home: Path) -> bool:
    """Stops the workers of `home`; False if none ran.

    Runs under way get half a minute. What is ended then goes on where it was, the next time.
    """
    with FileLock(home / "workers.lock", mode=0o600):
        running = find(home)
        _end(running)
        _write(home, [])
    return bool(running)


def _start(home: Path, number: int, api_url: str, at_once: int) -> Worker:
    from tasks.deployments import POOL

    name = f"{os.uname().nodename}-{number}-{os.getpid()}"
    log = home / "workers.log"
    folder = home / "workers"
    folder.mkdir(exist_ok=True, mode=0o700)
    process = in_background(
        [
            *("-m", "prefect", "worker", "start", "--pool", POOL, "--name", name),
            *("--limit", str(at_once), "--install-policy", "never"),
        ],
        folder=folder,
        environment=os.environ | {"VENSOR_HOME": str(home)},
        log=log,
    )
    try:
        _await_start(process, POOL, name, log)
    except BaseException:
        process.kill()  # nobody would find it again
        raise
    return Worker(process.pid, name, api_url)


def _await_start(process: "subprocess.Popen[bytes]", pool: str, name: str, log: Path) -> None:
    """Until the server knows the worker."""
    from prefect.client.orchestration import get_client

    deadline = time.monotonic() + START_SECONDS
    with get_client(sync_client=True) as client:
        while True:
            if any(one.name == name for one in client.read_workers_for_work_pool(pool)):
                return
            if process.poll() is not None or time.monotonic() > deadline:
                raise ConfigurationError(f"a worker did not start; its log is {log}")
            time.sleep(0.5)


def _end(workers: list[Worker]) -> None:
    """A worker that is interrupted takes nothing more, and waits for its runs."""
    processes = [process for one in workers if (process := _process(one)) is not None]
    family = [*processes, *(below for one in processes for below in one.children(recursive=True))]
    for process in processes:
        process.send_signal(signal.SIGINT)
    _gone, alive = psutil.wait_procs(family, timeout=END_SECONDS if family else 0)
    for left in alive:
        left.terminate()  # a run says that it was ended
    _gone, alive = psutil.wait_procs(alive, timeout=10)
    for left in alive:
        left.kill()


def _write(home: Path, workers: list[Worker]) -> None:
    write_private(home / "workers.json", json.dumps([asdict(one) for one in workers]))


def _process(worker: Worker) -> psutil.Process | None:
    """The worker's process, unless its pid now belongs to another program."""
    try:
        process = psutil.Process(worker.pid)
        ours = worker.name in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return None
    return process if ours else None
