"""What sealing a record costs, beside bare AES-GCM and what else one would pick.

The same records are sealed and opened, each bound to a row of its own: their fields as one JSON
value with vensor's cipher, with `cryptography`'s AESGCM alone (a random nonce, additional data that
lies ready, nonce and ciphertext joined) and with Fernet; and a field each with SQLAlchemy-Utils'
EncryptedType, which is a column's. A round of each in turn, the medians of the process's own time.
`--pgcrypto URL` adds pgcrypto in a PostgreSQL that has it, the whole record as one value.
"""

import importlib
import os
import secrets
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine, Unicode, create_engine

from benchmarks.benchmark import Benchmark
from benchmarks.figures import Figure
from tasks.encryption import Cipher, KeyEncryptionKeys, Keyring
from tasks.encryption.datakey import DataKey
from tasks.encryption.providers.local import LocalKey

# The bytes of a record's fields, as the sandbox's records have them.
RECORDS_OF = {
    "person": (18, 26, 14, 12, 60, 60),
    "comment": (230, 250),
    "ticket": (45, 330, 24, 60, 60, 40),
    "one field": (1000,),
    "long text": (4000,),
}
RECORDS = 1500
COLUMN = "zendesk.comment_contents.sealed"
NEWEST = datetime(2026, 11, 24, 12, tzinfo=UTC)
# pgcrypto stretches a password on each call unless told not to: the second is its fastest way.
PGCRYPTO = {
    "pgcrypto pgp_sym_encrypt": (
        "pgp_sym_encrypt_bytea(x, 'a long password')",
        "pgp_sym_decrypt_bytea(x, 'a long password')",
    ),
    "pgcrypto pgp, s2k-mode=0": (
        "pgp_sym_encrypt_bytea(x, 'a long password', 's2k-mode=0, compress-algo=0')",
        "pgp_sym_decrypt_bytea(x, 'a long password')",
    ),
}

# it has no types
TYPES = importlib.import_module("sqlalchemy_utils.types.encrypted.encrypted_type")
ENGINE = create_engine("postgresql+psycopg://")  # connects to nothing
encode, decode = msgspec.json.encode, msgspec.json.Decoder(tuple[str, ...]).decode
Record = tuple[str, ...]
Way = tuple[Callable[[], list[Any]], Callable[[list[Any]], list[Any]]]


class HeldKeyring(Keyring):
    """Data keys without a warehouse: what is measured is sealing."""

    def __init__(self, engine: Engine) -> None:
        kek = LocalKey(secrets.token_bytes(32), where="the benchmark")
        super().__init__(engine, uuid4(), KeyEncryptionKeys(lambda: (kek, None)))
        self._made = DataKey(1, secrets.token_bytes(32), self.org_id)
        self.by_id[1] = self._made  # what opens looks here

    def _content_key(self, day: int) -> DataKey:
        return self._made


def ways(fields: Sequence[int]) -> dict[str, Way]:
    """By name, what seals all records and what opens them again (how many)."""
    records = [tuple(secrets.token_hex(size // 2) for size in fields) for _ in range(RECORDS)]
    rows = [(str(10**9 + number), NEWEST - timedelta(seconds=number)) for number in range(RECORDS)]
    return {
        "vensor": _vensor(records, rows),
        "AESGCM": _aesgcm(records),
        "Fernet": _fernet(records),
        "EncryptedType, AesGcmEngine": _encrypted_type(records, TYPES.AesGcmEngine),
        "EncryptedType, AesEngine": _encrypted_type(records, TYPES.AesEngine),
    }


def _vensor(records: Sequence[Record], rows: Sequence[tuple[str, datetime]]) -> Way:
    cipher = Cipher(HeldKeyring(ENGINE))
    return (
        lambda: [
            cipher.seal(encode(one), column=COLUMN, row_id=row_id, changed_at=at)
            for one, (row_id, at) in zip(records, rows, strict=True)
        ],
        lambda sealed: [
            decode(cipher.unseal(one, column=COLUMN, row_id=row_id, changed_at=at))
            for one, (row_id, at) in zip(sealed, rows, strict=True)
        ],
    )


def _aesgcm(records: Sequence[Record]) -> Way:
    key, places = AESGCM(secrets.token_bytes(32)), [os.urandom(90) for _ in records]

    def seal_one(one: Record, place: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + key.encrypt(nonce, encode(one), place)

    def unseal_one(one: bytes, place: bytes) -> Any:
        return decode(key.decrypt(one[:12], one[12:], place))

    return (
        lambda: [seal_one(*one) for one in zip(records, places, strict=True)],
        lambda sealed: [unseal_one(*one) for one in zip(sealed, places, strict=True)],
    )


def _fernet(records: Sequence[Record]) -> Way:
    key = Fernet(Fernet.generate_key())
    return (
        lambda: [key.encrypt(encode(one)) for one in records],
        lambda sealed: [decode(key.decrypt(one)) for one in sealed],
    )


def _encrypted_type(records: Sequence[Record], engine: type) -> Way:
    kind = TYPES.StringEncryptedType(Unicode, secrets.token_hex(16), engine)
    dialect = ENGINE.dialect
    return (
        lambda: [[kind.process_bind_param(one, dialect) for one in record] for record in records],
        lambda sealed: [[kind.process_result_value(one, dialect) for one in r] for r in sealed],
    )


def taken(fields: Sequence[int], rounds: int) -> dict[str, tuple[float, float]]:
    """Microseconds a record to seal and to open it, by way.

    Each round begins with another: the first finds no memory that one before has given back.
    """
    found = ways(fields)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in found}
    names = deque(found)
    for _ in range(rounds):
        names.rotate()
        for name in names:
            seal, unseal = found[name]
            at = time.process_time()
            sealed = seal()
            between = time.process_time()
            unseal(sealed)
            done = time.process_time()
            times[name].append((between - at, done - between))
    return {
        name: (_median([one for one, _ in each]), _median([one for _, one in each]))
        for name, each in times.items()
    }


def taken_by_pgcrypto(url: str, size: int, rounds: int) -> dict[str, tuple[float, float]]:
    """The same in the server, by its own clock: one statement for all records, none sent back."""
    with psycopg.connect(url) as connection:
        connection.execute("create extension if not exists pgcrypto")
        connection.execute("create temp table plain as select null::bytea as x limit 0")
        with connection.cursor().copy("copy plain from stdin (format binary)") as copy:
            copy.set_types(["bytea"])
            for _ in range(RECORDS):
                copy.write_row([secrets.token_hex(size // 2).encode()])
        return {
            name: _in_server(connection, seal, unseal, rounds)
            for name, (seal, unseal) in PGCRYPTO.items()
        }


def _in_server(
    connection: psycopg.Connection, seal: str, unseal: str, rounds: int
) -> tuple[float, float]:
    sealing, opening = [], []
    for _ in range(rounds):
        connection.execute("drop table if exists sealed")
        sealing.append(
            _timed(connection, f"create temp table sealed as select {seal} x from plain")
        )
        opening.append(_timed(connection, f"select sum(length({unseal})) from sealed"))
    return _median(sealing), _median(opening)


def _timed(connection: psycopg.Connection, statement: str) -> float:
    at = time.perf_counter()
    connection.execute(statement)
    return time.perf_counter() - at


def _median(seconds: Sequence[float]) -> float:
    return round(1e6 * statistics.median(seconds) / RECORDS, 3)


def measure(rounds: int, pgcrypto: str) -> Iterator[Figure]:
    """Each way beside the bare cipher; and what a column's type takes beside vensor."""
    for what, fields in RECORDS_OF.items():
        found = taken(fields, rounds)
        if pgcrypto:
            found |= taken_by_pgcrypto(pgcrypto, sum(fields), max(rounds // 5, 1))
        record = f"{what}, {sum(fields)} bytes in {len(fields)}"
        bare = found.pop("AESGCM")
        for name, each in found.items():
            for verb, taken_us, bare_us in zip(("sealed", "opened"), each, bare, strict=True):
                goal = "≤ 1.3" if (name, verb) == ("vensor", "sealed") else ""
                yield Figure(f"{record}: {verb} by {name}", taken_us, "µs", bare_us, goal)
        column, ours = found["EncryptedType, AesGcmEngine"][0], found["vensor"][0]
        goal = "≥ 8" if len(fields) > 1 else ""  # of one long field the cipher is most of it
        yield Figure(f"{record}: sealed by EncryptedType, beside vensor", column, "µs", ours, goal)


BENCHMARK = Benchmark(
    "sealing",
    measure,
    small={"rounds": 3, "pgcrypto": ""},
    full={"rounds": 15, "pgcrypto": ""},
    about=__doc__,
)

if __name__ == "__main__":
    BENCHMARK.main()
