"""Every stream, to its end: nothing lost, nothing twice, no loop, and only what may be plain."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import text

from cli.peers import Sandbox
from tasks.encryption import Cipher
from tasks.errors import PermanentError, RefusedError
from tasks.extract import STREAM_NAMES, extract_stream
from tasks.resources import Resources
from tasks.zendesk import STREAMS, Page, ZendeskClient, to_rows
from tasks.zendesk.client import TooSlowError
from tasks.zendesk.parse import parse_page
from tasks.zendesk.records import Ticket
from warehouse.loading import merge


def _extract(resources: Resources, as_of: datetime) -> dict[str, Any]:
    slug = resources.organization.slug
    return {name: extract_stream.fn(slug, name, as_of) for name in STREAM_NAMES}


def _counts(resources: Resources) -> dict[str, int]:
    tables = ("tickets", "comments", "audits", "audit_events", "metric_events", "users", "calls")
    with resources.session() as connection:
        return {
            name: connection.execute(text(f"select count(*) from zendesk.{name}")).scalar_one()
            for name in tables
        }


def _stream(name: str) -> Any:
    """The stream as an account that allows everything has it."""
    return STREAMS[name].export or STREAMS[name].listed


def _pages(client: ZendeskClient, name: str, as_of: datetime) -> list[Page]:
    start = as_of - timedelta(days=30)
    try:
        return list(_stream(name).iter_pages(client, None, start, as_of))
    except RefusedError:  # the account has either the old ratings or the new surveys
        assert name in {"satisfaction_ratings", "survey_responses"}
        return []


def test_a_second_extraction_writes_nothing(connected: Resources, as_of: datetime) -> None:
    """What the boundary second repeats is recognised."""
    first = _extract(connected, as_of)
    counts = _counts(connected)
    assert all(counts.values()), counts
    assert first["tickets"].rows_out > 100
    second = _extract(connected, as_of)
    assert {name: result.rows_out for name, result in second.items() if result.rows_out} == {}
    assert _counts(connected) == counts


@pytest.mark.parametrize("name", ["tickets", "ticket_events", "metric_events"])
def test_small_pages_hold_the_same_records_as_large_ones(
    client: ZendeskClient, fault, as_of: datetime, name: str
) -> None:
    """Zendesk gives up on a page five times: halves of it come through, and nothing is lost."""
    kind = next(iter(_stream(name).kinds))
    whole = {one.id for page in _pages(client, name, as_of) for one in page.records[kind]}
    fault(_stream(name).path.removesuffix(".json").split("v2/")[1], "504", times=5)
    halved = _pages(client, name, as_of)
    assert len(halved) > 1
    assert {one.id for page in halved for one in page.records[kind]} == whole


def test_the_cursor_is_stored_with_its_page_and_goes_on_from_there(
    connected: Resources, fault, control: httpx.Client, as_of: datetime
) -> None:
    """A run that fails on its second page keeps the first; the next one fetches the rest."""
    slug = connected.organization.slug
    path = "incremental/tickets/cursor"
    fault(path, "504", times=5)
    fault(path, "504", times=20, skip=1)
    with pytest.raises(TooSlowError):
        extract_stream.fn(slug, "tickets", as_of)
    some = _counts(connected)["tickets"]
    assert some > 0
    assert control.delete("/faults").is_success
    extract_stream.fn(slug, "tickets", as_of)
    assert _counts(connected)["tickets"] > some


def test_a_repeated_cursor_is_an_error_and_not_a_loop(
    client: ZendeskClient, fault, as_of: datetime
) -> None:
    """The message names the account and the stream."""
    fault("incremental/tickets/cursor", "504", times=5)
    fault("incremental/tickets/cursor", "repeat_cursor", times=5)
    with pytest.raises(PermanentError, match="the stream tickets repeats its cursor"):
        _pages(client, "tickets", as_of)


def test_talk_s_streams_end(client: ZendeskClient, as_of: datetime) -> None:
    """Their next page is never null; every known connector looped here."""
    before = client.requests
    assert sum(page.count for page in _pages(client, "calls", as_of)) > 0
    assert client.requests - before <= 3


def test_a_start_in_the_newest_minute_is_nothing_yet(
    client: ZendeskClient, as_of: datetime
) -> None:
    """Zendesk refuses it; there is nothing to be had, and nothing wrong."""
    now = datetime.now(UTC)
    assert list(_stream("ticket_events").iter_pages(client, None, now, now)) == []


def test_skeletons_hold_no_text_and_contents_hold_it_sealed(
    client: ZendeskClient, cipher: Cipher, sandbox: Sandbox, as_of: datetime
) -> None:
    """Of every row of every stream: columns fit, and no name, address or number is plain."""
    needles = [one[kind] for one in sandbox.canaries["acme"] for kind in ("name", "email", "phone")]
    found = 0
    cutoff = as_of - timedelta(days=30)
    for name in STREAMS:
        for page in _pages(client, name, as_of):
            for rows in to_rows(name, page, cipher, cutoff=cutoff, as_of=as_of):
                assert set(rows.columns) <= set(rows.table.columns.keys())
                assert {len(row) for row in rows.values} <= {len(rows.columns)}
                plain = repr(rows.values)
                assert not [needle for needle in needles if needle in plain], rows.table.name
                found += sum(_opens(cipher, rows, row, needles) for row in rows.values)
    assert found > 0, "the planted people are in the contents"


def _opens(cipher: Cipher, rows: Any, row: tuple[object, ...], needles: list[str]) -> bool:
    if rows.table.info["class"] != "content":
        return False
    told = dict(zip(rows.columns, row, strict=True))
    keys = [c.name for c in rows.table.primary_key if c.name not in {"org_id", "changed_at"}]
    plain = cipher.unseal(
        told["sealed"],
        column=f"{rows.table.fullname}.sealed",
        row_id="/".join(str(told[key]) for key in keys),
        changed_at=told["changed_at"],
    ).decode()
    return any(needle in plain for needle in needles)


def test_content_past_its_clock_is_not_even_sealed(
    client: ZendeskClient, cipher: Cipher, as_of: datetime
) -> None:
    """A skeleton row, and no content."""
    pages = _pages(client, "tickets", as_of)
    rows = [
        one
        for page in pages
        for one in to_rows("tickets", page, cipher, cutoff=as_of + timedelta(days=1), as_of=as_of)
    ]
    assert sum(len(one.values) for one in rows if one.table.info["class"] == "skeleton") > 0
    assert sum(len(one.values) for one in rows if one.table.info["class"] == "content") == 0


def test_one_bad_record_costs_no_other(resources: Resources, as_of: datetime) -> None:
    """It goes to quarantine, sealed, with a reason; the rest of its page is loaded."""
    stamp = int(as_of.timestamp())
    good = {
        "id": 1,
        "status": "open",
        "generated_timestamp": stamp,
        "created_at": "2026-11-01T00:00:00Z",
        "updated_at": "2026-11-02T00:00:00Z",
    }
    bad = {**good, "id": 2, "created_at": "Wilhelmina's birthday"}
    body = msgspec.json.encode({"tickets": [good, bad, {**good, "id": 3}]})
    page = parse_page(body, {"tickets": Ticket})
    rows = to_rows("tickets", page, resources.cipher, cutoff=as_of, as_of=as_of)
    with resources.session() as connection:
        for one in rows:
            merge(connection, resources.organization.org_id, one)
        ids = connection.execute(text("select id from zendesk.tickets order by id")).scalars()
        assert list(ids) == [1, 3]
        held = connection.execute(
            text("select stream, record_id, reason, sealed from app.quarantine")
        ).one()
    assert held[:3] == ("tickets", "2", "not_a_ticket")
    assert b"Wilhelmina" not in bytes(held[3])
    assert "Wilhelmina" not in repr(page) + repr(page.bad)


def test_a_merged_ticket_names_the_one_that_it_went_into(
    connected: Resources, as_of: datetime
) -> None:
    """Zendesk says it in the words of a private comment only."""
    for name in ("tickets", "ticket_events"):
        extract_stream.fn(connected.organization.slug, name, as_of)
    with connected.session() as connection:
        merged = connection.execute(
            text("select id, merged_into_id from zendesk.tickets where merged_into_id is not null")
        ).all()
    assert merged
    assert all(ticket != target for ticket, target in merged)
