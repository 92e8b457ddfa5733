"""A sealed stream opens whole, in order and in its own place, or not at all."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from tasks.encryption import Cipher, KeyEncryptionKeys
from tasks.encryption.streams import iter_sealed, iter_unsealed, read_header
from tasks.errors import PermanentError
from tests.conftest import cipher_of
from warehouse.sessions import Organization, tenant_session

KEY = bytes(range(32))
CHUNK = 16 * 2**10
AT = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
PLACE = {"column": "zendesk.recordings", "row_id": "42/call"}


def _cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def _seal(plain: bytes, size: int = 1000) -> bytes:
    return b"".join(iter_sealed(KEY, 7, _cut(plain, size), b"place"))


def _unseal(sealed: bytes, size: int = 1000, where: bytes = b"place") -> bytes:
    pieces = _cut(sealed, size)
    key_id, first = read_header(pieces)
    return b"".join(iter_unsealed(KEY, key_id, first, pieces, where))


@given(
    plain=st.binary(max_size=200) | st.integers(0, 4 * CHUNK).map(bytes),
    one=st.integers(1, 3 * CHUNK),
    other=st.integers(1, 3 * CHUNK),
)
def test_unsealing_undoes_sealing_however_the_bytes_are_cut(
    plain: bytes, one: int, other: int
) -> None:
    """Rows, parts and network reads cut where they like."""
    sealed = _seal(plain, one)
    assert _unseal(sealed, other) == plain
    assert read_header(iter([sealed]))[0] == 7


@given(data=st.data())
def test_any_flipped_bit_is_noticed(data: st.DataObject) -> None:
    """Header, salt, each chunk and the end are authenticated."""
    sealed = bytearray(_seal(bytes(2 * CHUNK)))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(PermanentError):
        _unseal(bytes(sealed))


@given(length=st.integers(0, 3 * CHUNK + 200))
def test_a_stream_that_is_cut_off_anywhere_is_no_stream(length: int) -> None:
    """Between two chunks as well: the last one is marked."""
    sealed = _seal(bytes(3 * CHUNK))
    with pytest.raises(PermanentError, match="cut off"):
        _unseal(sealed[: min(length, len(sealed) - 1)])


def test_chunks_that_change_places_do_not_open() -> None:
    """Nor one that comes twice, nor one of the same recording sealed another time."""
    one, other = (_seal(bytes(4 * CHUNK)) for _ in range(2))
    start, size = 6 + 56, CHUNK + 16
    parts = [one[start + at * size : start + (at + 1) * size] for at in range(3)]
    rest = one[start + 3 * size :]
    assert _unseal(one[:start] + b"".join(parts) + rest) == bytes(4 * CHUNK)
    swapped = one[:start] + parts[1] + parts[0] + parts[2] + rest
    twice = one[:start] + parts[0] * 2 + parts[1] + parts[2] + rest
    mixed = one[: start + size] + other[start + size :]
    longer = one + parts[0]
    for spoiled in (swapped, twice, mixed, longer):
        with pytest.raises(PermanentError, match="does not open"):
            _unseal(spoiled)


def test_what_was_given_out_before_the_end_was_authentic() -> None:
    """A reader of a spoiled stream gets its good beginning, then an error; never spoiled bytes."""
    plain = b"".join(bytes([number]) * CHUNK for number in range(4))
    sealed = bytearray(_seal(plain))
    sealed[-40] ^= 1
    pieces, got = _cut(bytes(sealed), 500), list[bytes]()
    key_id, first = read_header(pieces)
    with pytest.raises(PermanentError):
        got.extend(iter_unsealed(KEY, key_id, first, pieces, b"place"))
    assert plain.startswith(b"".join(got))
    assert len(b"".join(got)) >= 2 * CHUNK


@pytest.mark.parametrize(
    "moved", [{"column": "zendesk.other"}, {"row_id": "43/call"}, {"row_id": "42/voicemail"}]
)
def test_a_stream_moved_to_another_recording_does_not_open(cipher: Cipher, moved: dict) -> None:
    """Another call's, or the same call's voicemail."""
    sealed = list(cipher.seal_stream([b"words"], changed_at=AT, **PLACE))
    assert b"".join(cipher.unseal_stream(sealed, **PLACE)) == b"words"
    with pytest.raises(PermanentError, match="moved"):
        list(cipher.unseal_stream(sealed, **{**PLACE, **moved}))


def test_a_stream_of_another_organization_does_not_open(
    cipher: Cipher, engine: Engine, other_organization: Organization, kek: KeyEncryptionKeys
) -> None:
    """Its keys have the same ids; they are other keys."""
    other = cipher_of(engine, other_organization.org_id, kek)
    list(other.seal_stream([b"its own"], changed_at=AT, **PLACE))
    sealed = list(cipher.seal_stream([b"words"], changed_at=AT, **PLACE))
    with pytest.raises(PermanentError):
        list(other.unseal_stream(sealed, **PLACE))


def test_a_value_s_key_opens_no_stream_and_a_stream_counts_as_one_use(
    cipher: Cipher, engine: Engine, organization: Organization
) -> None:
    """One kind of ciphertext is not taken for the other; each week has a key of its own."""
    value = cipher.seal(b"words", changed_at=AT, **PLACE)
    with pytest.raises(PermanentError, match="unknown format 1/1"):
        list(cipher.unseal_stream([value], **PLACE))
    weeks = [
        read_header(cipher.seal_stream([bytes(10)] * 9, changed_at=at, **PLACE))[0]
        for at in (AT, AT + timedelta(days=7))
    ]
    assert weeks[0] != weeks[1]
    with tenant_session(engine, organization.org_id) as connection:
        cipher.record_uses(connection)
        rows = connection.exec_driver_sql("select sealed_count from keys.org_keys order by 1")
        assert list(rows.scalars()) == [1, 2]


def test_a_hash_in_pieces_is_the_hash_of_the_whole(cipher: Cipher) -> None:
    """And another purpose's is another."""
    hasher = cipher.keyed_hasher(purpose="a")
    for piece in (b"wo", b"rds"):
        hasher.update(piece)
    assert hasher.digest() == cipher.keyed_hash(b"words", purpose="a")
    assert hasher.digest() != cipher.keyed_hash(b"words", purpose="b")
