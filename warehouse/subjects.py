"""A person in the data, found by what names them. Every function runs in the tenant session."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select, text, union

from warehouse.naming import OF_ONE_PERSON, naming_columns, tables_of_many
from warehouse.tables import metadata

FOUND = text("""
    select u.id from zendesk.users as u
    where u.id = :user_id or u.email_index = :email_index or u.phone_index = :phone_index
    union
    select i.user_id from zendesk.user_identities as i
    where i.user_id = :user_id or i.value_index in (:email_index, :phone_index)
    union
    select c.user_id from app.corrections as c
    where c.value_index in (:email_index, :phone_index)
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


def people_present(connection: Connection) -> list[int]:
    """Zendesk's ids of everyone whom a row names. Reads every such column: for after a restore."""
    tables = [*(metadata.tables[name] for name in OF_ONE_PERSON), *tables_of_many()]
    columns = [column for table in tables for column in naming_columns(table)]
    every = union(*(select(one.label("id")).where(one.is_not(None)) for one in columns))
    return sorted(connection.execute(every).scalars())


def users_by_index(connection: Connection) -> Iterator[tuple[int, str, bytes]]:
    """(user, email or phone, blind index) of everyone; a number only of who has no address."""
    found = connection.execute(
        text("""
            select id, 'email' as kind, email_index as value_index from zendesk.users
            where email_index is not null
            union all
            select user_id, 'email', value_index from zendesk.user_identities
            where type = 'email' and value_index is not null
            union all
            select id, 'phone', phone_index from zendesk.users
            where email_index is null and phone_index is not null
        """)
    )
    for row in found:
        yield row.id, row.kind, bytes(row.value_index)
