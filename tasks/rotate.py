"""Rotating an organization's data keys: retire, seal anew, prove that none is left, destroy.

A rotation that was killed goes on where it was: what is left under retired keys says what is to be
done. Emptied keys still open for an hour, for whoever read a value before it was sealed anew.
"""

import time
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

from tasks.errors import AlteredError, TransientError
from tasks.resealing import Resealing, count_values, only
from tasks.resources import Resources, opened
from tasks.step import step
from warehouse import keys
from warehouse.keys import Retired, Told
from warehouse.ledger import exclusive

GRACE = timedelta(hours=1)
PASSES = 5
PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class Rotation:
    """What was done: keys `retired` now, values `moved` and `damaged` by column, values still
    `left` under retired keys, keys `destroyed`, and empty ones that are `kept` for now."""

    retired: int
    moved: Mapping[str, int]
    damaged: Mapping[str, int]
    left: int
    destroyed: int
    kept: int
    note: str = ""

    def __str__(self) -> str:
        moved = ", ".join(f"{count:,} {name}" for name, count in sorted(self.moved.items()))
        parts = [
            f"{self.retired:,} keys retired" if self.retired else "",
            f"{sum(self.moved.values()):,} values sealed anew ({moved})" if moved else "",
            f"{self.left:,} left under old keys",
            f"{self.destroyed:,} keys destroyed" if self.destroyed else "",
            f"{self.kept:,} empty keys kept for an hour" if self.kept else "",
            self.note,
        ]
        return "; ".join(part for part in parts if part)


def rotate_data_keys(slug: str, *, at_once: bool = False) -> Rotation:
    """Moves everything sealed to new keys. Goes on with a rotation that is not at its end.

    `at_once` destroys the old keys without the hour: for a key that may be known to others.

    Raises: TransientError while another rotation of this organization is under way.
    """
    with opened(slug) as resources, _only_rotation(resources):
        with resources.session() as connection:
            retired = 0 if keys.retired(connection) else keys.retire_active(connection)
            if retired:
                resources.audit(
                    connection,
                    action="keys.retire",
                    purpose="rotation of data keys",
                    details={"retired": retired},
                )
        return _finish(resources, retired, timedelta(0) if at_once else GRACE)


@step
def rotate_keys(slug: str, at_once: bool) -> str:
    """`rotate_data_keys` as a step; what it did in words.

    Raises: PermanentError where values do not open.
    """
    done = rotate_data_keys(slug, at_once=at_once)
    refuse_damaged(sum(done.damaged.values()))
    return str(done)


def refuse_damaged(values: int) -> None:
    """Raises: PermanentError for values that do not open."""
    if values:
        raise AlteredError(
            f"{values} values do not open: they were altered where they lie, and stay as evidence"
            " under their old keys; restore them from a backup, then rotate again"
        )


@step
def finish_rotation(slug: str) -> str:
    """Ends a rotation that was begun: what is left is sealed anew, empty keys are destroyed."""
    with opened(slug) as resources:
        with resources.session() as connection:
            if not keys.retired(connection):
                return ""
        with _only_rotation(resources):
            return f"{slug}, rotation of keys: {_finish(resources, 0, GRACE)}"


def told_keys(slug: str) -> list[tuple[Told, int]]:
    """Every data key of an organization, and how many values and recordings lie under it now."""
    with opened(slug) as resources, resources.session() as connection:
        here = Resealing(resources).counts(connection)
        return [(one, here[one.key_id]) for one in keys.all_keys(connection)]


def _only_rotation(resources: Resources) -> AbstractContextManager[object]:
    return exclusive(resources.engine, resources.organization, "rotation")


def _finish(resources: Resources, retired: int, grace: timedelta) -> Rotation:
    with resources.session() as connection:
        old = keys.retired(connection)
    work = Resealing(resources)
    note = _reseal(work, old)
    left, destroyed = _destroy_empty(work, old, grace)
    done = Rotation(
        retired=retired,
        moved=+work.moved,
        damaged=+work.damaged,
        left=left.total(),
        destroyed=len(destroyed),
        kept=len(old) - len(destroyed) - len(left),
        note=note,
    )
    _audit(resources, done)
    return done


def _reseal(work: Resealing, old: Collection[Retired]) -> str:
    """Why something had to stay; empty if nothing had to."""
    for _ in range(PASSES):
        work.damaged.clear()
        work.reseal_values(old)
        with work.resources.session() as connection:
            if only(old, count_values(connection)).total() <= work.damaged.total():
                break
        time.sleep(PAUSE_SECONDS)  # writers that still had an old key, and rows held locked
    try:
        with exclusive(work.resources.engine, work.resources.organization):
            work.reseal_recordings(old)
    except TransientError:
        return "recordings wait for the end of the run that is under way"
    return ""


def _destroy_empty(
    work: Resealing, old: Collection[Retired], grace: timedelta
) -> tuple[Counter[int], list[int]]:
    """(what is left by key, the keys that were destroyed).

    Counted while nobody can commit what was sealed with one of these keys.
    """
    with work.resources.session() as connection:
        locked = keys.lock_retired(connection)
        left = only(old, work.counts(connection))
        keys.note_emptied(connection, set(locked) - set(left))
        return left, keys.destroy_emptied(connection, grace)


def _audit(resources: Resources, done: Rotation) -> None:
    with resources.session() as connection:
        resources.audit(
            connection,
            action="keys.rotate",
            purpose="rotation of data keys",
            details={
                "retired": done.retired,
                "moved": sum(done.moved.values()),
                "damaged": sum(done.damaged.values()),
                "left": done.left,
                "destroyed": done.destroyed,
            },
        )
