"""The same account loaded by vensor and by a rival connector from its published package.

Each scenario begins with empty tables on each side, and is run until it ends well, at most
`--attempts` times, as a schedule would. Then every stream is held against the account itself: ids
that are lacking, rows too many, tickets whose status is a former one. The sandbox counts the
requests, and makes the faults:

- a first day, and a second one after changes in between;
- pages refused: 429 with Retry-After, 503;
- pages cut short: half of the JSON, half of the connection;
- a page that names its own position as the next one, so that it comes twice;
- tickets that change and are deleted while their pages are read.

At the end the files of each side are searched for the names, addresses and numbers of three
customers. What stands beside a figure is the rival's.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from benchmarks.benchmark import Benchmark
from benchmarks.contenders import Contender, access_token, vensor
from benchmarks.extraction import warm
from benchmarks.figures import Figure
from benchmarks.stage import ACCOUNT, RETENTION_DAYS, Stage, staged

EXPORTS = {
    "tickets": ("incremental/tickets/cursor.json", "after_url", {}),
    "ticket_events": (
        "incremental/ticket_events.json",
        "next_page",
        {"include": "comment_events"},
    ),
    "users": ("incremental/users/cursor.json", "after_url", {}),
    "ticket_metric_events": ("incremental/ticket_metric_events.json", "next_page", {}),
}
WORDS = ("Comment", "VoiceComment")
CHANGED, CHANGED_AFTER_REQUESTS = 5, 3
REFUSED, CUT_SHORT, TWICE = "pages refused", "pages cut short", "a page twice"
NEXT_DAY, CHANGES = "the next day", "changes while it is read"
# (scenario, name of the tables, whether they are new)
SCENARIOS = (
    ("a first day", "first", True),
    (NEXT_DAY, "first", False),
    *((faults, faults.replace(" ", ""), True) for faults in (REFUSED, CUT_SHORT, TWICE)),
    (CHANGES, "moving", True),
    ("… and the run after it", "moving", False),
)
Truth = Mapping[str, Mapping[int, str | None]]
Rival = Callable[[Stage, Path], AbstractContextManager[Contender]]


@dataclass(frozen=True)
class Loaded:
    """What one side made of a scenario: of each stream, rows lost, too many, and out of date."""

    seconds: float
    requests: int
    attempts: int
    ended_well: bool
    rows: Mapping[str, int]
    lost: Mapping[str, int]
    doubled: Mapping[str, int]
    stale: int


@dataclass(frozen=True)
class Desk:
    """The account, and the control of its sandbox."""

    stage: Stage
    control: httpx.Client

    def truth(self) -> Truth:
        """id → status (of tickets) of all that the exports have, by stream, read page by page."""
        since = int(self.stage.as_of.timestamp()) - RETENTION_DAYS * 86_400
        found: dict[str, list[dict[str, Any]]] = {}
        base_url = self.stage.sandbox.zendesk[ACCOUNT]["base_url"]
        headers = {"Authorization": f"Bearer {access_token(self.stage)}"}
        with httpx.Client(headers=headers, timeout=60) as client:
            for name, (path, link, more) in EXPORTS.items():
                found[name], url = [], f"{base_url}/api/v2/{path}"
                answer = client.get(url, params={"start_time": since, **more})
                while not (page := answer.raise_for_status().json())["end_of_stream"]:
                    found[name] += page[name]
                    answer = client.get(page[link])
                found[name] += page[name]
        events = found["ticket_events"]
        told = [one for event in events for one in event["child_events"]]
        return {
            "tickets": {one["id"]: one["status"] for one in found["tickets"]},
            "ticket events": {one["id"]: None for one in events},
            "comments": {one["id"]: None for one in told if one["event_type"] in WORDS},
            "users": {one["id"]: None for one in found["users"]},
            "metric events": {one["id"]: None for one in found["ticket_metric_events"]},
        }

    def change(self, numbers: Sequence[int]) -> None:
        """Half of these tickets change, the others are deleted, a moment ago."""
        for at, number in enumerate(numbers):
            kind = "delete_ticket" if at % 2 else "system_update"
            asked = {"account": ACCOUNT, "kind": kind, "ticket_id": number}
            self.control.post("/changes", json=asked).raise_for_status()

    def clear_faults(self, *, met: bool) -> None:
        """Raises: RuntimeError where some are left, that should have been `met`."""
        left = self.control.get("/faults").json()["faults"]
        self.control.delete("/faults").raise_for_status()
        if left and met:
            raise RuntimeError(f"{len(left)} faults were not met: the account is too small")

    def requests(self) -> int:
        """How many came since the log was emptied."""
        return len(self.control.get("/requests", params={"path": "/api/v2/"}).json()["requests"])

    def living(self, skip: int) -> list[int]:
        """Tickets that can still be changed and deleted."""
        there = [one for one, status in self.truth()["tickets"].items() if status != "deleted"]
        return there[skip :: max(len(there) // (2 * CHANGED), 1)][: 2 * CHANGED]


def measure(rival: Rival, tickets: int, environments: str, attempts: int) -> Iterator[Figure]:
    """All scenarios, of both sides in turn; then what lies on the disk."""
    with (
        staged(tickets) as stage,
        _controlled(stage) as desk,
        vensor(stage) as ours,
        rival(stage, Path(environments).resolve()) as theirs,
    ):
        warm(stage)
        sides = (ours, theirs)
        for scenario, name, began in SCENARIOS:
            loaded = []
            if scenario == NEXT_DAY:
                desk.change(desk.living(0))
            for skip, side in enumerate(sides, start=1):
                if began:
                    side.begin(name)
                with _troubled(desk, side, scenario, skip):
                    loaded.append(_loaded(desk, side, name, attempts))
            yield from _compared(scenario, *loaded)
        what = f"of {len(_values(stage))} values of three people, on the disk in plain text"
        exposed = [_exposed(stage, side.folder) for side in sides]
        yield Figure(what, exposed[0], "values", exposed[1], "≤ 0")


@contextmanager
def _troubled(desk: Desk, side: Contender, scenario: str, skip: int) -> Iterator[None]:
    """The faults of a scenario wait, or its changes are made, while this lasts."""
    desk.control.post("/faults", json=list(_faults(side, scenario))).raise_for_status()
    if scenario != CHANGES:
        yield
        return
    with _changing(desk, desk.living(skip)):
        yield


def _faults(side: Contender, scenario: str) -> Iterator[dict[str, object]]:
    if scenario == REFUSED:
        yield {"path": side.pages, "kind": "429", "times": 2, "retry_after": 2, "skip": 1}
        yield {"path": side.pages, "kind": "503", "skip": 2}
    if scenario == CUT_SHORT:
        yield {"path": side.pages, "kind": "truncate", "cut": "json", "skip": 1}
        yield {"path": side.pages, "kind": "truncate", "cut": "connection", "skip": 2}
    if scenario == TWICE:
        for path in side.exports:
            yield {"path": path, "kind": "repeat_cursor", "skip": int(path.endswith("events"))}


def _loaded(desk: Desk, side: Contender, name: str, attempts: int) -> Loaded:
    """Runs until one ends well, and holds what is there against the account."""
    desk.control.delete("/requests").raise_for_status()
    began, made, well = time.perf_counter(), 0, False
    while not well and made < attempts:
        well, made = side.run(name), made + 1
    seconds, requests = time.perf_counter() - began, desk.requests()
    desk.clear_faults(met=well)
    truth, rows = desk.truth(), side.rows(name)
    ids = {stream: Counter(one for one, _ in found) for stream, found in rows.items()}
    status = dict(rows["tickets"])
    return Loaded(
        seconds,
        requests,
        made,
        well,
        {stream: len(truth[stream]) for stream in ids},
        {stream: len(truth[stream].keys() - found.keys()) for stream, found in ids.items()},
        {stream: found.total() - len(found) for stream, found in ids.items()},
        sum(status.get(one, told) != told for one, told in truth["tickets"].items()),
    )


def _compared(scenario: str, ours: Loaded, theirs: Loaded) -> Iterator[Figure]:
    yield Figure(f"{scenario}: seconds", ours.seconds, "s", theirs.seconds)
    yield Figure(f"{scenario}: requests", ours.requests, "requests", theirs.requests)
    yield Figure(f"{scenario}: runs until one ended well", ours.attempts, "", theirs.attempts)
    if not (ours.ended_well and theirs.ended_well):
        yield Figure(
            f"{scenario}: did not end well", not ours.ended_well, "", not theirs.ended_well
        )
    for stream, count in theirs.rows.items():
        of = f"{scenario}: of {count:,} {stream}"
        yield Figure(f"{of}, lost", ours.lost[stream], "rows", theirs.lost[stream], "≤ 0")
        yield Figure(f"{of}, too many", ours.doubled[stream], "rows", theirs.doubled[stream], "≤ 0")
    yield Figure(f"{scenario}: tickets with a former status", ours.stale, "rows", theirs.stale)


@contextmanager
def _controlled(stage: Stage) -> Iterator[Desk]:
    headers = {"Authorization": f"Bearer {stage.sandbox.control_token}"}
    with httpx.Client(base_url=stage.sandbox.control_url, headers=headers, timeout=60) as control:
        yield Desk(stage, control)


@contextmanager
def _changing(desk: Desk, numbers: Sequence[int]) -> Iterator[None]:
    """Changes these tickets once a few requests have come. Raises: RuntimeError if none did."""
    ended, changed = threading.Event(), threading.Event()
    desk.control.delete("/requests").raise_for_status()

    def watch() -> None:
        while not ended.wait(0.02):
            if desk.requests() >= CHANGED_AFTER_REQUESTS:
                desk.change(numbers)
                changed.set()
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
    if not changed.is_set():
        raise RuntimeError("nothing changed while the account was read")


def _values(stage: Stage) -> set[bytes]:
    people = stage.sandbox.canaries[ACCOUNT]
    return {value.encode() for person in people for value in person.values()}


def _exposed(stage: Stage, folder: Path) -> int:
    """How many of the values some file of the folder holds; the sandbox's own left out."""
    values, found = _values(stage), set[bytes]()
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_relative_to(stage.home / "sandbox"):
            content = path.read_bytes()
            found |= {value for value in values if value in content}
    return len(found)


def against(rival: Rival, name: str) -> Benchmark:
    """The benchmark of one rival, whose packages lie in `environments`."""
    usual = {"environments": ".rivals-venv", "attempts": 3}
    return Benchmark(
        name,
        partial(measure, rival),
        small={"tickets": 1_100, **usual},
        full={"tickets": 20_000, **usual},
        about=__doc__,
    )
