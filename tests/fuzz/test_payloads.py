"""Zendesk's records, spoilt one place at a time: what cannot be loaded is held, all else is loaded.

Over a real socket, through each stream's own way of paging, into a real warehouse.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from tasks.pages import PageLoader
from tasks.resources import opened
from tasks.zendesk import STREAMS, ZendeskClient
from tasks.zendesk.streams import KINDS, Stream
from tasks.zendesk.ticket import fetch_ticket
from tests.conftest import new_organization
from tests.fuzz.conftest import Account, Records, asking
from tests.fuzz.spoiling import spoilt
from tests.fuzz.tally import HELD, LOADED, Tally, examples, tallied
from warehouse.quarantine import held_records, unknown

# Where a record's id is found again, and the stream that it comes by.
HOMES = {
    "tickets": ("zendesk.tickets", "id", "tickets"),
    "users": ("zendesk.users", "id", "users"),
    "identities": ("zendesk.user_identities", "id", "users"),
    "organizations": ("zendesk.organizations", "id", "organizations"),
    "ticket_events": ("zendesk.audits", "id", "ticket_events"),
    "audits": ("zendesk.audits", "id", "audits"),
    "ticket_metric_events": ("zendesk.metric_events", "id", "metric_events"),
    "satisfaction_ratings": ("zendesk.satisfaction_ratings", "id", "satisfaction_ratings"),
    "survey_responses": ("zendesk.survey_responses", "id", "survey_responses"),
    "calls": ("zendesk.calls", "id", "calls"),
    "legs": ("zendesk.call_legs", "id", "call_legs"),
    "groups": ("zendesk.groups", "id", "groups"),
    "brands": ("zendesk.brands", "id", "brands"),
    "ticket_fields": ("zendesk.ticket_fields", "id", "ticket_fields"),
    "custom_statuses": ("zendesk.custom_statuses", "id", "custom_statuses"),
    "sla_policies": ("zendesk.sla_policies", "id", "sla_policies"),
    "schedules": ("zendesk.schedules", "id", "schedules"),
    "holidays": ("zendesk.holidays", "id", "schedules"),
    "articles": ("knowledge.documents", "document_id", "articles"),
}
AT_ONCE = 5
REASON = re.compile(r"not_storable|not_a_[a-z]+")
NUMBER = re.compile(r"-?[0-9]{1,19}")
FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}|\(others\)")


@pytest.fixture(scope="module", autouse=True)
def impatient() -> Iterator[None]:
    """What would be asked for again is not: here the answer stays the same."""
    stamina.set_testing(True, attempts=1)
    yield
    stamina.set_testing(False)


@pytest.fixture(scope="module")
def tally() -> Iterator[Tally]:
    with tallied("zendesk payloads") as found:
        yield found


def pages(client: ZendeskClient, name: str, as_of: datetime) -> Iterator[Any]:
    if name == "audits":
        yield fetch_ticket(client, 1, metrics=False)
        return
    stream: Stream | None = STREAMS[name].export or STREAMS[name].listed
    assert stream is not None
    yield from stream.iter_pages(client, None, as_of - timedelta(hours=1), as_of)


def test_every_kind_of_record_is_spoilt() -> None:
    """One that someone adds without its place here fails."""
    assert HOMES.keys() == KINDS.keys()


def test_a_spoilt_record_is_loaded_or_held_and_costs_no_other(
    logins: object,
    engine: Engine,
    partitions: None,
    settings_environment: None,
    records: Records,
    account: Account,
    as_of: datetime,
    tally: Tally,
) -> None:
    """The cursor goes on, and what says why holds none of the record's words."""

    @examples(12)
    @given(st.sampled_from(sorted(HOMES)), st.data())
    def spoil(kind: str, data: st.DataObject) -> None:
        whole = records[kind]
        bodies = [json.dumps(one).encode() for one in whole]
        places = st.integers(0, len(whole) - 1)
        numbers = data.draw(st.sets(places, min_size=1, max_size=AT_ONCE))
        for number in numbers:
            bodies[number] = data.draw(spoilt(whole[number]))
        good = [one["id"] for at, one in enumerate(whole) if at not in numbers]
        account.tell(kind, bodies, int(as_of.timestamp()))
        with tally.case():
            held, refused = _held(engine, account, kind, good, as_of)
            # what came twice, to the letter, is held once
            alike = len(numbers) - len({bodies[number] for number in numbers})
            assert refused - alike <= held <= refused <= len(numbers)
            for number in range(len(numbers)):
                tally.add(HELD if number < held else LOADED)

    spoil()


def _held(
    engine: Engine, account: Account, kind: str, good: list[Any], as_of: datetime
) -> tuple[int, int]:
    """How many records are in quarantine and were refused, where all else is as it should be."""
    table, column, name = HOMES[kind]
    organization = new_organization(engine)
    with opened(organization.slug) as resources, asking(account) as client:
        loader = PageLoader(resources, as_of)
        done = loader.load_all(name, pages(client, name, as_of), watermark=name)
        with resources.session() as connection:
            there = {
                str(one)
                for one in connection.execute(text(f"select {column} from {table}")).scalars()
            }
            held, fields = held_records(connection), unknown(connection)
            cursor = connection.execute(text("select cursor from app.watermarks")).scalar()
    prefix = "zendesk/" if kind == "articles" else ""
    assert {f"{prefix}{one}" for one in good} <= there, "a good record was lost"
    for one in held:
        assert REASON.fullmatch(one.reason), one.reason
        assert one.record_id is None or NUMBER.fullmatch(one.record_id)
    assert all(FIELD.fullmatch(field) for _, field, _ in fields)
    assert (cursor or None) == _expected(name, as_of)
    return len(held), done.quarantined


def _expected(name: str, as_of: datetime) -> str | None:
    """The cursor that a stream stores; of lists that are read whole there is none."""
    if name in {"tickets", "users"}:
        return "next"
    timed = name in {"satisfaction_ratings", "survey_responses"}
    if timed or (name in STREAMS and STREAMS[name].export is not None):
        return str(int(as_of.timestamp()))
    return None
