"""A person in the data, found by what names them. Every function runs in the tenant session."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

FOUND = text("""
    select u.id from zendesk.users as u
    where u.id = :user_id or u.email_index = :email_index or u.phone_index = :phone_index
    union
    select i.user_id from zendesk.user_identities as i
    where i.user_id = :user_id or i.value_index in (:email_index, :phone_index)
    order by 1
""")


@dataclass(frozen=True)
class Names:
    """What names a person: blind indexes of an e-mail and a telephone number, Zendesk's id."""

    email_index: bytes | None = None
    phone_index: bytes | None = None
    user_id: int | None = None


def find_users(connection: Connection, names: Names) -> list[int]:
    """Zendesk's ids of the users whom any of the names is of; several where one person is."""
    asked = {
        "email_index": names.email_index,
        "phone_index": names.phone_index,
        "user_id": names.user_id,
    }
    return list(connection.execute(FOUND, asked).scalars())
