"""What Zendesk rarely does, from a server that says word for word what it is told to."""

from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from tasks.errors import (
    ConfigurationError,
    PermanentError,
    RefusedError,
    TransientError,
    VensorError,
)
from tasks.zendesk import STREAMS, Credentials, ZendeskClient
from tasks.zendesk.oauth import TokenProvider
from tests.tasks.zendesk.scripted.server import Said, Script, Store

PATH = "/api/v2/groups"
CANARY = "Wilhelmina"
START = datetime(2026, 11, 1, tzinfo=UTC)
SECOND = int(START.timestamp())


def _pair(number: int, **more: object) -> Said:
    told = {"access_token": f"access-{number}", "refresh_token": f"refresh-{number}"}
    return Said(told | {"expires_in": 1800, "scope": "read hc:read"} | more)


def test_a_rotated_pair_is_saved_before_it_is_used(
    client: ZendeskClient, script: Script, store: Store
) -> None:
    """The refresh killed the old pair: a crash after using an unsaved one would lock us out."""
    store.now = msgspec.structs.replace(store.now, refresh_token="refresh-0")
    script.answers = [Said(status=401), _pair(1), Said({"groups": []})]
    client.get(PATH, {})
    refused, renewal, again = script.asked
    assert refused.authorization == "Bearer first"
    assert renewal.body["grant_type"] == "refresh_token"
    assert renewal.body["refresh_token"] == "refresh-0"
    assert (again.authorization, again.stored) == ("Bearer access-1", "access-1")
    assert store.now.refresh_token == "refresh-1"


def test_a_pair_that_cannot_be_saved_is_not_used(
    client: ZendeskClient, script: Script, store: Store
) -> None:
    """It goes wrong at once, not at the next start."""
    store.now = msgspec.structs.replace(store.now, access_token=None, refresh_token="refresh-0")
    store.breaks = True
    script.answers = [_pair(1)]
    with pytest.raises(OSError, match="no space"):
        client.get(PATH, {})
    assert [one.path for one in script.asked] == ["/oauth/tokens"]


def test_a_refresh_token_that_another_process_used_is_no_error(
    client: ZendeskClient, script: Script, store: Store
) -> None:
    """What that process stored is used."""

    class Overtaken(Store):
        loads = 0

        def load(self) -> Credentials:
            self.loads += 1
            changed = {"access_token": "theirs"} if self.loads > 1 else {}
            return msgspec.structs.replace(self.now, **changed)

    gone = msgspec.structs.replace(store.now, access_token=None, refresh_token="used")
    script.answers = [Said({"error": "invalid_grant"}, 400)]
    with httpx.Client(base_url=script.url, trust_env=False) as http:
        assert TokenProvider(http, Overtaken(gone)).authorization() == "Bearer theirs"


@pytest.mark.parametrize(
    ("error", "status", "grants"),
    [
        ("invalid_grant", 400, ["refresh_token", "client_credentials"]),
        ("invalid_request", 400, ["refresh_token", "client_credentials"]),
        ("invalid_token", 401, ["refresh_token", "client_credentials"]),
        ("invalid_client", 401, ["refresh_token"]),
        ("unauthorized_client", 400, ["refresh_token"]),
        ("InvalidEndpoint", 404, ["refresh_token"]),
    ],
)
def test_whatever_refuses_a_refresh_token_the_client_goes_on(
    script: Script, store: Store, error: str, status: int, grants: list[str]
) -> None:
    """Unless the client itself is refused, or the address is no Zendesk."""
    store.now = msgspec.structs.replace(store.now, access_token=None, refresh_token="refresh-0")
    script.answers = [Said({"error": error}, status), _pair(1)]
    with httpx.Client(base_url=script.url, trust_env=False) as http:
        if len(grants) == 2:
            assert TokenProvider(http, store).authorization() == "Bearer access-1"
        else:
            with pytest.raises(ConfigurationError, match="its present address and secret"):
                TokenProvider(http, store).authorization()
    assert [one.body["grant_type"] for one in script.asked] == grants


def test_missing_scopes_are_named(client: ZendeskClient, script: Script, store: Store) -> None:
    """Zendesk grants a token for less than was asked; the 403s would come later."""
    store.now = msgspec.structs.replace(store.now, access_token=None)
    script.answers = [_pair(1, scope="tickets:read")]
    with pytest.raises(RefusedError, match=r"lacks the scopes read hc:read"):
        client.get(PATH, {})
    assert store.now.access_token is None


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (Said(b'{"access_token": "Wilhelmina'), TransientError),
        (Said({"hello": CANARY}), TransientError),
        (Said({"error": CANARY}, 500), TransientError),
        (Said({"error": {"message": CANARY}}, 404), ConfigurationError),
    ],
)
def test_a_token_endpoint_that_misbehaves_says_so_without_its_words(
    script: Script, store: Store, said: Said, error: type[VensorError]
) -> None:
    """Passing where it may pass; an address that is no Zendesk is a setting that is wrong."""
    store.now = msgspec.structs.replace(store.now, access_token=None)
    script.answers = [said]
    with (
        httpx.Client(base_url=script.url, trust_env=False) as http,
        pytest.raises(error) as caught,
    ):
        TokenProvider(http, store).authorization()
    assert CANARY not in repr(caught.value)


def test_a_wait_that_zendesk_asks_for_is_shown_and_counted(
    client: ZendeskClient, script: Script, waits: list
) -> None:
    """By the name of the bucket that ran out."""
    spent = {"zendesk-ratelimit-incremental": "total=10; remaining=0; resets=0"}
    script.answers = [Said(status=429, headers={"retry-after": "1"} | spent), Said({"groups": []})]
    client.get(PATH, {})
    assert waits == [(pytest.approx(1, abs=0.1), "incremental")]
    assert client.waited_seconds == pytest.approx(1, abs=0.1)
    assert client.requests == 2


def test_a_403_names_the_scopes_and_nothing_else(client: ZendeskClient, script: Script) -> None:
    """Scopes are Zendesk's vocabulary; any other word of the body may be anybody's."""
    told = f"You are missing the following required scopes: tickets:read. {CANARY}"
    script.answers = [Said({"description": told}, 403), Said({"description": CANARY}, 403)]
    with pytest.raises(RefusedError, match=r"lacks the scopes tickets:read$") as first:
        client.get(PATH, {})
    with pytest.raises(RefusedError, match="a scope or its user the role") as second:
        client.get(PATH, {})
    assert CANARY not in repr(first.value) + repr(second.value)


def test_a_record_that_is_not_found_is_no_missing_plan(
    client: ZendeskClient, script: Script
) -> None:
    """Otherwise a whole stream would be left out for one record."""
    script.answers = [
        Said({"error": "RecordNotFound"}, 404),
        Said({"error": "InvalidEndpoint"}, 404),
    ]
    with pytest.raises(PermanentError) as caught:
        client.get(PATH, {})
    assert not isinstance(caught.value, RefusedError)
    with pytest.raises(RefusedError, match="plan"):
        client.get(PATH, {})


def test_a_server_that_hangs_is_a_passing_fault(client: ZendeskClient, script: Script) -> None:
    """It is left after the timeout and asked again."""
    script.answers = [Said(delay_seconds=1.0), Said({"groups": []})]
    assert msgspec.json.decode(client.get(PATH, {})) == {"groups": []}
    assert client.requests == 2


@pytest.mark.parametrize("word", [b'"half of an emoji \\ud83d"', b'"not UTF-8 \xff\xfe"'])
def test_text_that_is_no_text_holds_back_nothing(
    client: ZendeskClient, script: Script, word: bytes
) -> None:
    """A subject cut within an emoji would otherwise stop its account for good."""
    ticket = (
        b'{"id": %d, "status": "open", "generated_timestamp": 1, "subject": %s,'
        b' "created_at": "2026-11-01T00:00:00Z", "updated_at": "2026-11-01T00:00:00Z",'
        b' "tags": null}'
    )
    both = b", ".join([ticket % (1, word), ticket % (2, b'"fine"')])
    body = b'{"tickets": [%s], "users": null, "end_of_stream": true, "after_cursor": "c"}' % both
    script.answers = [Said(body)]
    (page,) = STREAMS["tickets"].export.iter_pages(client, None, START, START)
    assert [one.id for one in page.records["tickets"]] == [1, 2]
    assert (page.bad, page.cursor) == ([], "c")


DEEP = b"[" * 50_000 + b"]" * 50_000


@pytest.mark.parametrize(
    "word", [DEEP, b'{"a":' * 5_000 + b'"[\\""' + b"}" * 5_000, b"[NaN, %s]" % (b"9" * 5_000)]
)
def test_a_record_without_end_holds_back_nothing(
    client: ZendeskClient, script: Script, word: bytes
) -> None:
    """Nested deeper than any record is, or a number that none holds: it is kept as it came."""
    group = b'{"id": %d, "name": %s, "updated_at": "2026-11-01T00:00:00Z"}'
    both = b", ".join([group % (1, word), group % (2, b'"fine"')])
    script.answers = [Said({"count": {"value": 2}}), Said(b'{"groups": [%s], "x": 1}' % both)]
    (page,) = STREAMS["groups"].listed.iter_pages(client, None, START, START)
    assert [one.id for one in page.records["groups"]] == [2]
    (bad,) = page.bad
    assert bad.reason == "not_a_group"
    assert len(bad.raw) > 5_000


def test_one_that_is_nested_without_end_and_cut_off_is_asked_for_again(
    client: ZendeskClient, script: Script
) -> None:
    script.answers = [Said(b'{"groups": [' + DEEP), Said({"groups": []})]
    assert msgspec.json.decode(client.get(PATH, {})) == {"groups": []}


def _calls(rows: int, end_time: int) -> Said:
    stamp = "2026-11-01T00:00:00Z"
    calls = [{"id": at, "created_at": stamp, "updated_at": stamp} for at in range(rows)]
    return Said({"calls": calls, "count": rows, "end_time": end_time, "next_page": "x"})


def test_a_full_page_of_halved_size_that_does_not_advance_is_an_alarm(
    client: ZendeskClient, script: Script
) -> None:
    """It is full by what was asked for: behind it lie calls that would be lost in silence."""
    script.answers = [Said(status=504), _calls(500, SECOND)]
    with pytest.raises(PermanentError, match="the stream calls does not advance"):
        list(STREAMS["calls"].export.iter_pages(client, None, START, START))
    assert [one.query["per_page"] for one in script.asked] == [["1000"], ["500"]]


def test_talk_ends_where_its_end_is_its_start(client: ZendeskClient, script: Script) -> None:
    """With the boundary's calls once more; and a start in the newest minute is nothing yet."""
    script.answers = [_calls(3, SECOND + 9), _calls(1, SECOND + 9)]
    pages = list(STREAMS["calls"].export.iter_pages(client, None, START, START))
    assert [(page.count, page.cursor) for page in pages] == [
        (3, str(SECOND + 9)),
        (1, str(SECOND + 9)),
    ]
    script.answers = [Said({"description": "Too recent start_time."}, 422)]
    assert list(STREAMS["calls"].export.iter_pages(client, "1", START, START)) == []


@pytest.mark.parametrize("body", [b"[]", b'{"groups": {"name": "Wilhelmina"}}'])
def test_a_page_of_another_shape_is_an_error_without_its_words(
    client: ZendeskClient, script: Script, body: bytes
) -> None:
    """Whatever it holds stays in this process."""
    script.answers = [Said(body)]
    with pytest.raises(PermanentError, match="a page of Zendesk's") as caught:
        list(STREAMS["groups"].listed.iter_pages(client, None, START, START))
    assert CANARY not in repr(caught.value)
    assert caught.value.__cause__ is None
