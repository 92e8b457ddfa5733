"""Recordings: fetched without giving the token away, sealed in chunks, transcribed once."""

from datetime import datetime

import httpx
import pytest
from sqlalchemy import text

from tasks.connections import StoredCredentials
from tasks.errors import RefusedError
from tasks.extract import extract_stream
from tasks.resources import Resources
from tasks.transcribe import _fetch, _stored, transcribe_recordings
from tasks.zendesk import ZendeskClient
from tasks.zendesk.recordings import iter_recording
from warehouse.pending import pending_recordings


@pytest.fixture
def loaded(connected: Resources, as_of: datetime) -> Resources:
    """An organization with the recordings of its calls pending."""
    for name in ("tickets", "ticket_events"):
        extract_stream.fn(connected.organization.slug, name, as_of)
    return connected


def _pending(resources: Resources) -> list:
    with resources.session() as connection:
        return pending_recordings(connection)


def test_an_address_outside_the_account_is_not_asked_for(client: ZendeskClient) -> None:
    """A comment may name any URL; the token goes to the account's own origin only."""
    before = client.requests
    for url in ("https://evil.example/recording", "http://127.0.0.1:9/recording"):
        with pytest.raises(RefusedError, match="outside the account"):
            list(iter_recording(client, url))
    assert client.requests == before


def test_a_stored_recording_is_sealed_and_opens_to_what_was_fetched(
    loaded: Resources, account: dict[str, str]
) -> None:
    """The other origin refuses a request that brings credentials: that it answers is the proof.

    What a killed run left stored, the next one transcribes without fetching it again.
    """
    first = _pending(loaded)[0]
    with ZendeskClient.opened(account["base_url"], StoredCredentials(loaded)) as client:
        audio = _fetch(loaded, client, first)
    assert audio.startswith(b"RIFF")
    again = _pending(loaded)
    stored = next(one for one in again if one.call_id == first.call_id)
    assert stored.state == "stored"
    assert _stored(loaded, stored) == audio
    with loaded.session() as connection:
        sealed = connection.execute(text("select sealed from zendesk.recording_chunks")).scalars()
        assert not [one for one in sealed if b"RIFF" in bytes(one)]


def test_calls_are_heard_once_and_what_is_gone_is_noted(
    loaded: Resources, account: dict[str, str], control: httpx.Client
) -> None:
    """One that its owner deleted upstream is `gone`; the others have transcripts; then no more."""
    pending = _pending(loaded)
    gone = pending[-1].call_id
    token = StoredCredentials(loaded).load().access_token
    url = f"{account['base_url']}/api/v2/channels/voice/calls/{gone}/recordings"
    answer = httpx.delete(url, headers={"Authorization": f"Bearer {token}"})
    if answer.status_code == httpx.codes.FORBIDDEN:
        with httpx.Client(base_url=account["base_url"]) as http:
            client = {key: account[key] for key in ("client_id", "client_secret")}
            asked = {**client, "grant_type": "client_credentials", "scope": "read write"}
            token = http.post("/oauth/tokens", json=asked).json()["access_token"]
        answer = httpx.delete(url, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 204
    result = transcribe_recordings.fn(loaded.organization.slug)
    assert (result.rows_in, result.rows_out) == (len(pending), len(pending) - 1)
    with loaded.session() as connection:
        states = connection.execute(
            text("select state, count(*) from zendesk.recordings group by 1 order by 1")
        ).all()
    assert [tuple(row) for row in states] == [("gone", 1), ("transcribed", len(pending) - 1)]
    assert transcribe_recordings.fn(loaded.organization.slug).rows_in == 0
