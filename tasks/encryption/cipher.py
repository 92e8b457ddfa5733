"""What the rest of vensor seals and unseals with: one organization's cipher."""

import hmac
import unicodedata
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection

from tasks.encryption import sealing
from tasks.encryption.keyring import Keyring

BLIND_INDEX_BYTES = 16


class Sealer(Protocol):
    """The half of a cipher that loading needs."""

    def seal(
        self, plaintext: bytes, *, column: str, row_id: str, changed_at: datetime
    ) -> bytes: ...

    def blind_index(self, value: str, *, column: str) -> bytes: ...


class Cipher:
    """Seals for, and unseals from, one organization."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._index_keys: dict[str, bytes] = {}

    @property
    def org_id(self) -> UUID:
        return self._keyring.org_id

    def seal(self, plaintext: bytes, *, column: str, row_id: str, changed_at: datetime) -> bytes:
        """Content, under its week's key. `column` is `schema.table.column`."""
        key = self._keyring.content_key(changed_at)
        where = sealing.context(self.org_id, column, row_id, changed_at)
        return sealing.seal(key.aead, key.key_id, plaintext, where)

    def unseal(self, sealed: bytes, *, column: str, row_id: str, changed_at: datetime) -> bytes:
        """The content. Raises: PermanentError if it was altered or moved, or its key destroyed."""
        key = self._keyring.key(sealing.key_id_of(sealed))
        where = sealing.context(self.org_id, column, row_id, changed_at)
        return sealing.unseal(key.aead, sealed, where)

    def seal_secret(self, plaintext: bytes, *, column: str, row_id: str) -> bytes:
        """A secret of the organization itself, such as a token, under its long-lived key."""
        key = self._keyring.organization_key()
        where = sealing.context(self.org_id, column, row_id, None)
        return sealing.seal(key.aead, key.key_id, plaintext, where)

    def unseal_secret(self, sealed: bytes, *, column: str, row_id: str) -> bytes:
        """The secret. Raises: PermanentError as `unseal`."""
        key = self._keyring.key(sealing.key_id_of(sealed))
        where = sealing.context(self.org_id, column, row_id, None)
        return sealing.unseal(key.aead, sealed, where)

    def blind_index(self, value: str, *, column: str) -> bytes:
        """16 bytes that are equal for equal values of one column of this organization only.

        Case, surrounding space and Unicode's compatible forms do not count. What it reveals to
        who reads the table: which rows hold the same value.
        """
        folded = unicodedata.normalize("NFKC", value).strip().casefold()
        return self.keyed_hash(folded.encode(), purpose=f"index {column}")[:BLIND_INDEX_BYTES]

    def keyed_hash(self, data: bytes, *, purpose: str) -> bytes:
        """HMAC-SHA256 under a subkey of its own: tells equality, reveals nothing else."""
        if purpose not in self._index_keys:
            self._index_keys[purpose] = self._keyring.organization_key().subkey(purpose)
        return hmac.digest(self._index_keys[purpose], data, "sha256")

    def record_uses(self, connection: Connection) -> None:
        """Counts what was sealed, in the transaction that stores it."""
        self._keyring.record_uses(connection)
