"""Who said no is not heard: not fetched, and forgotten if it was."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlalchemy import text

from tasks.connections import StoredCredentials
from tasks.recordings import Fetching, fetch_recordings
from tasks.resources import Resources
from tasks.storage import Stores
from tasks.transcribe import transcribe_recordings
from tasks.zendesk import ZendeskClient
from tasks.zendesk.hosts import MediaHosts
from tasks.zendesk.records import Call
from tasks.zendesk.rows.calls import call_rows
from tests.tasks.zendesk.scripted.server import Said, Script
from warehouse.loading import Rows, merge
from warehouse.recordings import pending_recordings
from warehouse.tables import zendesk

CLIP = Path(__file__).parents[1] / "speech/clips/outage.ogg"
CHUNK = (
    "(org_id, comment_id, source, model, chunk_no, ticket_id, start_char, end_char, content_hash,"
    " dimension, embedding, changed_at)"
)
CALL = ("id", "ticket_id", "recording_consent", "recording_consent_action", "created_at")


def _call(
    desk: Resources, call_id: int, consent: str | None, action: str | None, at: datetime
) -> None:
    row = (call_id, call_id, consent, action, at, at)
    with desk.session() as connection:
        rows = Rows(zendesk.calls, (*CALL, "changed_at"), [row])
        merge(connection, desk.organization.org_id, rows)


def _states(desk: Resources) -> dict[tuple[int, str], tuple[str, str | None]]:
    with desk.session() as connection:
        query = "select call_id, kind, state, reason from zendesk.recordings"
        return {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(text(query))}


def _count(desk: Resources, table: str) -> int:
    with desk.session() as connection:
        return int(connection.execute(text(f"select count(*) from {table}")).scalar_one())


def _fetch(desk: Resources) -> str:
    return fetch_recordings.fn(desk.organization.slug).note


@pytest.mark.parametrize(
    ("consent", "action", "kind", "reason"),
    [
        ("opt_out", "caller_opted_out", "call", "caller_opted_out"),
        ("opt_out", "caller_opted_out", "voicemail", "caller_opted_out"),
        ("opt_in", "caller_opted_out", "call", "caller_opted_out"),
        ("opt_in", None, "call", "not_opted_in"),
        ("never", None, "call", "line_never_records"),
    ],
)
def test_a_no_is_never_fetched(
    desk: Resources,
    script: Script,
    pending: Callable[..., int],
    as_of: datetime,
    consent: str,
    action: str | None,
    kind: str,
    reason: str,
) -> None:
    """Nothing is asked; the reason is Zendesk's own word or the line's rule."""
    pending(7, kind)
    _call(desk, 7, consent, action, as_of)
    assert _fetch(desk) == "1 recordings declined;"
    assert _states(desk) == {(7, kind): ("declined", reason)}
    assert _fetch(desk) == ""
    assert script.asked == []


@pytest.mark.parametrize(
    ("consent", "action", "kind"),
    [
        ("always", None, "call"),
        ("opt_out", None, "call"),
        ("opt_in", "caller_opted_in", "call"),
        ("opt_in", None, "voicemail"),
        ("never", None, "voicemail"),
        (None, None, "call"),
    ],
)
def test_what_nobody_objected_to_is_fetched(
    desk: Resources,
    script: Script,
    pending: Callable[..., int],
    as_of: datetime,
    consent: str | None,
    action: str | None,
    kind: str,
) -> None:
    """A voicemail is spoken on purpose; a call that is known from its comment has no consent."""
    pending(7, kind)
    _call(desk, 7, consent, action, as_of)
    script.answers = [Said(b"RIFF")]
    _fetch(desk)
    assert _states(desk) == {(7, kind): ("stored", None)}


@pytest.mark.parametrize(
    ("voice", "state"),
    [
        ({}, "stored"),
        ({"recorded": True}, "stored"),
        ({"recorded": False}, "declined"),
        ({"call_recording_consent_action": "caller_opted_out"}, "declined"),
    ],
)
def test_of_a_call_that_is_not_known_the_comment_decides(
    desk: Resources, script: Script, pending: Callable[..., int], voice: dict, state: str
) -> None:
    """Talk's export may come later, or be refused."""
    pending(7, **voice)
    script.answers = [Said(b"RIFF")]
    _fetch(desk)
    assert _states(desk)[7, "call"][0] == state
    assert len(script.asked) == (state == "stored")


def test_a_no_that_comes_while_it_is_queued_is_heard(
    desk: Resources,
    script: Script,
    pending: Callable[..., int],
    stores: Stores,
    as_of: datetime,
) -> None:
    """Consent is looked up again right before the request."""
    pending(7)
    with desk.session() as connection:
        (queued,) = pending_recordings(connection, "pending")
    _call(desk, 7, "opt_out", "caller_opted_out", as_of)
    hosts = MediaHosts(httpx.URL(script.url), ())
    with ZendeskClient.opened(script.url, StoredCredentials(desk)) as client:
        Fetching(desk, client, hosts, stores).fetch(queued)
    assert script.asked == []
    assert _states(desk) == {(7, "call"): ("declined", "caller_opted_out")}


def test_consent_withdrawn_takes_audio_and_words_back(
    store: str,
    desk: Resources,
    script: Script,
    pending: Callable[..., int],
    stores: Stores,
    as_of: datetime,
) -> None:
    """Chunks or object, transcript, vectors, sentiments and scores; another call's stay."""
    for call_id in (7, 8):
        comment = pending(call_id)
        _call(desk, call_id, "opt_out", None, as_of)
        _derive(desk, call_id, comment, as_of)
    script.answers = [Said(CLIP.read_bytes())] * 2
    _fetch(desk)
    assert transcribe_recordings.fn(desk.organization.slug).rows_out == 2
    _call(desk, 7, "opt_out", "caller_opted_out", as_of + timedelta(seconds=1))
    assert _fetch(desk) == "1 recordings declined;"
    assert _states(desk) == {
        (7, "call"): ("declined", "caller_opted_out"),
        (8, "call"): ("transcribed", None),
    }
    for table in ("ai.transcripts", "ai.turn_sentiments", "ai.ticket_scores", "ai.ticket_work"):
        assert _count(desk, table) == 1, table
    assert _count(desk, "ai.ticket_chunks") == 3, "the typed comment's vector stays"
    with desk.session() as connection:
        assert len(stores.for_new(connection).names()) == 1
    assert _count(desk, "audit.events where purpose = 'no consent to be recorded'") == 1


def _derive(desk: Resources, ticket: int, comment: int, at: datetime) -> None:
    """What is made of a ticket's words: of its call's, and of a comment that was typed."""
    chunk = "m', 0, :ticket, 0, 1, '', 2, '[1,0]', :at"
    statements = (
        f"ai.ticket_chunks {CHUNK} values (:org, :comment, 'transcript', '{chunk})",
        f"ai.ticket_chunks {CHUNK} values (:org, :comment + 5, 'comment', '{chunk})",
        "ai.ticket_scores (org_id, ticket_id, model_version, turns, changed_at)"
        " values (:org, :ticket, 'm', 1, :at)",
        "ai.ticket_work (org_id, ticket_id, task, model_version, content_hash, seen_at, changed_at)"
        " values (:org, :ticket, 'score', 'm', '', :at, :at)",
        "ai.turn_sentiments (org_id, comment_id, turn_no, model_version, ticket_id, score,"
        " confidence, said_at, changed_at)"
        " values (:org, :comment, 1, 'm', :ticket, 0, 1, :at, :at)",
    )
    told = {"org": desk.organization.org_id, "ticket": ticket, "comment": comment, "at": at}
    with desk.session() as connection:
        for statement in statements:
            connection.execute(text(f"insert into {statement}"), told)


def test_a_key_that_is_pressed_later_lets_it_be_fetched_and_a_no_stays(
    desk: Resources, script: Script, pending: Callable[..., int], as_of: datetime
) -> None:
    """A call may be exported before its caller has chosen."""
    for call_id, action in ((7, None), (8, "caller_opted_out")):
        pending(call_id)
        _call(desk, call_id, "opt_in", action, as_of)
    _fetch(desk)
    for call_id in (7, 8):
        _call(desk, call_id, "opt_in", "caller_opted_in", as_of + timedelta(seconds=1))
    script.answers = [Said(b"RIFF")]
    _fetch(desk)
    assert _states(desk) == {
        (7, "call"): ("stored", None),
        (8, "call"): ("declined", "caller_opted_out"),
    }


def test_extracted_calls_say_it_in_these_words(
    desk: Resources, script: Script, pending: Callable[..., int], as_of: datetime
) -> None:
    """The export's fields are the ones that are looked at."""
    pending(7)
    stamp = "2026-11-20T00:00:00Z"
    told = {"id": 7, "created_at": stamp, "updated_at": stamp, "call_recording_consent": "opt_out"}
    told["call_recording_consent_action"] = "caller_opted_out"
    call = msgspec.convert(told, type=Call)
    with desk.session() as connection:
        for rows in call_rows([call], desk.cipher, as_of):
            merge(connection, desk.organization.org_id, rows)
    assert _fetch(desk) == "1 recordings declined;"
    assert script.asked == []
