"""What is sealed opens in its own place only, and with its own key only."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from tasks.encryption import Cipher, KeyEncryptionKeys, Keyring, sealing
from tasks.encryption.datakey import DataKey
from tasks.encryption.providers.local import LocalKey
from tasks.errors import ConfigurationError, PermanentError
from tests.conftest import cipher_of
from warehouse.sessions import Organization, tenant_session

SECRET = bytes(range(32))
ORG = UUID(int=7)
AT = datetime(2026, 11, 24, 12, 30, 15, 250, tzinfo=UTC)
PLACE = {"column": "zendesk.ticket_contents.sealed", "row_id": "42", "changed_at": AT}


@given(plaintext=st.binary(max_size=300), key_id=st.integers(0, 2**32 - 1))
def test_unsealing_undoes_sealing(plaintext: bytes, key_id: int) -> None:
    """For any bytes; the result is 34 bytes longer and names its key."""
    key, row = DataKey(key_id, SECRET, ORG), sealing.row("1", AT)
    sealed = key.seal(plaintext, "a.b.c", row)
    assert len(sealed) == len(plaintext) + 34
    assert sealing.key_id_of(sealed) == key_id
    assert key.unseal(sealed, "a.b.c", row) == plaintext


@given(plaintext=st.binary(max_size=40), data=st.data())
def test_one_flipped_bit_anywhere_is_noticed(plaintext: bytes, data: st.DataObject) -> None:
    """Version and algorithm by the format, the rest of the header, nonce and text by the tag."""
    key, row = DataKey(1, SECRET, ORG), sealing.row("1", AT)
    sealed = bytearray(key.seal(plaintext, "a.b.c", row))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(PermanentError):
        DataKey(sealing.key_id_of(bytes(sealed)), SECRET, ORG).unseal(bytes(sealed), "a.b.c", row)


def test_no_nonce_comes_twice_not_from_threads_nor_in_a_forked_process() -> None:
    """Random nonces are drawn many at once; two values under one nonce would both be open."""

    def nonces(count: int) -> list[bytes]:
        key = DataKey(1, SECRET, ORG)
        return [key.seal(b"", "a", b"")[6:18] for _ in range(count)]

    nonces(1)
    with ThreadPoolExecutor(4) as executor:
        drawn = [one for some in executor.map(nonces, [5000] * 8) for one in some]
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.write(writer, b"".join(nonces(2000)))
        os._exit(0)
    os.wait()
    os.close(writer)
    with open(reader, "rb") as pipe:
        forked = pipe.read()
    drawn += nonces(2000) + [forked[at : at + 12] for at in range(0, len(forked), 12)]
    assert len(drawn) == len(set(drawn)) == 44_000


@pytest.mark.parametrize(
    "moved",
    [
        {"column": "zendesk.comment_contents.sealed"},
        {"row_id": "43"},
        {"changed_at": AT + timedelta(microseconds=1)},
    ],
)
def test_a_value_moved_to_another_place_does_not_open(cipher: Cipher, moved: dict) -> None:
    """Another column, row or version of the row."""
    sealed = cipher.seal(b"words", **PLACE)
    assert cipher.unseal(sealed, **PLACE) == b"words"
    with pytest.raises(PermanentError, match="altered, moved"):
        cipher.unseal(sealed, **{**PLACE, **moved})


def test_a_value_of_another_organization_does_not_open(
    cipher: Cipher, engine: Engine, other_organization: Organization, kek: KeyEncryptionKeys
) -> None:
    """Each has keys of its own, and the place names the organization too."""
    other = cipher_of(engine, other_organization.org_id, kek)
    other.seal(b"its own", **PLACE)
    with pytest.raises(PermanentError):
        other.unseal(cipher.seal(b"words", **PLACE), **PLACE)


def test_each_week_has_a_key_of_its_own(cipher: Cipher) -> None:
    """So that a week's key can be destroyed when its time is over."""
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    place = {"column": "a", "row_id": "1"}
    ids = [
        sealing.key_id_of(cipher.seal(b"", changed_at=monday + timedelta(days=days), **place))
        for days in (-1, 0, 6, 7)
    ]
    assert ids[1] == ids[2]
    assert len(set(ids)) == 3


def test_processes_that_race_for_a_key_agree_on_one(
    engine: Engine, organization: Organization, kek: KeyEncryptionKeys
) -> None:
    """Eight keyrings at once: one key, and each opens what another sealed."""

    def seal(_: int) -> bytes:
        return cipher_of(engine, organization.org_id, kek).seal(b"words", **PLACE)

    with ThreadPoolExecutor(4) as executor:
        sealed = list(executor.map(seal, range(8)))
    assert len({sealing.key_id_of(one) for one in sealed}) == 1
    late = cipher_of(engine, organization.org_id, kek)
    assert {late.unseal(one, **PLACE) for one in sealed} == {b"words"}


def test_uses_are_counted_and_an_exhausted_key_refuses(
    engine: Engine, organization: Organization, cipher: Cipher
) -> None:
    """Random nonces are safe for 2^32 values of a key and no more."""
    for _ in range(3):
        cipher.seal(b"", **PLACE)
    with tenant_session(engine, organization.org_id) as connection:
        cipher.record_uses(connection)
        count = connection.execute(text("select sum(sealed_count) from keys.org_keys"))
        assert count.scalar_one() == 3
        connection.execute(text("update keys.org_keys set sealed_count = 4294967295"))
    cipher.seal(b"", **PLACE)
    with (
        pytest.raises(PermanentError, match="used up"),
        tenant_session(engine, organization.org_id) as connection,
    ):
        cipher.record_uses(connection)


def test_another_key_encryption_key_opens_nothing(
    engine: Engine, organization: Organization, cipher: Cipher
) -> None:
    """And the error says which setting to look at."""
    sealed = cipher.seal(b"words", **PLACE)
    other = LocalKey(hashlib.sha256(b"other").digest(), where="a test")
    stranger = Cipher(
        Keyring(engine, organization.org_id, KeyEncryptionKeys(lambda: (other, None)))
    )
    with pytest.raises(ConfigurationError, match="VENSOR_KEK_PREVIOUS"):
        stranger.unseal(sealed, **PLACE)


def test_blind_indexes_tell_equality_within_one_organization_only(
    cipher: Cipher, engine: Engine, other_organization: Organization, kek: KeyEncryptionKeys
) -> None:
    """Case, space and compatible forms do not count; column and organization do."""
    forms = ("Ada@Example.com", " ada@example.com ", "ａｄａ@example.com")
    assert len({cipher.blind_index(form, column="e") for form in forms}) == 1
    other = cipher_of(engine, other_organization.org_id, kek)
    assert cipher.blind_index("a", column="e") != cipher.blind_index("a", column="f")
    assert cipher.blind_index("a", column="e") != other.blind_index("a", column="e")
