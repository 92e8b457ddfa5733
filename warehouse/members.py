"""The members of an organization. Every function runs in the tenant session."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import URL, Connection, create_engine, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from warehouse.sessions import translated_errors
from warehouse.tables.app import members, organizations


@dataclass(frozen=True)
class Member:
    """A user's role in the organization."""

    user_id: UUID
    role: str
    added_at: datetime


def find_role(connection: Connection, user_id: UUID) -> str | None:
    """The user's role here, or None."""
    found: str | None = connection.execute(
        select(members.c.role).where(members.c.user_id == user_id)
    ).scalar_one_or_none()
    return found


def all_members(connection: Connection) -> list[Member]:
    """Every member, those longest here first."""
    rows = connection.execute(
        select(members.c.user_id, members.c.role, members.c.added_at).order_by(
            members.c.added_at, members.c.user_id
        )
    )
    return [Member(*row) for row in rows]


def has_members(connection: Connection) -> bool:
    """Whether the organization has any member."""
    return bool(connection.execute(select(select(members.c.user_id).exists())).scalar_one())


def lock(connection: Connection) -> None:
    """Waits until nobody else changes who the members are; held to the transaction's end."""
    connection.execute(select(organizations.c.org_id).with_for_update())


def put(connection: Connection, org_id: UUID, user_id: UUID, role: str) -> None:
    """Makes the user a member of this role, in place of an earlier role."""
    statement = insert(members).values(org_id=org_id, user_id=user_id, role=role)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["org_id", "user_id"], set_={"role": role})
    )


def remove(connection: Connection, user_id: UUID) -> None:
    """Ends the membership, if there is one."""
    connection.execute(delete(members).where(members.c.user_id == user_id))


def owners(connection: Connection) -> int:
    """How many owners the organization has."""
    counted = select(func.count()).select_from(members).where(members.c.role == "owner")
    return int(connection.execute(counted).scalar_one())


def owns_warehouse(url: URL) -> bool:
    """Whether this login may become the warehouse's owner, as the migrator may."""
    engine = create_engine(url, hide_parameters=True, connect_args={"connect_timeout": 10})
    try:
        with translated_errors(), engine.connect() as connection:
            owns = text("select pg_has_role(current_user, 'vensor_owner', 'member')")
            return bool(connection.execute(owns).scalar_one())
    finally:
        engine.dispose()
