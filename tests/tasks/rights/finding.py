"""Seeking a person in every column of every table, opened where it is sealed."""

from dataclasses import dataclass

from sqlalchemy import select, text

from tasks.errors import PermanentError
from tasks.resources import Resources
from warehouse.sealed import SealedColumn, sealed_columns
from warehouse.tables import metadata

# What was asked and done for a person, under the keyed hash that tells their requests apart.
OUR_OWN = {"audit.events", "app.privacy_requests"}


@dataclass(frozen=True)
class Someone:
    """A person of the account: their id, address, tickets, and all that gives them away."""

    user_id: int
    email: str
    tickets: list[int]
    marks: tuple[str, ...]


def found_of(resources: Resources, someone: Someone) -> dict[str, int]:
    """In how many rows of each table a mark of theirs or their id is found."""
    needles = [one.encode() for one in someone.marks]
    indexes = [
        resources.cipher.blind_index(someone.email, column=column)
        for column in ("zendesk.users.email",)
    ]
    found: dict[str, int] = {}
    with resources.session() as connection:
        for table in metadata.sorted_tables:
            if table.fullname in OUR_OWN or table.schema == "keys" or "org_id" not in table.c:
                continue
            asked = text(f"select t::text as whole from {table.fullname} as t")
            rows = [one.encode() for one in connection.execute(asked).scalars()]
            rows_of = sum(
                any(_stands_in(one, row) for one in needles)
                or any(index.hex().encode() in row for index in indexes)
                for row in rows
            )
            if rows_of:
                found[table.fullname] = rows_of
        for column in sealed_columns():
            if column.table.schema != "keys":
                opened = _opened(resources, connection, column)
                rows_of = sum(any(_stands_in(one, row) for one in needles) for row in opened)
                if rows_of:
                    found[column.name] = rows_of
    return found


def _stands_in(needle: bytes, row: bytes) -> bool:
    """A number among digits is another number."""
    if not needle.isdigit():
        return needle in row
    at = row.find(needle)
    while at >= 0:
        around = row[max(0, at - 1) : at] + row[at + len(needle) : at + len(needle) + 1]
        if not any(48 <= one <= 57 for one in around):
            return True
        at = row.find(needle, at + 1)
    return False


def _opened(resources: Resources, connection: object, column: SealedColumn) -> list[bytes]:
    asked = select(*column.ids(), column.instant(), column.column)
    found = []
    for *ids, at, sealed in connection.execute(asked):  # type: ignore[attr-defined]
        row_id = "/".join(map(str, ids))
        place = {"column": column.name, "row_id": row_id}
        try:
            if at is None:
                found.append(resources.cipher.unseal_secret(bytes(sealed), **place))
            else:
                found.append(resources.cipher.unseal(bytes(sealed), changed_at=at, **place))
        except PermanentError:
            raise AssertionError(f"{column.name} does not open") from None
    return found
