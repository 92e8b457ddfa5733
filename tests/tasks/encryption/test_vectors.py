"""Known answers: of our own format, and the published ones for AES-256-GCM."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine

from tasks.encryption import Cipher, KeyEncryptionKeys, Keyring, sealing
from tasks.encryption.datakey import DataKey
from tasks.encryption.keyring import wrap_context
from tasks.errors import PermanentError
from warehouse import keys
from warehouse.sessions import Organization, tenant_session

OURS = json.loads((Path(__file__).parent / "vectors" / "sealed.json").read_text())
NIST_256 = "ciphers/AES/GCM/gcmDecrypt256.rsp"


def _named(test: dict) -> str:
    return f"{test['id']}-{test['comment'].replace(' ', '-')}"


def _row(test: dict) -> bytes:
    micro = test["changed_at_microseconds"]
    at = None if micro is None else sealing.EPOCH + timedelta(microseconds=micro)
    return sealing.row(test["row_id"], at)


def _key(test: dict) -> DataKey:
    secret, org = bytes.fromhex(test["secret"]), UUID(test["organization"])
    return DataKey(test["key_id"], secret, org)


@pytest.mark.parametrize("test", OURS["tests"], ids=_named)
def test_our_format_opens_what_it_should_and_nothing_else(test: dict) -> None:
    """Values that another program sealed, sound and spoiled; the format is a contract."""
    sealed = bytes.fromhex(test["sealed"])

    def opened() -> bytes:
        assert sealing.key_id_of(sealed) in range(1, 2**32)
        return _key(test).unseal(sealed, test["column"], _row(test))

    if test["result"] == "valid":
        assert sealing.key_id_of(sealed) == test["key_id"]
        assert opened() == bytes.fromhex(test["plaintext"])
    else:
        with pytest.raises(PermanentError):
            opened()


@pytest.mark.parametrize(
    "test", [one for one in OURS["tests"] if one["result"] == "valid"], ids=_named
)
def test_sealing_gives_the_known_answer(test: dict) -> None:
    """With the vector's nonce as the next one, byte for byte."""
    sealing.NONCES.append(bytes.fromhex(test["nonce"]))
    plain = bytes.fromhex(test["plaintext"])
    assert _key(test).seal(plain, test["column"], _row(test)).hex() == test["sealed"]


def test_the_cipher_s_own_path_gives_the_known_answer(
    engine: Engine, organization: Organization, kek: KeyEncryptionKeys
) -> None:
    """What loading calls: the same bytes as the key itself makes, for each version of a row."""
    keyring = Keyring(engine, organization.org_id, kek)
    cipher = Cipher(keyring)
    for at in (
        datetime(2026, 11, 24, 12, 30, 15, 250, tzinfo=UTC),
        datetime(2026, 11, 25, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ):
        nonce = bytes(range(12))
        sealing.NONCES.append(nonce)
        sealed = cipher.seal(b"words", column="a.b.c", row_id="4/ü", changed_at=at)
        sealing.NONCES.append(nonce)
        key = keyring.by_id[sealing.key_id_of(sealed)]
        assert key.seal(b"words", "a.b.c", sealing.row("4/ü", at)) == sealed
        with tenant_session(engine, organization.org_id) as connection:
            cipher.record_uses(connection)
            monday = (at - timedelta(days=at.weekday())).date()
            stored = keys.find_active(connection, "content", monday)
        assert stored is not None
        assert stored.key_id == key.key_id


@pytest.mark.parametrize("one", OURS["subkeys"], ids=lambda one: one["purpose"])
def test_subkeys_have_their_known_values(one: dict) -> None:
    """HKDF-SHA256 without salt, the purpose in its info."""
    key = DataKey(1, bytes.fromhex(one["secret"]), UUID(int=1))
    assert key.subkey(one["purpose"]).hex() == one["subkey"]


@pytest.mark.parametrize("one", OURS["blind_indexes"], ids=lambda one: repr(one["value"]))
def test_blind_indexes_have_their_known_values(
    engine: Engine, organization: Organization, kek: KeyEncryptionKeys, one: dict
) -> None:
    """HMAC-SHA256 of the folded value under the column's subkey, its first 16 bytes."""
    keyring = Keyring(engine, organization.org_id, kek)
    known = DataKey(9, bytes.fromhex(one["secret"]), organization.org_id)
    context = wrap_context(organization.org_id, 9)
    with tenant_session(engine, organization.org_id) as connection:
        keys.insert(
            connection,
            organization.org_id,
            keys.Stored(9, *kek.wrap(bytes.fromhex(one["secret"]), context)),
            purpose="index",
            week=None,
        )
    assert keyring.active("index").subkey("a") == known.subkey("a")
    assert Cipher(keyring).blind_index(one["value"], column=one["column"]).hex() == one["index"]


def _published() -> Iterator[dict[str, str]]:
    """The vectors with the nonces and tags that our format has: 96 and 128 bits."""
    lengths, found = dict[str, str](), dict[str, str]()
    for line in files("cryptography_vectors").joinpath(NIST_256).read_text().splitlines():
        if told := re.fullmatch(r"\[(\w+) = (\d+)\]", line):
            lengths[told[1]] = told[2]
        elif line.startswith("Count"):
            found = {}
        elif line == "FAIL" or " = " in f"{line} ":
            name, _, value = line.partition("=")
            found[name.strip()] = value.strip()
            ours = (lengths["IVlen"], lengths["Taglen"]) == ("96", "128")
            if name.strip() in ("PT", "FAIL") and ours:
                yield found


def test_published_vectors_through_our_unsealing() -> None:
    """NIST's: each that must open opens to its plaintext, each that must fail is refused."""
    opened = refused = 0
    for one in _published():
        key = AESGCM(bytes.fromhex(one["Key"]))
        sealed = bytes(6) + bytes.fromhex(one["IV"] + one["CT"] + one["Tag"])
        additional = bytes.fromhex(one["AAD"])
        if "FAIL" in one:
            with pytest.raises(PermanentError, match="altered"):
                sealing.decrypt(key, sealed, additional)
            refused += 1
        else:
            assert sealing.decrypt(key, sealed, additional) == bytes.fromhex(one["PT"])
            opened += 1
    assert opened > 100
    assert refused > 100
