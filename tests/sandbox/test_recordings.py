"""Recordings: behind authentication, then on another origin that wants none."""

import hashlib
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import httpx
import pytest


@pytest.fixture(scope="session")
def voice(events):
    """The voice comments' data by ticket."""
    return {
        number: child["data"]
        for number, steps in events.items()
        for one in steps
        for child in one["child_events"]
        if child["event_type"] == "VoiceComment"
    }


@pytest.fixture
def location(acme, voice):
    """The signed URL of one recording."""
    answer = acme.get(next(iter(voice.values()))["recording_url"])
    assert answer.status_code == 302
    return answer.headers["location"]


def test_recording_is_the_labelled_clip(acme, voice, labels):
    """Every call's audio has the hash that its label tells."""
    for number, data in voice.items():
        answer = acme.get(data["recording_url"])
        audio = httpx.get(answer.headers["location"])
        assert audio.headers["content-type"] == "audio/x-wav"
        assert hashlib.sha256(audio.content).hexdigest() == labels[number]["call"]["sha256"]
        assert labels[number]["call"]["call_id"] == data["call_id"]


def test_calls_and_voicemails_both_occur(acme, voice):
    """Each kind has a URL of its own form, which is not the other's."""
    kinds = {data["recording_type"]: data["recording_url"] for data in voice.values()}
    assert set(kinds) == {"call", "voicemail"}
    assert "/voicemail/" not in kinds["call"]
    assert acme.get(kinds["voicemail"]).status_code == 302
    assert acme.get(kinds["voicemail"].replace("/voicemail/", "/")).status_code == 404
    calls = acme.get("channels/voice/stats/incremental/calls.json?start_time=0").json()["calls"]
    told = {one["id"]: one["voicemail"] for one in calls}
    for data in voice.values():
        assert told[data["call_id"]] == (data["recording_type"] == "voicemail")


def test_a_recording_says_how_long_it_is(location):
    """So that a client can tell a whole one from one that broke off, before and after it came."""
    answer = httpx.get(location)
    assert int(answer.headers["content-length"]) == len(answer.content) > 0


def test_some_callers_do_not_want_to_be_recorded(acme, voice):
    """Zendesk's words: what the line asks, and what the caller said to it."""
    calls = acme.get("channels/voice/stats/incremental/calls.json?start_time=0").json()["calls"]
    said = {(one["call_recording_consent"], one["call_recording_consent_action"]) for one in calls}
    assert said == {
        ("always", None), ("opt_in", "caller_opted_in"), ("opt_out", "caller_opted_out"),
    }  # fmt: skip
    recorded = {data["call_id"] for data in voice.values()}
    declined = [one["id"] for one in calls if one["call_recording_consent"] == "opt_out"]
    assert recorded & set(declined), "its recording is there, to be left alone"


def test_redirect_leads_to_another_origin(sandbox, location):
    """The location has another port: an origin that credentials must not reach."""
    assert urlsplit(location).port != sandbox.told["port"]


def test_other_origin_refuses_credentials(sandbox, location):
    """Sent along, the account's token makes the request fail."""
    token = sandbox.token()["access_token"]
    answer = httpx.get(location, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 400


def test_signature_cannot_be_changed_or_left_out(location):
    """Another expiry, another clip or no signature: 403."""
    parts = urlsplit(location)
    query = dict(parse_qsl(parts.query))
    for changed in (
        parts._replace(
            query=f"expires={int(query['expires']) + 60}&signature={query['signature']}"
        ),
        parts._replace(query=""),
        parts._replace(path="/recordings/invoice_copy2.wav"),
    ):
        assert httpx.get(urlunsplit(changed)).status_code == 403


def test_account_url_needs_a_token(voice):
    """Without a token the account's URL is 401 and tells no location."""
    answer = httpx.get(next(iter(voice.values()))["recording_url"])
    assert answer.status_code == 401
    assert "location" not in answer.headers


def test_unknown_call_has_no_recording(acme):
    """A carrier id that is nobody's is 404."""
    path = f"channels/voice/calls/CA{'0' * 16}{'f' * 16}/twilio/recording"
    assert acme.get(path).status_code == 404


@pytest.mark.parametrize("kind", ["call", "voicemail"])
def test_a_recording_is_removed_by_its_kind(start, kind):
    """``…/recordings/call`` removes no voicemail, and the other way round."""
    client = start("--account", "acme=240", "--days", "7").zendesk()
    calls = client.get("channels/voice/stats/incremental/calls.json?start_time=0").json()["calls"]
    called = next(
        one for one in calls if one["ticket_id"] and one["voicemail"] == (kind == "voicemail")
    )
    comments = client.get(f"tickets/{called['ticket_id']}/comments.json").json()["comments"]
    url = comments[0]["data"]["recording_url"]
    path = f"channels/voice/calls/{called['id']}/recordings"
    other = "call" if kind == "voicemail" else "voicemail"
    assert client.delete(f"{path}/{other}").status_code == 404
    assert client.get(url).status_code == 302
    assert client.delete(f"{path}/{kind}").status_code == 204
    assert client.get(url).status_code == 404


def test_removed_recording_is_gone(start):
    """DELETE by call id removes the recording upstream, for good; it needs the write scope."""
    running = start("--account", "acme=60", "--days", "7")
    client, reader = running.zendesk(), running.zendesk(scope="read")
    calls = client.get("channels/voice/stats/incremental/calls.json?start_time=0").json()["calls"]
    call = next(one for one in calls if one["ticket_id"])
    comments = client.get(f"tickets/{call['ticket_id']}/comments.json").json()["comments"]
    url = comments[0]["data"]["recording_url"]
    path = f"channels/voice/calls/{call['id']}/recordings"
    assert reader.delete(path).status_code == 403
    assert client.get(url).status_code == 302
    assert client.delete(path).status_code == 204
    assert client.get(url).status_code == 404
