"""Where each record stands in time: sorted integers, one per record, built when first asked for.

A key is ``seconds since the origin << 25 | ticket number << 4 | step``, so that sorting
keys sorts records by instant, then ticket, then step. A million tickets have about six
million steps: 48 MB.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import RLock
from typing import TypeVar

import numpy as np

from sandbox.world import paths, skeleton, sla
from sandbox.world.hashing import Ints
from sandbox.world.setting import Setting

NUMBER_BITS = 21
STEP_BITS = 4
SHIFT = NUMBER_BITS + STEP_BITS
CHUNK = 65_536
LEAD_SECONDS = 4 * 365 * 86_400
ARCHIVED_AFTER = 120 * 86_400
MAX_TICKETS = 2**NUMBER_BITS - 1
ABANDONED_BEFORE = 1_500
STREAMS = (
    "tickets", "bot_tickets", "updated", "events", "bot_events", "ratings", "given", "calls",
    "deleted", "listed",
)  # fmt: skip
Built = TypeVar("Built")


@dataclass(frozen=True)
class Place:
    """One record's instant (Unix seconds), ticket number and step."""

    at: int
    number: int
    step: int


class Index:
    """The sorted keys of an account's streams."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.origin = setting.since_at - LEAD_SECONDS
        self._lock = RLock()
        self._keys: dict[str, Ints] = {}

    def keys(self, stream: str) -> Ints:
        """The stream's sorted keys.

        Streams: those of STREAMS, ``all_tickets`` and ``all_events`` with the bot's,
        and ``metrics`` (steps and breaches).
        """
        with self._lock:
            if stream not in self._keys:
                self._build(stream)
            return self._keys[stream]

    def position(self, stream: str, at: int, number: int = 0, step: int = 0) -> int:
        """Where the first record at or after the given place stands."""
        key = (max(at - self.origin, 0) << SHIFT) | (number << STEP_BITS) | step
        return int(np.searchsorted(self.keys(stream), key))

    def places(self, stream: str, start: int, end: int) -> list[Place]:
        """The records from one position to another."""
        mask = (1 << NUMBER_BITS) - 1
        return [
            Place((key >> SHIFT) + self.origin, key >> STEP_BITS & mask, key & 15)
            for key in self.keys(stream)[start:end].tolist()
        ]

    def of_number(self, stream: str, number: int) -> list[Place]:
        """The records of one ticket, in order."""
        mask = (1 << NUMBER_BITS) - 1
        keys = self.keys(stream)
        return [
            Place((key >> SHIFT) + self.origin, number, key & 15)
            for key in keys[(keys >> STEP_BITS & mask) == number].tolist()
        ]

    def count(self, stream: str) -> int:
        """How many records the stream has."""
        return len(self.keys(stream))

    def move(self, number: int, instants: Mapping[str, int | None]) -> None:
        """Puts a ticket's record in each stream at another instant; None takes it out."""
        mask = (1 << NUMBER_BITS) - 1
        with self._lock:
            for stream, at in instants.items():
                keys = self.keys(stream)
                kept = [keys[(keys >> STEP_BITS & mask) != number]]
                if at is not None:
                    kept.append(self._key(np.array([at]), np.array([number])))
                self._keys[stream] = _sorted(kept)

    def add(self, stream: str, at: int, number: int, step: int) -> None:
        """Puts one more record into a stream, once."""
        key = self._key(np.array([at]), np.array([number]), step)
        with self._lock:
            self._keys[stream] = np.unique(np.concatenate([self.keys(stream), key]))

    def _build(self, stream: str) -> None:
        if stream == "metrics":
            self._keys[stream] = _sorted([self.keys("all_events"), *self._each(self._breaches)])
        elif stream == "all_tickets":
            self._keys[stream] = _sorted([self.keys("tickets"), self.keys("bot_tickets")])
        elif stream == "all_events":
            self._keys[stream] = _sorted([self.keys("events"), self.keys("bot_events")])
        else:
            parts = self._each(self._chunk)
            self._keys.update({name: _sorted([p[name] for p in parts]) for name in STREAMS})

    def _each(self, make: Callable[[skeleton.Skeletons], Built]) -> list[Built]:
        total = self.setting.arrived
        starts = range(1, total + 1, CHUNK)
        numbers = (np.arange(at, min(at + CHUNK, total + 1), dtype=np.int64) for at in starts)
        return [make(skeleton.build(self.setting, chunk)) for chunk in numbers]

    def _key(self, at: Ints, number: Ints, step: Ints | int = 0) -> Ints:
        return ((at - self.origin) << SHIFT) | (number << STEP_BITS) | step

    def _chunk(self, bones: skeleton.Skeletons) -> dict[str, Ints]:
        bot = bones.bot == 1
        generated = self._key(bones.generated_at, bones.number)
        rows, steps = np.nonzero(bones.times < skeleton.FAR)
        events = self._key(bones.times[rows, steps], bones.number[rows], steps)
        settled = (_LAST[bones.path] == bones.steps) & (
            bones.updated_at < self.setting.seen_at - ARCHIVED_AFTER
        )
        listed = (bones.deleted_at == 0) & ~settled
        gone = bones.deleted_at > 0
        return {
            "tickets": generated[~bot],
            "bot_tickets": generated[bot],
            "updated": self._key(bones.updated_at, bones.number)[listed],
            "events": events[~bot[rows]],
            "bot_events": events[bot[rows]],
            "ratings": self._ratings(bones),
            "given": self._given(bones),
            "calls": self._calls(bones),
            "listed": self._key(bones.times[:, 0], bones.number)[listed],
            "deleted": self._key(bones.deleted_at, bones.number)[gone],
        }

    def _ratings(self, bones: skeleton.Skeletons) -> Ints:
        rows = np.arange(len(bones.number))
        rated = bones.times[rows, _RATED[bones.path]]
        offered = bones.times[rows, _SOLVED[bones.path]]
        at = np.where(rated < skeleton.FAR, rated, offered)
        has = at < skeleton.FAR
        return self._key(at[has], bones.number[has])

    def _given(self, bones: skeleton.Skeletons) -> Ints:
        rated = bones.times[np.arange(len(bones.number)), _RATED[bones.path]]
        has = rated < skeleton.FAR
        return self._key(rated[has], bones.number[has])

    def _calls(self, bones: skeleton.Skeletons) -> Ints:
        called = bones.channel == skeleton.VOICE
        created, number = bones.times[called, 0], bones.number[called]
        again = number % 5 == 0
        before = self._key(created[again] - ABANDONED_BEFORE, number[again], 1)
        return np.concatenate([self._key(created, number), before])

    def _breaches(self, bones: skeleton.Skeletons) -> Ints:
        numbers, instants, codes = sla.breaches(self.setting, bones)
        return self._key(instants, numbers, codes)


def _sorted(parts: list[Ints]) -> Ints:
    whole = np.concatenate(parts)
    whole.sort()
    return whole


def _position_table(letter: str) -> Ints:
    """Per path, the step of the letter; a step that never happens when there is none."""
    at = [word.find(letter) for word in paths.ALL]
    return np.array([step if step >= 0 else paths.MAX_STEPS - 1 for step in at])


_RATED = _position_table("G")
_SOLVED = _position_table("S")
_LAST = np.array([len(word) if word[-1] in "KM" else -1 for word in paths.ALL])
