"""Sealing anew what lies under keys that are to go, while everyone reads and writes on."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import stamina
from sqlalchemy import Connection, text

from tasks.audio import COLUMN as RECORDINGS
from tasks.audio import read_recording, row_id
from tasks.encryption import sealing, streams
from tasks.encryption.datakey import DataKey
from tasks.errors import PermanentError, TransientError
from tasks.progress import report
from tasks.resources import Resources
from tasks.storage import MissingError, Stores, open_stores
from warehouse import sealed
from warehouse.keys import Retired
from warehouse.recordings import (
    Recording,
    hold_recording,
    place_recording,
    stored_recordings,
)
from warehouse.sealed import SealedColumn, Value

VALUES_AT_ONCE = 500
STAGE = "keys"
CONTENT = {"content", "hold"}  # what keys of these purposes seal has an instant


@dataclass
class Resealing:
    """One organization's values and recordings on their way from retired keys to active ones."""

    resources: Resources
    moved: Counter[str] = field(default_factory=Counter)
    damaged: Counter[str] = field(default_factory=Counter)

    def reseal_values(self, keys: Collection[Retired]) -> None:
        """Seals every value anew that lies under `keys`, in batches of one transaction each.

        What others hold locked, and what does not open, stays: the count afterwards tells.
        """
        for key in keys:
            for column in sealed.sealed_columns():
                if column.versioned == (key.purpose in CONTENT):
                    self._reseal_column(column, key)

    def reseal_recordings(self, keys: Collection[Retired]) -> None:
        """The same for recordings, one at a time. Only where the place for a run is held."""
        old = {key.key_id: key for key in keys}
        with open_stores(self.resources.settings, self.resources.organization.org_id) as stores:
            with self.resources.session() as connection:
                found = stored_recordings(connection)
            for recording in found:
                try:
                    self._reseal_recording(stores, recording, old)
                except PermanentError:
                    self.damaged[RECORDINGS] += 1

    def counts(self, connection: Connection) -> Counter[int]:
        """How many values and recordings lie under each key, here and in the store of objects."""
        counts = count_values(connection) + sealed.count_streams_by_key(connection)
        elsewhere = [one for one in stored_recordings(connection) if one.location is not None]
        if elsewhere:
            org_id = self.resources.organization.org_id
            with open_stores(self.resources.settings, org_id) as stores:
                found = (key_id_of_recording(stores, connection, one) for one in elsewhere)
                counts.update(one for one in found if one is not None)
        return counts

    def _reseal_column(self, column: SealedColumn, key: Retired) -> None:
        last: Value | None = None
        while True:
            for attempt in stamina.retry_context(on=TransientError, attempts=5, wait_initial=0.2):
                with attempt:
                    batch = self._reseal_batch(column, key, last)
            if not batch:
                return
            last = batch[-1]
            report(STAGE, self.moved.total(), note=column.name)

    def _reseal_batch(self, column: SealedColumn, key: Retired, last: Value | None) -> list[Value]:
        """The values that were looked at, in one transaction with their new ones."""
        with self.resources.session() as connection:
            # rather than wait for a writer that may wait for these rows, try the batch again
            connection.execute(text("set local lock_timeout = '500ms'"))
            values = sealed.values_under(
                connection, column, key.key_id, week=key.week, after=last, at_most=VALUES_AT_ONCE
            )
            to = self._successor(key) if values else None
            fresh = [new for one in values if (new := self._resealed(column, one, to)) is not None]
            if fresh:
                sealed.replace_values(connection, column, fresh)
                self.resources.cipher.record_uses(connection)
        self.moved[column.name] += len(fresh)
        self.damaged[column.name] += len(values) - len(fresh)
        return values

    def _successor(self, key: Retired) -> DataKey | None:
        """The key to seal with in place of this one; None: the one of its week, or the secrets'."""
        return self.resources.cipher.hold_key() if key.purpose == "hold" else None

    def _resealed(self, column: SealedColumn, value: Value, to: DataKey | None) -> Value | None:
        """None for a value that was altered: it stays as it is, as evidence."""
        try:
            return value._replace(
                sealed=self.resources.cipher.reseal(
                    value.sealed,
                    column=column.name,
                    row_id=value.row_id,
                    changed_at=value.changed_at,
                    key=to,
                )
            )
        except PermanentError:
            return None

    def _reseal_recording(
        self, stores: Stores, recording: Recording, old: Mapping[int, Retired]
    ) -> None:
        with self.resources.session() as connection:
            key_id = key_id_of_recording(stores, connection, recording)
        if key_id is None or key_id not in old:
            return
        if not reseal_recording(self.resources, stores, recording, self._successor(old[key_id])):
            return
        self.moved[RECORDINGS] += 1
        report(STAGE, self.moved.total(), note=RECORDINGS)


def reseal_recording(
    resources: Resources, stores: Stores, recording: Recording, key: DataKey | None
) -> bool:
    """Seals a recording anew where it lies, under its week's key or `key`; False if it is gone."""
    with resources.session() as connection:
        if not hold_recording(connection, recording):
            return False
        audio = read_recording(resources, stores, connection, recording)
        stream = resources.cipher.seal_stream(
            [audio],
            column=RECORDINGS,
            row_id=row_id(recording),
            changed_at=recording.changed_at,
            key=key,
        )
        store = stores.holding(connection, recording.ref)
        placed = store.put(recording, stream)
        place_recording(connection, recording, placed.location, placed.chunks)
        resources.cipher.record_uses(connection)
    if recording.location is not None:
        store.delete([recording.ref])
    return True


def count_values(connection: Connection) -> Counter[int]:
    """How many values lie under each key."""
    counts: Counter[int] = Counter()
    for (key_id, _), values in sealed.count_by_key(connection).items():
        counts[key_id] += values
    return counts


def only(keys: Collection[Retired], counts: Counter[int]) -> Counter[int]:
    """The counts of these keys that are not zero."""
    return +Counter({key.key_id: counts[key.key_id] for key in keys})


def key_id_of_recording(stores: Stores, connection: Connection, recording: Recording) -> int | None:
    """None for a recording that its store has lost: it lies under no key."""
    store = stores.holding(connection, recording.ref)
    try:
        start = store.start(recording.ref, sealing.HEADER.size)
    except MissingError:
        return None
    return streams.read_header(iter([start]))[0]
