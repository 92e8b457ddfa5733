"""A whole account of the sandbox, extracted, whose canary is to be erased; and who approves it."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
import msgspec
import pytest
from sqlalchemy import URL, text

from cli.connect import connect_zendesk
from cli.peers import Sandbox
from tasks.embed import embed_text
from tasks.extract import STREAM_NAMES, extract_stream, forget_deleted
from tasks.reconcile import reconcile, repair_tickets
from tasks.resources import Resources, opened
from tasks.rights import Person, approve, ask
from tasks.score import score_tickets
from tasks.zendesk.contents import UserContent
from tests.tasks.rights.desk import Desk
from tests.tasks.rights.finding import Someone
from warehouse import embedded

Approved = Callable[[Resources, Person], UUID]


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.control_token}"}
    with httpx.Client(base_url=sandbox.control_url, headers=headers, timeout=10) as found:
        yield found
        found.delete("/faults")
        found.delete("/refusals")


@pytest.fixture
def approved(monkeypatch: pytest.MonkeyPatch) -> Approved:
    """Asks for an erasure, and has another person approve it."""

    def ask_and_approve(resources: Resources, person: Person) -> UUID:
        request_id = ask(resources, "erase", person)
        with monkeypatch.context() as other:
            other.setenv("VENSOR_ACTOR", "local:officer")
            with opened(resources.organization.slug) as theirs:
                approve(theirs, request_id)
        return request_id

    return ask_and_approve


def extract(resources: Resources) -> None:
    """A run's extraction, to its end."""
    slug, now = resources.organization.slug, datetime.now(UTC)
    for name in STREAM_NAMES:
        extract_stream.fn(slug, name, now)
    repair_tickets.fn(slug, now)
    reconcile.fn(slug, now)
    repair_tickets.fn(slug, now)
    forget_deleted.fn(slug)


def from_the_beginning(resources: Resources) -> None:
    """The next extraction reads everything anew."""
    with resources.session() as connection:
        connection.execute(text("delete from app.watermarks"))


@pytest.fixture
def account(resources: Resources, sandbox: Sandbox) -> Resources:
    """An organization connected to acme, with all that is there."""
    found = sandbox.zendesk["acme"]
    connect_zendesk(
        resources,
        base_url=found["base_url"],
        client_id=found["client_id"],
        secret=found["client_secret"],
    )
    extract(resources)
    return resources


THEIR_ROWS = text("""
    select c.user_id, c.sealed, c.changed_at
    from zendesk.user_contents as c
    inner join zendesk.user_identity_contents as i on c.user_id = i.user_id
    inner join zendesk.tickets as t on c.user_id = t.requester_id
    inner join ai.ticket_chunks as p on t.id = p.ticket_id
    where t.status <> 'deleted'
    order by c.user_id limit 1
""")


@pytest.fixture
def someone(account: Resources) -> Someone:
    """A customer of whom everything is here, models' work among it."""
    embed_text.fn(account.organization.slug)
    score_tickets.fn(account.organization.slug)
    with account.session() as connection:
        row = connection.execute(THEIR_ROWS).one()
        asked = text("select id from zendesk.tickets where requester_id = :id order by id")
        tickets = list(connection.execute(asked, {"id": row.user_id}).scalars())
    plain = account.cipher.unseal(
        bytes(row.sealed),
        column="zendesk.user_contents.sealed",
        row_id=str(row.user_id),
        changed_at=row.changed_at,
    )
    told = msgspec.json.decode(plain, type=UserContent)
    digits = re.sub(r"\D", "", told.phone)
    marks = (told.email, told.phone, digits, str(row.user_id))
    return Someone(row.user_id, told.email, tickets, marks)


@pytest.fixture
def desk(resources: Resources, as_of: datetime) -> Desk:
    """The desk of a few tickets, loaded."""
    made = Desk(resources, as_of)
    made.load_all()
    return made


@pytest.fixture
def superuser(home: Path, resources: Resources) -> URL:
    """A login that the product never has."""
    password = embedded.start(home).password
    login = resources.logins.loader.set(username=embedded.SUPERUSER, password=password)
    return login.set(drivername="postgresql")
