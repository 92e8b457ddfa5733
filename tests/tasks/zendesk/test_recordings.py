"""Recordings of the sandbox's account: redirected to a carrier, with consent and without."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import text

from tasks.connections import StoredCredentials
from tasks.extract import extract_stream
from tasks.purge import purge_organization
from tasks.recordings import fetch_recordings
from tasks.resources import Resources
from tasks.transcribe import transcribe_recordings
from warehouse.recordings import pending_recordings


@pytest.fixture
def loaded(connected: Resources, as_of: datetime) -> Resources:
    """An organization with its calls, and their recordings pending."""
    for name in ("tickets", "ticket_events", "calls"):
        extract_stream.fn(connected.organization.slug, name, as_of)
    return connected


def _rows(resources: Resources, query: str) -> list[Any]:
    with resources.session() as connection:
        return list(connection.execute(text(query)))


def _allow_writing(resources: Resources, account: dict[str, str]) -> str:
    """Stores a token that may delete, as a client with the scope write gets it; that token."""
    client = {key: account[key] for key in ("client_id", "client_secret")}
    asked = {**client, "grant_type": "client_credentials", "scope": "read hc:read write"}
    told = httpx.post(f"{account['base_url']}/oauth/tokens", json=asked).json()
    stored = StoredCredentials(resources)
    stored.save(msgspec.structs.replace(stored.load(), access_token=told["access_token"]))
    return str(told["access_token"])


def test_calls_are_fetched_by_consent_and_heard_once(
    loaded: Resources, account: dict[str, str]
) -> None:
    """The carrier refuses a request that brings credentials: that it answers is the proof.

    One that its owner deleted upstream is `gone`; who opted out is not heard; then there is
    nothing left to do.
    """
    slug = loaded.organization.slug
    with loaded.session() as connection:
        pending = pending_recordings(connection, "pending")
    objected = {
        row.id
        for row in _rows(
            loaded,
            "select id from zendesk.calls where recording_consent_action = 'caller_opted_out'",
        )
    }
    gone = next(one for one in reversed(pending) if one.call_id not in objected)
    url = f"{account['base_url']}/api/v2/channels/voice/calls/{gone.call_id}/recordings"
    token = _allow_writing(loaded, account)
    assert httpx.delete(url, headers={"Authorization": f"Bearer {token}"}).status_code == 204
    fetch_recordings.fn(slug)
    result = transcribe_recordings.fn(slug)
    states = Counter(row.state for row in _rows(loaded, "select state from zendesk.recordings"))
    declined = sum(one.call_id in objected for one in pending)
    heard = len(pending) - declined - 1
    assert states == Counter({"transcribed": heard, "declined": declined, "gone": 1}) - Counter()
    assert (result.rows_in, result.rows_out) == (heard, heard)
    sealed = _rows(loaded, "select sealed from zendesk.recording_chunks")
    assert len(sealed) >= heard
    assert not [row for row in sealed if b"RIFF" in bytes(row.sealed)]
    assert fetch_recordings.fn(slug).note == ""
    assert transcribe_recordings.fn(slug).rows_in == 0


def test_recordings_past_their_clock_are_deleted_in_zendesk(
    loaded: Resources, account: dict[str, str], as_of: datetime
) -> None:
    """Of either kind, where the organization wants it; without the scope it says so."""
    slug = loaded.organization.slug
    with loaded.session() as connection:
        connection.execute(text("update app.organizations set upstream_recordings = 'delete'"))
    later = as_of + timedelta(days=31)
    total = len(_rows(loaded, "select from zendesk.recordings"))
    assert "needs the scope write" in purge_organization.fn(slug, later, False)
    assert (
        _rows(loaded, "select from zendesk.recordings where deleted_upstream_at is not null") == []
    )
    token = _allow_writing(loaded, account)
    told = purge_organization.fn(slug, later, False)
    assert f"{total} recordings deleted in Zendesk" in told
    assert "left in Zendesk" not in told
    for call_id, kind in _rows(loaded, "select call_id, kind from zendesk.recordings"):
        path = f"/api/v2/channels/voice/calls/{call_id}/recordings/{kind}"
        again = httpx.delete(
            f"{account['base_url']}{path}", headers={"Authorization": f"Bearer {token}"}
        )
        assert again.status_code in (204, 404)
