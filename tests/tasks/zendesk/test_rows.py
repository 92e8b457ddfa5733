"""Rows of records that are unusual: fields that are null, texts that Postgres cannot hold."""

from datetime import UTC, datetime

import msgspec
from sqlalchemy import text

from tasks.resources import Resources
from tasks.zendesk import Page, to_rows
from tasks.zendesk.desk import Article, Holiday
from tasks.zendesk.parse import parse_page
from tasks.zendesk.records import Call, TicketEvent
from tasks.zendesk.satisfaction import Rating
from warehouse.loading import merge
from warehouse.tables.zendesk import calls, satisfaction_ratings

STAMP = "2026-11-01T00:00:00Z"
AT = datetime(2026, 11, 1, tzinfo=UTC)
CUTOFF = datetime(2027, 1, 1, tzinfo=UTC)


def _rows(resources: Resources, kind: str, type_: type, *records: dict[str, object]) -> list:
    parsed = msgspec.json.decode(msgspec.json.encode(records), type=list[type_])  # type: ignore[valid-type]
    page = Page({kind: parsed})
    return to_rows("test", page, resources.cipher, cutoff=CUTOFF, as_of=AT)


def test_an_article_with_a_nul_is_loaded_without_it(resources: Resources) -> None:
    """Postgres refuses it in text: one article would stop all that come after it."""
    dated = {"updated_at": STAMP, "label_names": None}
    nul = {"id": 1, "title": "How\0 to", "body": "<p>a\0b</p>", **dated}
    rows = _rows(resources, "articles", Article, nul, {"id": 2, "title": None, **dated})
    with resources.session() as connection:
        merge(connection, resources.organization.org_id, rows[0])
        found = connection.execute(
            text("select document_id, kind, title, body from knowledge.documents order by 1")
        ).all()
    assert [tuple(one) for one in found] == [
        ("zendesk/1", "article", "How to", "<p>ab</p>"),
        ("zendesk/2", "article", "", ""),
    ]


def test_an_event_without_children_is_an_audit_alone(resources: Resources) -> None:
    """Null in the place of a list is an empty list."""
    event = {"id": 1, "ticket_id": 2, "created_at": STAMP, "child_events": None}
    rows = _rows(resources, "ticket_events", TicketEvent, event)
    assert {one.table.name: len(one.values) for one in rows if one.values} == {"audits": 1}


def test_values_of_free_fields_are_not_kept(resources: Resources) -> None:
    """Of states and ids both values; of subjects, tags and custom fields at most the name."""
    changes = [
        {"id": 1, "event_type": "Change", "status": "open", "previous_value": "new"},
        {"id": 2, "event_type": "Change", "subject": "Wilhelmina", "previous_value": "Wilhelmina"},
        {"id": 3, "event_type": "Change", "tags": ["Wilhelmina"], "previous_value": ["Wilhelmina"]},
        {"id": 4, "event_type": "Change", "custom_ticket_fields": {"7": "Wilhelmina"}},
        {"id": 5, "event_type": "Change", "previous_value": "Wilhelmina", "7": "Wilhelmina"},
    ]
    event = {"id": 9, "ticket_id": 2, "created_at": STAMP, "child_events": changes}
    rows = _rows(resources, "ticket_events", TicketEvent, event)
    found = next(one for one in rows if one.table.name == "audit_events")
    assert [row[4:7] for row in found.values] == [
        ("status", "new", "open"),
        ("subject", None, None),
        ("tags", None, None),
        (None, None, None),
        (None, None, None),
    ]
    assert "Wilhelmina" not in repr(rows)


def test_columns_hold_what_they_are_named_after(resources: Resources) -> None:
    """Zendesk's names are not ours: each value is told apart by its own number."""
    ids = ("id", "ticket_id", "agent_id", "customer_id", "call_group_id", "line_id")
    spans = ("duration", "wait_time", "talk_time", "hold_time", "wrap_up_time", "ivr_time_spent")
    numbers = {name: at for at, name in enumerate((*ids, *spans), start=1)}
    stamps = {"created_at": STAMP, "updated_at": STAMP}
    (call, _) = _rows(resources, "calls", Call, numbers | stamps | {"quality_issues": ["b", "a"]})
    told = dict(zip(call.columns, call.values[0], strict=True))
    assert call.table is calls
    assert [told["group_id"], told["duration_seconds"], told["ivr_seconds"]] == [5, 7, 12]
    assert (told["quality_issues"], told["changed_at"]) == ("a,b", AT)
    rated = {"id": 1, "ticket_id": 2, "assignee_id": 3, "group_id": 4, "requester_id": 5}
    (rating, _) = _rows(
        resources, "satisfaction_ratings", Rating, rated | stamps | {"score": "good"}
    )
    assert rating.table is satisfaction_ratings
    assert rating.values == [(1, 2, 3, 4, 5, "good", AT, AT)]


def test_a_holiday_that_ends_before_it_begins_is_set_aside() -> None:
    """Its days would be counted out for every ticket; the holidays beside it are kept."""
    days = [
        {"id": 1, "name": "Easter", "start_date": "2026-04-03", "end_date": "2026-04-06"},
        {"id": 2, "name": "Backwards", "start_date": "2026-04-06", "end_date": "2026-04-03"},
        {"id": 3, "name": "One day", "start_date": "2026-05-01", "end_date": "2026-05-01"},
    ]
    page = parse_page(msgspec.json.encode({"holidays": days}), {"holidays": Holiday})
    assert [one.id for one in page.records["holidays"]] == [1, 3]
    assert [(one.record_id, one.reason) for one in page.bad] == [("2", "not_a_holiday")]
