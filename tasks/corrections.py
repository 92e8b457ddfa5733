"""Corrections: a person's own word on their name, e-mail or phone, over what the account says.

This is the one place where they are opened. Whoever shows a person to someone shows `corrected`;
whoever looks for people in texts looks for both, since texts have the wrong name as well.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import msgspec
from sqlalchemy import Connection

from tasks.encryption import Cipher
from tasks.encryption.addresses import EMAIL, PHONE, address_index
from tasks.zendesk.contents import UserContent
from tasks.zendesk.records import User
from warehouse import corrections
from warehouse.corrections import Correction, SealedField

COLUMN = "app.corrections.sealed"
INDEXES = {"email": EMAIL, "phone": PHONE}
FIELDS = ("name", *INDEXES)
Fields = Mapping[str, str]


def correction(cipher: Cipher, user_id: int, field: str, value: str) -> Correction:
    """A correction, sealed. `field` is one of `FIELDS`."""
    index = address_index(cipher, value, INDEXES[field]) if field in INDEXES else None
    sealed = cipher.seal_secret(value.encode(), column=COLUMN, row_id=f"{user_id}/{field}")
    return Correction(user_id, field, sealed, _hash(cipher, field, value), index)


def corrected_fields(
    connection: Connection, cipher: Cipher, user_ids: Collection[int]
) -> dict[int, Fields]:
    """What is corrected of these users, by user and field."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for one in corrections.of_users(connection, user_ids):
        found[one.user_id][one.field] = opened_field(cipher, one)
    return dict(found)


def corrected(content: UserContent, told: Fields) -> UserContent:
    """What is known of a user, as they say it is right."""
    return msgspec.structs.replace(content, **told)


def opened_field(cipher: Cipher, one: SealedField) -> str:
    """The value of a corrected field."""
    row_id = f"{one.user_id}/{one.field}"
    return cipher.unseal_secret(one.sealed, column=COLUMN, row_id=row_id).decode()


def end_agreed(connection: Connection, cipher: Cipher, users: Sequence[User]) -> int:
    """Ends the corrections that these records, new from the source, agree with; how many."""
    if not users or not corrections.exist(connection):
        return 0
    told = corrections.hashes(connection, {one.id for one in users})
    agreed = [
        (one.id, field)
        for one in users
        for field in FIELDS
        if (one.id, field) in told
        and told[one.id, field] == _hash(cipher, field, getattr(one, field) or "")
    ]
    return corrections.end(connection, agreed) if agreed else 0


def _hash(cipher: Cipher, field: str, value: str) -> bytes:
    """Equal for what is written alike; of an address, its case does not count."""
    written = unicodedata.normalize("NFC", value).strip()
    if field == "email":
        written = written.casefold()
    return cipher.keyed_hash(written.encode(), purpose=f"correction {field}")
