"""A world of tickets of every age, with all that hangs on them, sealed as extraction seals."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import Engine, Table, text

from tasks.resources import Resources, opened
from tests.conftest import new_organization, published
from warehouse.loading import Rows, merge
from warehouse.organizations import ensure_partitions
from warehouse.sealed import SealedColumn, Value, sealed_columns
from warehouse.sessions import tenant_session
from warehouse.tables import ai, app, assessments, metadata, zendesk

CLOCK = 30
# Differs between two worlds of the same seed: the tenant, keys, and when a row was written.
OWN = {"org_id", "loaded_at", "sealed", "credentials", "quarantine_id", "hold_id", "placed_at"}
OWN_TABLES = {"organizations", "metric_builds", "retention_proofs", "outbox"}


@dataclass
class World:
    """What was loaded: of each ticket, how many days ago it last changed."""

    resources: Resources
    as_of: datetime
    ages: dict[int, int] = field(default_factory=dict)

    def requester(self, ticket: int) -> int:
        """Every third ticket is of the same person."""
        return 9_000 + ticket % 3

    def past(self) -> set[int]:
        return {ticket for ticket, days in self.ages.items() if days > CLOCK}

    def ids(self, table: str, column: str = "ticket_id") -> set[int]:
        """The ids that a table holds."""
        with self.resources.session() as connection:
            return set(connection.execute(text(f"select {column} from {table}")).scalars())

    def load(self, table: Table, at: datetime, **values: object) -> None:
        """A row as extraction writes it: what is sealed is sealed, under the week of `at`."""
        org_id = self.resources.organization.org_id
        for one in sealed_columns():
            if one.table is table:
                value = Value(tuple(values[c.name] for c in one.ids()), at, b"")
                values["sealed"] = self.seal(one, value)
        row = {**values, "changed_at": at}
        with self.resources.session() as connection:
            merge(connection, org_id, Rows(table, tuple(row), [tuple(row.values())]))
            self.resources.cipher.record_uses(connection)

    def seal(self, column: SealedColumn, value: Value) -> bytes:
        words = f"words of {value.row_id}".encode()
        return self.resources.cipher.seal(
            words, column=column.name, row_id=value.row_id, changed_at=value.changed_at
        )

    def words(self, table: Table) -> dict[int, bytes]:
        """By ticket, what its sealed rows open to, for a process that starts now."""
        (column,) = (one for one in sealed_columns() if one.table is table)
        ids = ", ".join(one.name for one in column.ids())
        with opened(self.resources.organization.slug) as fresh, fresh.session() as connection:
            rows = connection.execute(
                text(f"select ticket_id, changed_at, sealed, {ids} from {table.fullname}")
            )
            return {
                ticket: fresh.cipher.unseal(
                    bytes(sealed),
                    column=column.name,
                    row_id=Value(tuple(key), at, b"").row_id,
                    changed_at=at,
                )
                for ticket, at, sealed, *key in rows
            }

    def add_ticket(self, ticket: int, days: int) -> None:
        at = self.as_of - timedelta(days=days, minutes=ticket)
        user = self.requester(ticket)
        self.ages[ticket] = days
        when = {"created_at": at}
        self.load(
            zendesk.tickets,
            at,
            id=ticket,
            status="closed",
            requester_id=user,
            updated_at=at,
            **when,
        )
        self.load(zendesk.ticket_contents, at, ticket_id=ticket)
        comment = ticket * 10
        told = {"id": comment, "ticket_id": ticket, "author_id": user, "kind": "Comment"}
        self.load(zendesk.comments, at, **told, **when)
        self.load(zendesk.comment_contents, at, comment_id=comment, ticket_id=ticket)
        self.load(zendesk.audits, at, id=ticket, ticket_id=ticket, **when)
        self.load(ai.ticket_scores, at, ticket_id=ticket, model_version="m", turns=1)
        self.load(assessments.summaries, at, ticket_id=ticket)
        spoken = {"call_id": ticket, "kind": "call", "model": "m", "comment_id": comment}
        self.load(ai.transcripts, at, ticket_id=ticket, segments=1, duration_seconds=1.0, **spoken)
        self.load(zendesk.calls, at, id=ticket, ticket_id=ticket, **when)
        self.load(zendesk.call_contents, at, call_id=ticket, ticket_id=ticket)

    def add_rest(self, number: int, days: int) -> None:
        """What belongs to no ticket: a user, a call, a record that could not be read."""
        at = self.as_of - timedelta(days=days, minutes=number)
        self.load(zendesk.users, at, id=9_000 + number, role="end-user")
        self.load(zendesk.user_contents, at, user_id=9_000 + number)
        self.load(zendesk.user_identities, at, id=number, user_id=9_000 + number)
        self.load(zendesk.calls, at, id=70_000 + number, customer_id=8_000, created_at=at)
        self.load(zendesk.call_legs, at, id=number, call_id=70_000 + number, created_at=at)
        key = UUID(int=number)
        self.load(app.quarantine, at, quarantine_id=key, stream="tickets", reason="unreadable")
        # of a ticket that is not here
        self.load(ai.ticket_scores, at, ticket_id=80_000 + number, model_version="m", turns=1)
        with self.resources.session() as connection:
            org_id = self.resources.organization.org_id
            for state in ("pending", "refused"):
                connection.execute(
                    app.outbox.insert().values(
                        org_id=org_id,
                        message_key=f"{state}/{number}",
                        channel="C1",
                        blocks=[],
                        fallback="said",
                        state=state,
                        created_at=at,
                    )
                )

    def counts(self) -> dict[str, int]:
        """The rows of every table of the warehouse."""
        with self.resources.session() as connection:
            return {
                table.fullname: connection.execute(
                    text(f"select count(*) from {table.fullname}")
                ).scalar_one()
                for table in metadata.sorted_tables
                if "org_id" in table.columns
            }

    def digest(self) -> dict[str, list[tuple[object, ...]]]:
        """What every table says, but for what differs between two worlds of the same seed."""
        told = {}
        with self.resources.session() as connection:
            for table in metadata.sorted_tables:
                if table.schema in ("app", "zendesk", "ai") and "org_id" in table.columns:
                    names = [c.name for c in table.columns if c.name not in OWN]
                    if table.name not in OWN_TABLES:
                        rows = connection.execute(
                            text(f"select {', '.join(names)} from {table.fullname}")
                        )
                        told[table.fullname] = sorted(map(repr, map(tuple, rows)))
        return told


def filled(resources: Resources, engine: Engine, as_of: datetime, seed: int, tickets: int) -> World:
    """The world of a seed; nothing of it is measured."""
    random, world = Random(seed), World(resources, as_of)
    for ticket in range(1, tickets + 1):
        world.add_ticket(ticket, random.choice([0, 3, 20, 28, 32, 33, 37, 40, 44]))
    for number in range(6):
        world.add_rest(number, (1, 29, 31, 38, 44, 40)[number])
    long_ago = as_of - timedelta(days=100)
    ensure_partitions(engine, long_ago.date(), long_ago.date())
    with tenant_session(engine, resources.organization.org_id) as connection:
        connection.execute(
            text(
                "insert into audit.events (org_id, happened_at, actor, action, purpose, details)"
                " values (:org_id, :at, 'a', 'b', 'c', '{}')"
            ),
            {"org_id": resources.organization.org_id, "at": long_ago},
        )
    return world


@pytest.fixture
def world(resources: Resources, engine: Engine, as_of: datetime) -> World:
    """A new world each day that the tests run."""
    found = filled(resources, engine, as_of, as_of.toordinal(), 14)
    published(resources.logins, resources.organization, as_of)
    return found


@pytest.fixture
def another(
    settings_environment: None, partitions: None, engine: Engine, as_of: datetime
) -> Iterator[Callable[..., World]]:
    """Makes further worlds: of an organization, and a seed."""
    with ExitStack() as stack:

        def make(seed: int, tickets: int) -> World:
            found = stack.enter_context(opened(new_organization(engine).slug))
            published(found.logins, found.organization, as_of)
            return filled(found, engine, as_of, seed, tickets)

        yield make
