"""Organizations and their connections to other services."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from warehouse import audit, members
from warehouse.errors import ConfigurationError, TransientError
from warehouse.sessions import Organization, directory, tenant_session
from warehouse.tables.app import connections, organizations


@dataclass(frozen=True)
class Connected:
    """A connection as it lies in the warehouse; `credentials` is sealed.

    `scopes` are those granted, `expires_at` the end of the access that is held now.
    """

    provider: str
    base_url: str
    account: str
    client_id: str | None
    credentials: bytes
    scopes: str | None = None
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        return f"Connected({self.provider}, {self.base_url}, {self.account})"


def add_organization(
    engine: Engine,
    *,
    slug: str,
    name: str,
    timezone: str,
    retention_days: int | None = None,
    upstream_recordings: Literal["keep", "delete"] = "keep",
    actor: str = "system",
    owner: UUID | None = None,
) -> bool:
    """Adds the organization, or brings its settings to these; False if it was there.

    `retention_days`: of a new one, 30 unless told. One that is there keeps its clocks, which
    `warehouse.clocks` changes. `upstream_recordings`: what becomes of a recording in Zendesk when
    its clock ends here. `owner`: its first member. One that is there already is then left as it is.

    Raises: PermanentError when the slug is not made of a-z, 0-9 and "-"; TransientError when
    there is to be an owner and the organization was added meanwhile.
    """
    known = {organization.slug: organization for organization in directory(engine)}
    if owner is not None and slug in known:
        raise TransientError(f"the organization {slug!r} was added by someone else meanwhile")
    org_id = known[slug].org_id if slug in known else uuid4()
    audited: dict[str, int | str] = {
        "timezone": timezone,
        "upstream_recordings": upstream_recordings,
    }
    settings = {"name": name, **audited}
    clock = {} if retention_days is None else {"retention_days": retention_days}
    if slug not in known:
        audited |= clock
    statement = insert(organizations).values(org_id=org_id, slug=slug, **settings, **clock)
    with tenant_session(engine, org_id) as connection:
        connection.execute(
            statement.on_conflict_do_update(index_elements=["org_id"], set_=settings)
        )
        if owner is not None:
            members.put(connection, org_id, owner, "owner")
        audit.record(
            connection,
            org_id,
            actor=actor,
            action="org.change" if slug in known else "org.add",
            purpose="the organization's settings",
            details=audited,
        )
    return slug not in known


def connect(connection: Connection, org_id: UUID, connected: Connected) -> None:
    """Stores a connection in place of an earlier one to the same provider."""
    values = {
        "base_url": connected.base_url,
        "account": connected.account,
        "client_id": connected.client_id,
        "credentials": connected.credentials,
        "scopes": connected.scopes,
        "expires_at": connected.expires_at,
    }
    statement = insert(connections).values(org_id=org_id, provider=connected.provider, **values)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["org_id", "provider"],
            set_={**values, "connected_at": func.clock_timestamp()},
        )
    )


def renew(connection: Connection, connected: Connected) -> bool:
    """Stores the credentials of a connection anew; False if it is there no longer."""
    done = connection.execute(
        update(connections)
        .where(connections.c.provider == connected.provider)
        .values(
            credentials=connected.credentials,
            scopes=connected.scopes,
            expires_at=connected.expires_at,
        )
    )
    return done.rowcount == 1


def disconnect(connection: Connection, provider: str) -> bool:
    """Forgets the connection with its sealed secrets; False if there was none."""
    done = connection.execute(delete(connections).where(connections.c.provider == provider))
    return done.rowcount == 1


def find_connection(connection: Connection, provider: str) -> Connected | None:
    row = connection.execute(
        select(
            connections.c.provider,
            connections.c.base_url,
            connections.c.account,
            connections.c.client_id,
            connections.c.credentials,
            connections.c.scopes,
            connections.c.expires_at,
        ).where(connections.c.provider == provider)
    ).one_or_none()
    return None if row is None else Connected(*row)


def require_connection(
    connection: Connection, organization: Organization, provider: str
) -> Connected:
    """The connection. Raises: ConfigurationError naming the command that makes it."""
    found = find_connection(connection, provider)
    if found is None:
        raise ConfigurationError(
            f"{organization.slug} is not connected to {provider};"
            f" run `vensor connect {provider} --org {organization.slug} …`"
        )
    return found


def ensure_partitions(engine: Engine, from_day: date, to_day: date) -> int:
    """Makes the missing daily partitions from one day to another; the number made."""
    with engine.begin() as connection:
        made = connection.execute(
            text("select app.ensure_partitions(:from_day, :to_day)"),
            {"from_day": from_day, "to_day": to_day},
        )
        return int(made.scalar_one())
