"""How long each class of an organization's data is kept. In the organization's tenant session."""

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select, update

from warehouse.tables.app import organizations

_table = organizations.c


@dataclass(frozen=True)
class Clocks:
    """Days from a record's last change, an audit row's instant, a figure's day."""

    content_days: int
    audit_days: int
    agent_days: int


def find_clocks(connection: Connection, *, lock: bool = False) -> Clocks:
    """The organization's clocks, kept from others until the transaction ends with `lock`."""
    asked = select(_table.retention_days, _table.audit_retention_days, _table.agent_retention_days)
    return Clocks(*connection.execute(asked.with_for_update() if lock else asked).one())


def set_clocks(connection: Connection, clocks: Clocks) -> None:
    """Sets them. Shorter ones end what is past them with the next run."""
    connection.execute(
        update(organizations).values(
            retention_days=clocks.content_days,
            audit_retention_days=clocks.audit_days,
            agent_retention_days=clocks.agent_days,
        )
    )


def changes(before: Clocks, after: Clocks) -> dict[str, tuple[int, int]]:
    """(before, after) of those that differ, by name."""
    told = asdict(after)
    return {name: (days, told[name]) for name, days in asdict(before).items() if days != told[name]}
