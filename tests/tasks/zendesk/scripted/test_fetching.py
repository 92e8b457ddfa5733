"""Fetching recordings: with the account's token from the account only, whole or not at all."""

import time
from collections.abc import Iterator

import httpx
import pytest

from tasks.errors import PermanentError, RefusedError, TransientError
from tasks.zendesk import ZendeskClient
from tasks.zendesk.hosts import MediaHosts
from tasks.zendesk.recordings import (
    MOST_BYTES,
    MOST_REDIRECTS,
    GoneError,
    ScopeError,
    delete_recording,
    iter_recording,
)
from tests.tasks.zendesk.scripted.server import Said, Script, served

CANARY = "Wilhelmina"


@pytest.fixture
def carrier() -> Iterator[Script]:
    """The other origin: another port is one."""
    with served(Script()) as found:
        yield found


def _fetch(client: ZendeskClient, script: Script, path: str = "/recording") -> bytes:
    hosts = MediaHosts(httpx.URL(script.url), ())
    return b"".join(iter_recording(client, hosts, f"{script.url}{path}"))


def _to(place: str, **more: str) -> Said:
    return Said(status=302, headers={"location": place, **more})


def test_the_carrier_sees_no_token_no_cookie_and_no_account(
    client: ZendeskClient, script: Script, carrier: Script
) -> None:
    """A cookie of 127.0.0.1 is one for all its ports: one client for both would bring it along."""
    script.answers = [_to(f"{carrier.url}/audio", **{"set-cookie": f"session={CANARY}; Path=/"})]
    carrier.answers = [Said(b"RIFF")]
    assert _fetch(client, script) == b"RIFF"
    (asked,) = carrier.asked
    assert script.asked[0].authorization == "Bearer first"
    assert asked.authorization is None
    assert "cookie" not in asked.headers
    assert "first" not in repr(asked.headers) + repr(asked.query)
    assert asked.headers["accept-encoding"] == "identity"


def test_a_carrier_that_sends_back_gets_no_request_with_our_token(
    client: ZendeskClient, script: Script, carrier: Script
) -> None:
    """It would choose what is asked of the account in our name."""
    script.answers = [_to(f"{carrier.url}/audio"), Said(b"an export")]
    carrier.answers = [_to(f"{script.url}/api/v2/users")]
    _fetch(client, script)
    assert [one.authorization for one in script.asked] == ["Bearer first", None]


def test_within_the_account_the_token_goes_along(client: ZendeskClient, script: Script) -> None:
    """Relative addresses too."""
    script.answers = [_to("/elsewhere"), Said(b"RIFF")]
    assert _fetch(client, script) == b"RIFF"
    assert [(one.path, one.authorization) for one in script.asked] == [
        ("/recording", "Bearer first"),
        ("/elsewhere", "Bearer first"),
    ]


def test_a_token_that_ended_is_renewed_once(
    client: ZendeskClient, script: Script, carrier: Script
) -> None:
    """Otherwise the recording would be noted as refused for good."""
    pair = {"access_token": "access-1", "refresh_token": "r", "expires_in": 9, "scope": "read"}
    pair["scope"] = "read hc:read"
    script.answers = [Said(status=401), Said(pair), _to(f"{carrier.url}/audio")]
    carrier.answers = [Said(b"RIFF")]
    assert _fetch(client, script) == b"RIFF"
    assert script.asked[-1].authorization == "Bearer access-1"


def test_every_hop_is_checked_before_it_is_asked(
    client: ZendeskClient, script: Script, carrier: Script
) -> None:
    """The second hop of the carrier leads into a private network: nothing is sent there."""
    for place in (
        "http://10.0.0.5/a",
        "https://evil.example/a",
        "//evil.example/a",
        "gopher://x/a",
        "",
    ):
        script.answers = [_to(f"{carrier.url}/audio")]
        carrier.answers = [_to(place)] * (MOST_REDIRECTS + 1)
        with pytest.raises(RefusedError) as caught:
            _fetch(client, script)
        assert "evil" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://evil.example/a", "http://127.0.0.1:9/a", "no address", "http://[::1"]
)
def test_an_address_outside_the_account_is_not_asked_for(
    client: ZendeskClient, script: Script, url: str
) -> None:
    """A comment may name any."""
    with pytest.raises(RefusedError):
        list(iter_recording(client, MediaHosts(httpx.URL(script.url), ("example",)), url))
    assert script.asked == []


def test_a_redirect_to_what_is_no_address_is_an_error_of_ours(
    client: ZendeskClient, script: Script
) -> None:
    script.answers = [_to("http://[::1")]
    with pytest.raises(TransientError):
        _fetch(client, script)


def test_redirects_end(client: ZendeskClient, script: Script) -> None:
    script.answers = [_to("/recording")] * (MOST_REDIRECTS + 1)
    with pytest.raises(RefusedError, match="circles"):
        _fetch(client, script)
    assert script.answers == []


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (Said({"description": CANARY}, 404), GoneError),
        (Said({"description": CANARY}, 410), GoneError),
        (Said({"description": CANARY}, 403), RefusedError),
        (Said({"description": CANARY}, 500), TransientError),
        (Said({"description": CANARY}, 429, {"retry-after": "7"}), TransientError),
        (Said(b"half", headers={"content-length": "9"}, hangs_up=True), TransientError),
        (Said(b"", headers={"content-length": str(MOST_BYTES + 1)}), PermanentError),
        (Said(b"RIFF", delay_seconds=1.0), TransientError),
    ],
)
def test_what_does_not_come_whole_says_why_without_its_words(
    client: ZendeskClient, script: Script, said: Said, error: type[Exception]
) -> None:
    """Gone is not refused, and what may pass is tried again."""
    script.answers = [said]
    with pytest.raises(error) as caught:
        _fetch(client, script)
    assert CANARY not in repr(caught.value)
    assert isinstance(caught.value, TransientError) == (error is TransientError)
    if said.status == 429:
        assert caught.value.retry_after_seconds == 7.0


def test_a_recording_beyond_the_limit_is_refused_without_an_announcement(
    client: ZendeskClient, script: Script
) -> None:
    """A body that just goes on is left at the limit, not read to its end."""
    script.answers = [Said(bytes(2**20), headers={"content-length": ""}, repeated=1000)]
    chunks = iter_recording(
        client, MediaHosts(httpx.URL(script.url), ()), f"{script.url}/recording"
    )
    taken: list[int] = []
    with pytest.raises(RefusedError, match="larger"):
        taken.extend(len(chunk) for chunk in chunks)
    assert sum(taken) <= MOST_BYTES


def test_a_server_that_drips_is_left_when_its_time_is_over(
    client: ZendeskClient, script: Script
) -> None:
    """Not when a chunk is full: until then it would hold a run and a transaction.

    No single byte is late, so that no timeout of one read ends it.
    """
    script.answers = [
        Said(b"x", headers={"content-length": "500"}, repeated=500, drips_seconds=0.02)
    ]
    hosts = MediaHosts(httpx.URL(script.url), ())
    started = time.monotonic()
    with pytest.raises(TransientError, match="too slowly"):
        list(iter_recording(client, hosts, f"{script.url}/recording", most_seconds=0.3))
    assert time.monotonic() - started < 5.0, "it was read to its end, which takes ten"


def test_deleting_upstream_names_call_and_kind(client: ZendeskClient, script: Script) -> None:
    """What is gone is done; what fails for now is tried again; no scope is said clearly."""
    script.answers = [Said(status=500), Said(status=204), Said({"error": "RecordNotFound"}, 404)]
    delete_recording(client, 7, "voicemail")
    delete_recording(client, 8, "call")
    paths = [(one.method, one.path) for one in script.asked]
    place = "/api/v2/channels/voice/calls"
    assert paths == [
        ("DELETE", f"{place}/7/recordings/voicemail"),
        ("DELETE", f"{place}/7/recordings/voicemail"),
        ("DELETE", f"{place}/8/recordings/call"),
    ]
    assert {one.authorization for one in script.asked} == {"Bearer first"}
    script.answers = [Said({"description": CANARY}, 403)]
    with pytest.raises(ScopeError, match="scope write") as caught:
        delete_recording(client, 9, "call")
    assert CANARY not in repr(caught.value)
