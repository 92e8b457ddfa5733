"""Service levels: targets by policy and priority, and the instants at which they are missed."""

from dataclasses import dataclass

import numpy as np

from sandbox.world import paths
from sandbox.world.hashing import Floats, Ints
from sandbox.world.setting import Setting
from sandbox.world.skeleton import CHAT, FAR, VOICE, Skeletons

LEVELS = ("low", "normal", "high", "urgent")
BUSINESS = (True, True, True, False)
TARGETS = {
    "reply_time": ((960, 480, 120, 60), (60, 30, 15, 10)),
    "requester_wait_time": ((2700, 1620, 720, 480), (1080, 540, 240, 120)),
}
POLICIES = ("Standard support", "Messaging and phone")
POLICY_CHANNELS = ("native_messaging", "voice")
BREACH_STEPS = {13: "reply_time", 14: "requester_wait_time"}
_NONE = 4


@dataclass(frozen=True)
class Target:
    """Minutes within which a metric must be fulfilled."""

    policy: int
    minutes: int
    business: bool


def target_of(metric: str, channel: str, priority: str | None) -> Target | None:
    """The target in force; None without a priority."""
    if priority is None:
        return None
    policy = int(channel in POLICY_CHANNELS)
    level = LEVELS.index(priority)
    return Target(policy, TARGETS[metric][policy][level], BUSINESS[level])


def breaches(setting: Setting, bones: Skeletons) -> tuple[Ints, Ints, Ints]:
    """The missed targets of first instances: ticket numbers, instants, and BREACH_STEPS keys."""
    found: list[tuple[Ints, Ints, int]] = []
    for path in np.unique(bones.path):
        rows = np.flatnonzero((bones.path == path) & (bones.priority != _NONE))
        for code, metric in BREACH_STEPS.items():
            at = _first_breach(setting, bones, rows, paths.ALL[path], metric)
            missed = (at > 0) & (at <= setting.seen_at)
            found.append((bones.number[rows][missed], at[missed], code))
    numbers = np.concatenate([one[0] for one in found])
    instants = np.concatenate([one[1] for one in found])
    codes = np.concatenate([np.full(len(one[0]), one[2], dtype=np.int64) for one in found])
    return numbers, instants, codes


def _first_breach(setting: Setting, bones: Skeletons, rows: Ints, word: str, metric: str) -> Ints:
    """When each ticket of one path misses the target; 0 when it does not."""
    times = bones.times[rows]
    policy = np.isin(bones.channel[rows], (CHAT, VOICE)).astype(np.int64)
    spent = np.zeros(len(rows))
    missed = np.zeros(len(rows), dtype=np.int64)
    for start, end, raised in _segments(word, metric):
        level = np.minimum(bones.priority[rows] + int(raised), 3)
        target = np.array(TARGETS[metric])[policy, level] * 60.0
        begin = times[:, start]
        until = np.minimum(times[:, end] if end >= 0 else FAR, setting.seen_at)
        business = np.array(BUSINESS)[level]
        length = np.where(business, _business(setting, begin, until), until - begin)
        left = np.maximum(target - spent, 0.0)
        at = np.where(business, _later(setting, begin, left), begin + left)
        hit = (begin < FAR) & (missed == 0) & (length > left)
        missed = np.where(hit, at.astype(np.int64), missed)
        spent = spent + np.maximum(length, 0.0)
    return missed


def _segments(word: str, metric: str) -> list[tuple[int, int, bool]]:
    """The first instance's spans (start step, end step), cut where the priority is raised."""
    raised = word.find("P")
    segments = []
    for span in paths.first_spans(word, metric):
        end = span.end if span.end >= 0 else len(word)
        if span.start < raised < end:
            segments.append((span.start, raised, False))
            segments.append((raised, span.end, True))
        else:
            segments.append((span.start, span.end, 0 <= raised <= span.start))
    return segments


def _business(setting: Setting, begin: Ints, until: Ints) -> Floats:
    calendar = setting.calendar
    return calendar.business(until) - calendar.business(begin)


def _later(setting: Setting, begin: Ints, seconds: Floats) -> Floats:
    calendar = setting.calendar
    return calendar.instant(calendar.business(begin) + seconds)
