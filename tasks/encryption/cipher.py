"""What the rest of vensor seals and unseals with: one organization's cipher."""

import hmac
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection

from tasks.encryption import sealing, streams
from tasks.encryption.datakey import DataKey, next_nonce
from tasks.encryption.keyring import Keyring
from tasks.encryption.opened import Opened
from tasks.encryption.reads import CONTENT, SECRET, Reads
from tasks.encryption.sealing import EPOCH, ROWS

BLIND_INDEX_BYTES = 16
STREAM = "stream"
HEADER_BYTES = sealing.HEADER.size


class Sealer(Protocol):
    """The half of a cipher that loading needs."""

    def seal(
        self, plaintext: bytes, *, column: str, row_id: str, changed_at: datetime
    ) -> bytes: ...

    def blind_index(self, value: str, *, column: str) -> bytes: ...


class Cipher:
    """Seals for, and unseals from, one organization. `reads` counts all that was unsealed."""

    def __init__(self, keyring: Keyring) -> None:
        self.reads = Reads()
        self._keyring = keyring
        self._of_day = keyring.of_day
        self._by_header = keyring.by_header
        self._index_keys = Opened[str, bytes](
            lambda purpose: keyring.active("index").subkey(purpose)
        )

    @property
    def org_id(self) -> UUID:
        return self._keyring.org_id

    def seal(self, plaintext: bytes, *, column: str, row_id: str, changed_at: datetime) -> bytes:
        """Content, under its week's key. `column` is `schema.table.column`.

        It is `DataKey.seal` of `sealing.row` in one function: each call within costs 5%, and
        nothing else is called as often (benchmarks/sealing.py).
        """
        since = changed_at - EPOCH
        days = since.days
        key = self._of_day[days]
        key.uses += 1
        try:
            nonce = next_nonce()
        except IndexError:
            nonce = sealing.draw_nonces()
        name, micro = row_id.encode(), (days * 86_400 + since.seconds) * 1_000_000
        row = ROWS[len(name)](len(name), name, 8, micro + since.microseconds)
        return key.header + nonce + key.encrypt(nonce, plaintext, key.places[column] + row)

    def unseal(self, sealed: bytes, *, column: str, row_id: str, changed_at: datetime) -> bytes:
        """The content. Raises: PermanentError if it was altered or moved, or its key destroyed."""
        key = self._by_header[sealed[:HEADER_BYTES]]
        plain = key.unseal(sealed, column, sealing.row(row_id, changed_at))
        self.reads.note(CONTENT, column)
        return plain

    def seal_stream(
        self,
        plain: Iterable[bytes],
        *,
        column: str,
        row_id: str,
        changed_at: datetime,
        key: DataKey | None = None,
    ) -> Iterator[bytes]:
        """Content too long to be held whole, sealed as it comes, under its week's key or `key`.

        It is bound to column and row but not to `changed_at`, which chooses the key only: a
        stream may lie where no instant lies beside it.
        """
        key = key or self._of_day[(changed_at - EPOCH).days]
        key.uses += 1
        where = self._stream_place(column, row_id)
        return streams.iter_sealed(key.subkey(STREAM), key.key_id, plain, where)

    def unseal_stream(
        self, sealed: Iterable[bytes], *, column: str, row_id: str
    ) -> Iterator[bytes]:
        """The content, piece by piece; it is whole only when the iteration has ended.

        Raises: PermanentError as `unseal`, and where a stream was cut off or reordered.
        """
        rest = iter(sealed)
        key_id, first = streams.read_header(rest)
        subkey = self._keyring.by_id[key_id].subkey(STREAM)
        where = self._stream_place(column, row_id)
        self.reads.note(CONTENT, column)
        yield from streams.iter_unsealed(subkey, key_id, first, rest, where)

    def seal_secret(self, plaintext: bytes, *, column: str, row_id: str) -> bytes:
        """A secret of the organization itself, such as a token, under its long-lived key.

        That key is asked for anew each time: a long run must not seal a renewed token under one
        that a rotation ended meanwhile.
        """
        key = self._keyring.active("organization")
        return key.seal(plaintext, column, sealing.row(row_id, None))

    def unseal_secret(self, sealed: bytes, *, column: str, row_id: str) -> bytes:
        """The secret. Raises: PermanentError as `unseal`."""
        key = self._by_header[sealed[:HEADER_BYTES]]
        secret = key.unseal(sealed, column, sealing.row(row_id, None))
        self.reads.note(SECRET, column)
        return secret

    def hold_key(self) -> DataKey:
        """The key, as the warehouse has it now, of what legal holds keep past its week's key."""
        return self._keyring.active("hold")

    def reseal(
        self,
        sealed: bytes,
        *,
        column: str,
        row_id: str,
        changed_at: datetime | None,
        key: DataKey | None = None,
    ) -> bytes:
        """A sealed value in the same place, under the key that is to be sealed with now, or `key`.

        Raises: PermanentError as `unseal`.
        """
        if changed_at is None:
            secret = self.unseal_secret(sealed, column=column, row_id=row_id)
            return self.seal_secret(secret, column=column, row_id=row_id)
        plain = self.unseal(sealed, column=column, row_id=row_id, changed_at=changed_at)
        if key is not None:
            return key.seal(plain, column, sealing.row(row_id, changed_at))
        return self.seal(plain, column=column, row_id=row_id, changed_at=changed_at)

    def blind_index(self, value: str, *, column: str) -> bytes:
        """16 bytes that are equal for equal values of one column of this organization only.

        Case, surrounding space and Unicode's compatible forms do not count. What it reveals to
        who reads the table: which rows hold the same value.
        """
        folded = unicodedata.normalize("NFKC", value).strip().casefold()
        return self.keyed_hash(folded.encode(), purpose=f"index {column}")[:BLIND_INDEX_BYTES]

    def keyed_hash(self, data: bytes, *, purpose: str) -> bytes:
        """HMAC-SHA256 under a subkey of its own: tells equality, reveals nothing else."""
        return hmac.digest(self._index_keys[purpose], data, "sha256")

    def keyed_hasher(self, *, purpose: str) -> hmac.HMAC:
        """What makes the `keyed_hash` of data that comes in pieces."""
        return hmac.new(self._index_keys[purpose], digestmod="sha256")

    def record_uses(self, connection: Connection) -> None:
        """Counts what was sealed, in the transaction that stores it."""
        self._keyring.record_uses(connection)

    def _stream_place(self, column: str, row_id: str) -> bytes:
        return sealing.place(self.org_id, column) + sealing.row(row_id, None)
