"""What a hold keeps outlives its week's key: it is sealed anew before that key is destroyed."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from tasks.errors import ConfigurationError, PermanentError, TransientError
from tasks.resealing import Resealing, key_id_of_recording, reseal_recording
from tasks.resources import Resources
from tasks.storage import MissingError, Stores, open_stores
from warehouse import holds, keys
from warehouse.holds import held_recordings
from warehouse.recordings import Recording, stored_recordings
from warehouse.sealed import SealedColumn, Value, replace_values, sealed_columns

VALUES_AT_ONCE = 500


@dataclass
class Aside:
    """What lies under the key of holds now: values `moved`; under which keys some are `damaged`.

    `why` says why a recording could not be looked at: then no key may be destroyed.
    """

    moved: int = 0
    damaged: Counter[int] = field(default_factory=Counter)
    why: str = ""


def set_aside(resources: Resources, cutoff: datetime) -> Aside:
    """Seals what holds keep from before the cutoff under the key of holds, where it is not yet.

    Where a hold has ended since that key was made, it is retired first, and a new one takes its
    place: what that hold kept is to open no more.
    """
    aside = Aside()
    with resources.session() as connection:
        active = keys.find_active_key(connection, "hold")
        if active is not None and holds.ended_since(connection, active.created_at):
            keys.retire(connection, active.key_id)
        if not holds.find_all(connection):
            return aside
    for column in sealed_columns():
        if column.versioned:
            _move_column(resources, column, cutoff, aside)
    with open_stores(resources.settings, resources.organization.org_id) as stores:
        _move_recordings(resources, stores, cutoff, aside)
    return aside


def destroy_ended(resources: Resources) -> list[int]:
    """Destroys the retired keys of holds that nothing lies under any more; which."""
    with resources.session() as connection:
        if not any(key.purpose == "hold" for key in keys.retired(connection)):
            return []
        keys.lock_retired(connection)
        old = [key.key_id for key in keys.retired(connection) if key.purpose == "hold"]
        counts = Resealing(resources).counts(connection)
        return keys.destroy(connection, [key_id for key_id in old if not counts[key_id]])


def _move_column(
    resources: Resources, column: SealedColumn, cutoff: datetime, aside: Aside
) -> None:
    last: Value | None = None
    while True:
        with resources.session() as connection:
            active = keys.find_active_key(connection, "hold")
            values = holds.held_values(
                connection,
                column,
                cutoff,
                held_under=0 if active is None else active.key_id,
                after=last,
                at_most=VALUES_AT_ONCE,
            )
            if not values:
                return
            fresh = _resealed(resources, column, values, aside)
            if fresh:
                replace_values(connection, column, fresh)
                resources.cipher.record_uses(connection)
        last = values[-1]
        aside.moved += len(fresh)


def _resealed(
    resources: Resources, column: SealedColumn, values: list[Value], aside: Aside
) -> list[Value]:
    """Without those that were altered: they open under no key, and stay as evidence."""
    key, fresh = resources.cipher.hold_key(), []
    for one in values:
        try:
            sealed = resources.cipher.reseal(
                one.sealed,
                column=column.name,
                row_id=one.row_id,
                changed_at=one.changed_at,
                key=key,
            )
        except ConfigurationError:
            raise
        except PermanentError:
            aside.damaged[int.from_bytes(one.sealed[2:6])] += 1
        else:
            fresh.append(one._replace(sealed=sealed))
    return fresh


def _move_recordings(resources: Resources, stores: Stores, cutoff: datetime, aside: Aside) -> None:
    with resources.session() as connection:
        held = held_recordings(connection)
        found = [one for one in stored_recordings(connection) if one.changed_at < cutoff]
    for one in found:
        if (one.call_id, one.kind) not in held:
            continue
        try:
            _move_recording(resources, stores, one, aside)
        except MissingError:
            continue  # its store has lost it: there is nothing to keep
        except (ConfigurationError, TransientError) as error:
            aside.why = str(error)


def _move_recording(
    resources: Resources, stores: Stores, recording: Recording, aside: Aside
) -> None:
    key = resources.cipher.hold_key()
    with resources.session() as connection:
        key_id = key_id_of_recording(stores, connection, recording)
    if key_id is None or key_id == key.key_id:
        return
    try:
        reseal_recording(resources, stores, recording, key)
    except (ConfigurationError, MissingError):
        raise
    except PermanentError:
        aside.damaged[key_id] += 1
    else:
        aside.moved += 1
