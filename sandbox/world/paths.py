"""What can happen to a ticket: the paths that tickets take, step by step.

A path is a word, one letter a step:

    C customer writes        c agent writes on a customer's behalf   V a call
    A agent takes it         R agent replies → pending               r agent replies, stays open
    Q customer replies       N internal note                         X transfer, with a note
    P priority raised        H agent replies → on hold               S agent replies → solved
    s solved without a word  O customer reopens                      G customer rates
    M merged → closed        K closed by the automation

All that follows from a path alone (status after each step, which metric starts or
ends where) is computed once here and shared by every ticket on it.
"""

from dataclasses import dataclass
from functools import cache

MAX_STEPS = 15
STATUS_AFTER = {
    "C": "new", "c": "open", "V": "open", "A": "open", "R": "pending", "Q": "open",
    "H": "hold", "S": "solved", "s": "solved", "O": "open", "M": "closed", "K": "closed",
}  # fmt: skip
BY_CUSTOMER = frozenset("CVQOG")
PUBLIC = frozenset("CcVRrQHSO")
AGENT_PUBLIC = frozenset("cRrHS")
COMMENTED = PUBLIC | frozenset("NXM")
BUSINESS_PACED = frozenset("ARrNXPHSsM")

NORMAL = (
    ("CARQSK", 19), ("CARQSGK", 17), ("CASK", 9), ("CASGK", 9), ("CANRQSGK", 8),
    ("CARQRQSK", 6), ("CAXRQSK", 5), ("CAXNRQSGK", 3), ("CARQSORSGK", 4), ("CASOXRQSK", 3),
    ("CAHNSGK", 4), ("CARQPNRQSK", 3), ("CAsK", 2), ("CAR", 3), ("CA", 2), ("C", 2),
    ("CAN", 1), ("CM", 1.5), ("CAM", 1.5), ("cQSK", 3), ("cSGK", 2),
)  # fmt: skip
CHECKED = (("CARQSK", 5), ("CARQSGK", 5), ("CANRQSGK", 2), ("CARQSORSGK", 1))
UNCHECKED = (("CASK", 4), ("CASGK", 4), ("CANSGK", 2))
CHAT = (
    ("CArQrQSGK", 5), ("CArQSK", 5), ("CArQrQrQSGK", 3), ("CArQSGK", 4), ("CAr", 1),
    ("CArQNrQSK", 2),
)  # fmt: skip
CHAT_CHECKED = (("CArQSGK", 4), ("CArQSK", 4), ("CANrQSGK", 2))
BOT = (("CrQs", 3), ("CrsGK", 2), ("CrQsK", 3))
VOICE = (("VsK", 4), ("VNsGK", 3), ("VSGK", 3), ("VRQSK", 2), ("VSK", 3))
INTEGRATION = (("CAsK", 3), ("CASK", 3), ("CARQSK", 3), ("CAN", 1))
OUTAGE = (("CASK", 6), ("CASGK", 4), ("CARSK", 2), ("CM", 2), ("CAsK", 1), ("CARQSGK", 2))
CANARY = (("CARQSGK", 1), ("CARQSORSGK", 1))
CANARY_CALL = (("VSGK", 1),)
SETS = (
    NORMAL, CHECKED, UNCHECKED, CHAT, CHAT_CHECKED, BOT, VOICE, INTEGRATION, OUTAGE,
    CANARY, CANARY_CALL,
)  # fmt: skip
ALL = tuple(dict.fromkeys(word for weighted in SETS for word, _ in weighted))
METRICS = ("reply_time", "agent_work_time", "requester_wait_time")
RUNNING = {
    "agent_work_time": frozenset({"new", "open"}),
    "requester_wait_time": frozenset({"new", "open", "hold"}),
}


@dataclass(frozen=True)
class Mark:
    """A metric event that a step causes.

    ``since`` lists the running spans (first step, last step) of the instance so far,
    from which a pause or a fulfilment counts its minutes.
    """

    step: int
    metric: str
    kind: str
    instance: int
    since: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Span:
    """Steps between which the first instance of a metric runs; ``end`` -1: to the path's end."""

    start: int
    end: int


@cache
def status_words(word: str) -> tuple[str, ...]:
    """The ticket's status after each step of the path."""
    told: list[str] = []
    for letter in word:
        told.append(STATUS_AFTER.get(letter, told[-1] if told else "new"))
    return tuple(told)


@cache
def taken_step(word: str) -> int:
    """The step at which the ticket gets its first assignee; -1 when it never does."""
    return next((at for at, letter in enumerate(word) if letter in "AVc"), -1)


@cache
def marks(word: str) -> tuple[Mark, ...]:
    """The metric events of a path, in the order of their steps."""
    told = [Mark(0, metric, "measure", 0) for metric in METRICS]
    told += _reply_marks(word)
    for metric, running in RUNNING.items():
        told += _clock_marks(word, metric, running)
    return tuple(sorted(told, key=lambda mark: mark.step))


def _reply_marks(word: str) -> list[Mark]:
    told: list[Mark] = []
    active, instance = -1, 0
    for step, letter in enumerate(word):
        if letter in "CQO" and active < 0:
            active, instance = step, instance + 1
            told.append(Mark(step, "reply_time", "activate", instance))
            told.append(Mark(step, "reply_time", "apply_sla", instance))
        elif letter == "P" and active >= 0:
            told.append(Mark(step, "reply_time", "apply_sla", instance))
        elif letter in "RrHS" and active >= 0:
            spent = ((active, step),)
            told.append(Mark(step, "reply_time", "fulfill", instance))
            told.append(Mark(step, "reply_time", "update_status", instance, spent))
            active = -1
    return told


def _clock_marks(word: str, metric: str, running: frozenset[str]) -> list[Mark]:
    told: list[Mark] = []
    spans: list[tuple[int, int]] = []
    start, instance, done = -1, 0, True
    for step, status in enumerate(status_words(word)):
        if status in running and start < 0:
            instance, spans, done = (instance + 1, [], False) if done else (instance, spans, done)
            start = step
            told.append(Mark(step, metric, "activate", instance))
            told += _targets(step, metric, instance)
        elif word[step] == "P" and start >= 0:
            told += _targets(step, metric, instance)
        elif status not in running and start >= 0:
            spans.append((start, step))
            start, done = -1, status in ("solved", "closed")
            told.append(Mark(step, metric, "fulfill" if done else "pause", instance))
            told.append(Mark(step, metric, "update_status", instance, tuple(spans)))
        elif status in ("solved", "closed") and not done:
            done = True
            told.append(Mark(step, metric, "fulfill", instance))
            told.append(Mark(step, metric, "update_status", instance, tuple(spans)))
    return told


def _targets(step: int, metric: str, instance: int) -> list[Mark]:
    """Agent work time has no target in the accounts' policies."""
    return [Mark(step, metric, "apply_sla", instance)] if metric == "requester_wait_time" else []


@cache
def first_spans(word: str, metric: str) -> tuple[Span, ...]:
    """The spans in which the metric's first instance runs."""
    spans: list[Span] = []
    for mark in marks(word):
        if mark.metric != metric or mark.instance != 1:
            continue
        if mark.kind == "activate":
            spans.append(Span(mark.step, -1))
        elif mark.kind in ("pause", "fulfill") and spans and spans[-1].end < 0:
            spans[-1] = Span(spans[-1].start, mark.step)
    return tuple(spans)
