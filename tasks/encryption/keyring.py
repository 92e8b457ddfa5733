"""An organization's data keys: found, made on first use, counted and destroyed.

Four purposes: `content` is one key a week of the content's last change, destroyed when that week
is past its clock, so that copies of the ciphertext elsewhere are lost with it; `organization` is
one long-lived key for secrets such as tokens; `index` is the one for blind indexes and keyed
hashes, which seals nothing; `hold` is one for what legal holds keep when its week's key ends.
"""

import logging
import secrets
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, Engine

from tasks.encryption.datakey import KEY_BYTES, DataKey
from tasks.encryption.kek import KeyEncryptionKeys
from tasks.encryption.opened import Opened
from tasks.encryption.sealing import key_id_of
from tasks.errors import ConfigurationError, PermanentError, TransientError
from warehouse import keys
from warehouse.sessions import tenant_session

Purpose = Literal["organization", "index", "content", "hold"]
ALERT_AT = 2**30
REFUSE_AT = 2**32
FIRST_DAY = date(1970, 1, 1)

logger = logging.getLogger(__name__)


class Keyring:
    """The keys of one organization, opened once and kept for the life of this object."""

    def __init__(self, engine: Engine, org_id: UUID, kek: KeyEncryptionKeys) -> None:
        self._engine = engine
        self._kek = kek
        self.org_id = org_id
        self.by_id = Opened[int, DataKey](self._find)
        self.by_header = Opened[bytes, DataKey](lambda header: self.by_id[key_id_of(header)])
        self.of_day = Opened[int, DataKey](self._content_key)

    def active(self, purpose: Purpose, week: date | None = None) -> DataKey:
        """The key to seal with, as the warehouse has it now."""
        with tenant_session(self._engine, self.org_id) as connection:
            stored = keys.find_active(connection, purpose, week)
            if stored is None:
                stored = self._create(connection, purpose, week)
        known = self.by_id.get(stored.key_id)
        if known is None:
            known = self.by_id[stored.key_id] = self._open(stored)
        return known

    def record_uses(self, connection: Connection) -> None:
        """Adds the uses since the last call to the counts, in the caller's transaction.

        Until that ends, no rotation can destroy a key that it used.

        Raises: PermanentError when a key has sealed 2^32 values: random nonces are safe no longer.
        TransientError where a rotation destroyed a key that was sealed with: seal again.
        """
        for key in sorted(self.by_id.values(), key=lambda key: key.key_id):
            if key.uses:
                self._record(connection, key)

    def _record(self, connection: Connection, key: DataKey) -> None:
        count = key.uses
        key.uses -= count
        total, state = keys.add_uses(connection, key.key_id, count)
        if state != "active":
            self.of_day.clear()  # from now on with the key that took its place
        if state == "destroyed":
            raise TransientError(f"data key {key.key_id} of {self.org_id} ended meanwhile")
        if total >= REFUSE_AT:
            raise ConfigurationError(
                f"data key {key.key_id} of {self.org_id} is used up: run `vensor keys rotate`"
            )
        if total >= ALERT_AT:
            logger.warning(
                "data key %s of %s nears its limit: run `vensor keys rotate`",
                key.key_id,
                self.org_id,
            )

    def _find(self, key_id: int) -> DataKey:
        """Raises: PermanentError if it is destroyed or unknown."""
        with tenant_session(self._engine, self.org_id) as connection:
            stored = keys.find(connection, key_id)
        if stored is None:
            raise PermanentError(f"data key {key_id} of organization {self.org_id} is unknown")
        return self._open(stored)

    def _content_key(self, day: int) -> DataKey:
        """`day` counts from 1970-01-01, UTC."""
        that = FIRST_DAY + timedelta(days=day)
        return self.active("content", that - timedelta(days=that.weekday()))

    def _create(self, connection: Connection, purpose: Purpose, week: date | None) -> keys.Stored:
        """Under a lock of the organization, so that two processes agree on one key."""
        keys.lock(connection, self.org_id)
        present = keys.find_active(connection, purpose, week)
        if present is not None:
            return present
        key_id = keys.next_key_id(connection)
        secret = secrets.token_bytes(KEY_BYTES)
        stored = keys.Stored(key_id, *self._kek.wrap(secret, wrap_context(self.org_id, key_id)))
        keys.insert(connection, self.org_id, stored, purpose=purpose, week=week)
        return stored

    def _open(self, stored: keys.Stored) -> DataKey:
        if not stored.wrapped:
            raise PermanentError(
                f"data key {stored.key_id} of organization {self.org_id} is destroyed:"
                " its content's time is over"
            )
        context = wrap_context(self.org_id, stored.key_id)
        secret = self._kek.unwrap(stored.kek_uri, stored.wrapped, context)
        return DataKey(stored.key_id, secret, self.org_id)


def wrap_context(org_id: UUID, key_id: int) -> bytes:
    """What the wrap of a data key is bound to."""
    return b"vensor data key" + org_id.bytes + key_id.to_bytes(4, "big")
