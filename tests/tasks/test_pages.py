"""A page is loaded whole with its cursor; one record that is unfit costs no other."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from tasks.errors import ConfigurationError, PermanentError
from tasks.pages import PageLoader
from tasks.quarantine import retry_quarantined
from tasks.resources import Resources
from tasks.zendesk import Page
from tasks.zendesk.parse import parse_page
from tasks.zendesk.streams import KINDS
from warehouse.quarantine import held_records, unknown

CANARY = "Wilhelmina"


@pytest.fixture
def loader(resources: Resources, as_of: datetime) -> PageLoader:
    return PageLoader(resources, as_of)


def _ticket(as_of: datetime, number: int, **fields: Any) -> dict[str, Any]:
    at = (as_of - timedelta(hours=1)).isoformat()
    given = {"status": "open", "created_at": at, "updated_at": at, "subject": CANARY}
    return {"id": number, **given, **fields}


def _page(kind: str, records: list[dict[str, Any]], cursor: str | None = None) -> Page:
    return parse_page(msgspec.json.encode({kind: records}), {kind: KINDS[kind]}, cursor=cursor)


def _load(loader: PageLoader, *pages: Page, stream: str = "tickets") -> Any:
    def each() -> Iterator[Page]:
        yield from pages

    return loader.load_all(stream, each(), watermark=stream)


def _rows(resources: Resources, statement: str) -> list[Any]:
    with resources.session() as connection:
        return list(connection.execute(text(statement)))


@pytest.mark.parametrize(
    "unfit",
    [
        {"requester_id": 10**30},
        {"generated_timestamp": 10**15},
        {"priority": "nul \0 in it"},
        {"generated_timestamp": 4_102_444_800},
        {"generated_timestamp": 2**60},
        {"created_at": "0001-01-01T00:00:00+14:00"},
        {"created_at": "9999-12-31T23:59:59-14:00"},
    ],
)
def test_a_record_that_cannot_be_stored_costs_no_other(
    resources: Resources, loader: PageLoader, as_of: datetime, unfit: dict[str, Any]
) -> None:
    """It is held with a reason, sealed; its page and its cursor are loaded."""
    records = [_ticket(as_of, 1), _ticket(as_of, 2, **unfit), _ticket(as_of, 3)]
    done = _load(loader, _page("tickets", records, "cursor-1"))
    assert [row.id for row in _rows(resources, "select id from zendesk.tickets order by 1")] == [
        1,
        3,
    ]
    assert done.quarantined == 1
    with resources.session() as connection:
        (held,) = held_records(connection)
    assert (held.stream, held.kind, held.record_id) == ("tickets", "tickets", "2")
    assert CANARY.encode() not in held.sealed
    watermark = "select cursor from app.watermarks where stream = 'tickets'"
    assert _rows(resources, watermark)[0].cursor == "cursor-1"


def test_a_page_that_is_read_again_holds_a_bad_record_once(
    resources: Resources, loader: PageLoader, as_of: datetime
) -> None:
    """Also by a run of another day."""
    page = _page("tickets", [_ticket(as_of, 1, created_at=CANARY)])
    _load(loader, page)
    _load(PageLoader(resources, as_of + timedelta(days=1)), page)
    with resources.session() as connection:
        assert len(held_records(connection)) == 1


def test_a_page_of_nothing_but_unfit_records_is_not_the_records_fault(
    resources: Resources, loader: PageLoader, as_of: datetime
) -> None:
    """Then something else is wrong, and nothing is hidden in quarantine."""
    records = [_ticket(as_of, number, requester_id=10**30) for number in range(50)]
    with pytest.raises(PermanentError, match="50 of 50 records of tickets"):
        _load(loader, _page("tickets", records, "cursor-1"))
    assert _rows(resources, "select 1 from app.watermarks where cursor = 'cursor-1'") == []


def test_quarantined_records_are_loaded_once_they_can_be_read(
    resources: Resources, loader: PageLoader, as_of: datetime
) -> None:
    """What was refused by an older version is loaded by this one; the rest is held still."""
    good = msgspec.json.encode(_ticket(as_of, 7))
    bad = msgspec.json.encode(_ticket(as_of, 8, created_at="yesterday"))
    from tasks.zendesk import BadRecord

    older = [BadRecord("tickets", "7", "not_a_ticket", good)]
    _load(loader, Page({}, [*older, BadRecord("tickets", "8", "not_a_ticket", bad)]))
    done = retry_quarantined(resources.organization.slug, as_of)
    assert (done.loaded, dict(done.held)) == (1, {"not_a_ticket": 1})
    assert [row.id for row in _rows(resources, "select id from zendesk.tickets")] == [7]
    with resources.session() as connection:
        assert [one.record_id for one in held_records(connection)] == ["8"]
    read = "select purpose from audit.events where purpose = 'retry quarantined records'"
    assert len(_rows(resources, read)) == 1


def test_a_stream_that_there_is_not_is_no_empty_quarantine(
    resources: Resources, as_of: datetime
) -> None:
    """A slip of the pen must not look like a clean desk."""
    with pytest.raises(ConfigurationError, match="no stream 'tea'; there are: agents"):
        retry_quarantined(resources.organization.slug, as_of, "tea")


def test_an_unknown_field_is_kept_out_and_counted(
    resources: Resources, loader: PageLoader, as_of: datetime
) -> None:
    """Its name and the number of records, for someone to decide; none of its values."""
    records = [_ticket(as_of, number, shoe_size=CANARY) for number in (1, 2)]
    _load(loader, _page("tickets", records), _page("tickets", [_ticket(as_of, 3, shoe_size=44)]))
    with resources.session() as connection:
        assert unknown(connection) == [("tickets", "shoe_size", 3)]


def test_a_name_that_is_none_is_counted_without_it(
    resources: Resources, loader: PageLoader, as_of: datetime
) -> None:
    """Postgres refuses some of them, and any could be somebody's words; nor is there no end."""
    many = {f"field_{number}": 1 for number in range(150)}
    records = [
        _ticket(as_of, 1, **{"nul\0": 1, f"{CANARY}@example.com": 1}),
        _ticket(as_of, 2, **many),
    ]
    done = _load(loader, _page("tickets", records))
    assert (done.rows_in, done.quarantined) == (2, 0)
    with resources.session() as connection:
        found = {field: count for _, field, count in unknown(connection)}
    assert found.pop("(others)") == 2 + 150 - len(found)
    assert len(found) < 100
    assert found.keys() < many.keys()


def test_an_id_that_is_words_is_not_told(
    resources: Resources, loader: PageLoader, as_of: datetime
) -> None:
    """Of a survey it is a text: one that no index holds is in quarantine under no name."""
    at = (as_of - timedelta(hours=1)).isoformat()
    answers = [{"type": "rating_scale", "rating": 3, "created_at": at}]
    told = {"answers": answers, "subjects": [{"id": "9", "type": "ticket"}]}
    names = ("R1", f"{CANARY}\0", "".join(random.Random(1).choices("abcdefgh", k=50_000)))
    _load(loader, _page("survey_responses", [{"id": name, **told} for name in names]))
    found = _rows(resources, "select id from zendesk.survey_responses")
    assert [row.id for row in found] == ["R1"]
    with resources.session() as connection:
        held = held_records(connection)
    assert [(one.record_id, one.reason) for one in held] == [(None, "not_storable")] * 2


@pytest.mark.parametrize("spoilt", [{"title": "nul \0 in it"}, {"updated_at": "yesterday"}])
def test_a_policy_that_cannot_be_read_ends_none_of_the_others(
    resources: Resources, loader: PageLoader, as_of: datetime, spoilt: dict[str, Any]
) -> None:
    """Nor its own version: it has not vanished. What is new beside it begins."""
    stamp = "2026-01-01T00:00:00Z"
    policies = [{"id": one, "title": f"P{one}", "updated_at": stamp} for one in (1, 2)]
    _load(loader, _page("sla_policies", policies), stream="sla_policies")
    later = PageLoader(resources, as_of + timedelta(days=1))
    renamed = {"id": 2, "title": "renamed", "updated_at": stamp}
    new = {"id": 3, "title": "P3", "updated_at": stamp}
    page = _page("sla_policies", [{**policies[0], **spoilt}, renamed, new])
    _load(later, page, stream="sla_policies")
    told = "select title from zendesk.sla_policies where valid_to is null order by id"
    assert [row.title for row in _rows(resources, told)] == ["P1", "renamed", "P3"]


def test_the_role_of_an_author_is_that_of_the_event(
    resources: Resources, loader: PageLoader, as_of: datetime
) -> None:
    """Who becomes an agent later has not replied as one; who comes late is filled in."""
    at = (as_of - timedelta(hours=1)).isoformat()

    def user(role: str, minute: int) -> Page:
        stamp = (as_of - timedelta(minutes=minute)).isoformat()
        return _page("users", [{"id": 5, "role": role, "updated_at": stamp}])

    def comment(number: int, author: int) -> Page:
        child = {"id": number, "event_type": "Comment", "author_id": author, "public": True}
        event = {"id": number * 100, "ticket_id": 1, "created_at": at, "child_events": [child]}
        return _page("ticket_events", [event])

    _load(loader, user("end-user", 50), stream="users")
    _load(loader, comment(1, 5), comment(2, 6), stream="ticket_events")
    _load(loader, user("agent", 40), stream="users")
    _load(loader, comment(1, 5), comment(3, 5), stream="ticket_events")
    _load(loader, _page("users", [{"id": 6, "role": "admin", "updated_at": at}]), stream="users")
    from tasks.extract import forget_deleted

    forget_deleted.fn(resources.organization.slug)
    roles = _rows(resources, "select id, author_role from zendesk.comments order by id")
    assert [tuple(row) for row in roles] == [(1, "end-user"), (2, "admin"), (3, "agent")]


def test_the_words_of_a_deleted_ticket_never_come_in(
    resources: Resources, loader: PageLoader, as_of: datetime
) -> None:
    """Zendesk still exports them; the comment's skeleton is kept, as it was."""
    at = (as_of - timedelta(hours=1)).isoformat()
    child = {"id": 3, "event_type": "Comment", "author_id": 5, "plain_body": CANARY}
    event = {"id": 9, "ticket_id": 1, "created_at": at, "child_events": [child]}
    _load(loader, _page("tickets", [_ticket(as_of, 1, status="deleted"), _ticket(as_of, 2)]))
    done = _load(
        loader,
        _page("ticket_events", [event, {**event, "id": 10, "ticket_id": 2}]),
        stream="ticket_events",
    )
    assert done.rows_in == 2
    for table in ("ticket_contents", "comment_contents"):
        (row,) = _rows(resources, f"select ticket_id from zendesk.{table}")
        assert row.ticket_id == 2, table


def test_what_was_recorded_of_a_redacted_comment_is_fetched_anew(
    resources: Resources, loader: PageLoader, as_of: datetime
) -> None:
    """The audio holds what was taken out; Zendesk has what is left of it, or nothing."""
    at = (as_of - timedelta(hours=1)).isoformat()
    data = {"call_id": 70, "recording_url": "https://acme.zendesk.com/r", "recording_type": "call"}
    child = {"id": 3, "event_type": "VoiceComment", "plain_body": CANARY, "data": data}
    event = {"id": 9, "ticket_id": 1, "created_at": at, "child_events": [child]}
    _load(loader, _page("tickets", [_ticket(as_of, 1)]))
    _load(loader, _page("ticket_events", [event]), stream="ticket_events")
    with resources.session() as connection:
        connection.execute(
            text("update zendesk.recordings set state = 'transcribed', location = 'x', chunks = 1")
        )
    redacted = {"id": 11, "event_type": "CommentRedactionEvent", "comment_id": 3}
    _load(
        loader,
        _page("ticket_events", [{**event, "id": 10, "child_events": [redacted]}]),
        stream="ticket_events",
    )
    told = "select state, location, chunks from zendesk.recordings"
    assert [tuple(row) for row in _rows(resources, told)] == [("pending", None, None)]
    assert _rows(resources, "select 1 from zendesk.comment_contents") == []
    queued = "select ticket_id, reason from zendesk.ticket_repairs"
    assert [tuple(row) for row in _rows(resources, queued)] == [(1, "redacted")]


def test_a_group_sla_counts_as_a_target(
    resources: Resources, loader: PageLoader, as_of: datetime
) -> None:
    """`apply_group_sla` names its policy in another place than `apply_sla`."""
    sla = {"target": 60, "business_hours": True, "policy": {"id": 77}}
    event = {"id": 1, "ticket_id": 1, "type": "apply_group_sla", "time": as_of.isoformat()}
    _load(loader, _page("ticket_metric_events", [{**event, "group_sla": sla}]))
    told = "select sla_policy_id, sla_target_minutes, sla_in_business_hours"
    assert [tuple(row) for row in _rows(resources, f"{told} from zendesk.metric_events")] == [
        (77, 60, True)
    ]


def test_a_survey_keeps_its_mark_and_where_it_lies_on_its_scale(
    resources: Resources, loader: PageLoader, as_of: datetime
) -> None:
    """3 of 1 to 5 is a half; the words are sealed; what is about no ticket is left out."""
    at = (as_of - timedelta(hours=1)).isoformat()
    options = [{"rating": mark} for mark in range(1, 6)]
    answers = [
        {
            "type": "rating_scale",
            "rating": 3,
            "rating_category": "bad",
            "created_at": at,
            "updated_at": at,
            "question": {"type": "rating_scale_emoji", "options": options},
        },
        {"type": "open_ended", "value": CANARY, "created_at": at, "updated_at": at},
    ]
    about = {"id": "R1", "answers": answers, "responder_id": 5, "survey": {"id": "S", "version": 2}}
    on_ticket = {**about, "subjects": [{"id": "99", "type": "ticket", "zrn": "zen:ticket:99"}]}
    elsewhere = {**about, "id": "R2", "subjects": [{"id": "x", "type": "conversation"}]}
    _load(loader, _page("survey_responses", [on_ticket, elsewhere]), stream="survey_responses")
    told = "select id, ticket_id, scale, rating, lowest, highest, score, category"
    assert [tuple(row) for row in _rows(resources, f"{told} from zendesk.survey_responses")] == [
        ("R1", 99, "rating_scale_emoji", 3, 1, 5, 0.5, "bad")
    ]
    (content,) = _rows(resources, "select sealed from zendesk.survey_contents")
    assert CANARY.encode() not in bytes(content.sealed)
