"""What the rest of vensor seals and unseals with: one organization's cipher."""

import hmac
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection

from tasks.encryption import sealing, streams
from tasks.encryption.keyring import Keyring

BLIND_INDEX_BYTES = 16
STREAM = "stream"


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

    def seal_stream(
        self, plain: Iterable[bytes], *, column: str, row_id: str, changed_at: datetime
    ) -> Iterator[bytes]:
        """Content too long to be held whole, sealed as it comes, under its week's key.

        It is bound to column and row but not to `changed_at`, which chooses the key only: a
        stream may lie where no instant lies beside it.
        """
        key = self._keyring.content_key(changed_at)
        where = sealing.context(self.org_id, column, row_id, None)
        return streams.iter_sealed(key.subkey(STREAM), key.key_id, plain, where)

    def unseal_stream(
        self, sealed: Iterable[bytes], *, column: str, row_id: str
    ) -> Iterator[bytes]:
        """The content, piece by piece; it is whole only when the iteration has ended.

        Raises: PermanentError as `unseal`, and where a stream was cut off or reordered.
        """
        rest = iter(sealed)
        key_id, first = streams.read_header(rest)
        subkey = self._keyring.key(key_id).subkey(STREAM)
        where = sealing.context(self.org_id, column, row_id, None)
        yield from streams.iter_unsealed(subkey, key_id, first, rest, where)

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
        return hmac.digest(self._index_key(purpose), data, "sha256")

    def keyed_hasher(self, *, purpose: str) -> hmac.HMAC:
        """What makes the `keyed_hash` of data that comes in pieces."""
        return hmac.new(self._index_key(purpose), digestmod="sha256")

    def record_uses(self, connection: Connection) -> None:
        """Counts what was sealed, in the transaction that stores it."""
        self._keyring.record_uses(connection)

    def _index_key(self, purpose: str) -> bytes:
        if purpose not in self._index_keys:
            self._index_keys[purpose] = self._keyring.organization_key().subkey(purpose)
        return self._index_keys[purpose]
