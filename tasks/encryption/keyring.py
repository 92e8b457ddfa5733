"""An organization's data keys: found, made on first use, counted and destroyed.

Two purposes: `organization` is one long-lived key for tokens and blind indexes; `content` is one
key a week of the content's last change, destroyed when that week is past its clock, so that
copies of the ciphertext elsewhere are lost with it.
"""

import logging
import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, Engine

from tasks.encryption.kek import KEY_BYTES, KeyProvider
from tasks.errors import PermanentError
from warehouse import keys
from warehouse.sessions import tenant_session

Purpose = Literal["organization", "content"]
ALERT_AT = 2**30
REFUSE_AT = 2**32

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DataKey:
    """An opened data key and the subkey that seals under it."""

    key_id: int
    secret: bytes
    aead: AESGCM

    def __repr__(self) -> str:
        return f"DataKey(key_id={self.key_id})"

    def subkey(self, purpose: str) -> bytes:
        """32 bytes that are independent of every other purpose's (HKDF-SHA256)."""
        return _derive(self.secret, purpose)


class Keyring:
    """The keys of one organization, opened once and kept for the life of this object."""

    def __init__(self, engine: Engine, org_id: UUID, provider: KeyProvider) -> None:
        self._engine = engine
        self._provider = provider
        self.org_id = org_id
        self._by_id: dict[int, DataKey] = {}
        self._active: dict[tuple[Purpose, date | None], DataKey] = {}
        self._uses: Counter[int] = Counter()

    def organization_key(self) -> DataKey:
        """The long-lived key."""
        return self._active_key("organization", None)

    def content_key(self, changed_at: datetime) -> DataKey:
        """The key of the week that `changed_at` lies in. Counts as one use."""
        day = changed_at.date()
        key = self._active_key("content", day - timedelta(days=day.weekday()))
        self._uses[key.key_id] += 1
        return key

    def key(self, key_id: int) -> DataKey:
        """The key with this id. Raises: PermanentError if it is destroyed or unknown."""
        if key_id not in self._by_id:
            with tenant_session(self._engine, self.org_id) as connection:
                stored = keys.find(connection, key_id)
            if stored is None or stored.wrapped is None:
                raise PermanentError(
                    f"data key {key_id} of organization {self.org_id} is "
                    + ("unknown" if stored is None else "destroyed: its content's time is over")
                )
            self._open(stored)
        return self._by_id[key_id]

    def record_uses(self, connection: Connection) -> None:
        """Adds the uses since the last call to the counts, in the caller's transaction.

        Raises: PermanentError when a key has sealed 2^32 values: random nonces are safe no longer.
        """
        for key_id, count in self._uses.items():
            total = keys.add_uses(connection, key_id, count)
            if total >= REFUSE_AT:
                raise PermanentError(f"data key {key_id} of {self.org_id} is used up; rotate it")
            if total >= ALERT_AT:
                logger.warning("data key %s of %s nears its limit; rotate it", key_id, self.org_id)
        self._uses.clear()

    def _active_key(self, purpose: Purpose, week: date | None) -> DataKey:
        found = self._active.get((purpose, week))
        if found is None:
            with tenant_session(self._engine, self.org_id) as connection:
                stored = keys.find_active(connection, purpose, week)
                if stored is None:
                    stored = self._create(connection, purpose, week)
            found = self._active[(purpose, week)] = self._open(stored)
        return found

    def _create(self, connection: Connection, purpose: Purpose, week: date | None) -> keys.Stored:
        """Under a lock of the organization, so that two processes agree on one key."""
        keys.lock(connection, self.org_id)
        present = keys.find_active(connection, purpose, week)
        if present is not None:
            return present
        key_id = keys.next_key_id(connection)
        secret = secrets.token_bytes(KEY_BYTES)
        stored = keys.Stored(key_id, self._provider.wrap(secret, self._context(key_id)))
        keys.insert(
            connection,
            self.org_id,
            stored,
            purpose=purpose,
            week=week,
            kek_uri=self._provider.key_uri,
        )
        return stored

    def _open(self, stored: keys.Stored) -> DataKey:
        if stored.wrapped is None:
            raise PermanentError(f"data key {stored.key_id} of {self.org_id} is destroyed")
        secret = self._provider.unwrap(stored.wrapped, self._context(stored.key_id))
        key = DataKey(stored.key_id, secret, AESGCM(_derive(secret, "seal")))
        self._by_id[stored.key_id] = key
        return key

    def _context(self, key_id: int) -> bytes:
        return b"vensor data key" + self.org_id.bytes + key_id.to_bytes(4, "big")


def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"vensor {purpose}".encode()).derive(secret)
