"""Which grant is asked for when, what is said where none is left, and what a person is told."""

import base64
import re
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest
from rich.console import Console

from tasks.errors import ConfigurationError, RefusedError, TransientError
from tasks.zendesk import Credentials, ZendeskClient, credential_notes
from tasks.zendesk.oauth import NotStored, TokenProvider, api_token_credentials
from tasks.zendesk.oauth.endpoint import Granted
from tests.tasks.zendesk.oauth.account import Account
from tests.tasks.zendesk.scripted.server import Said, Script
from tests.tasks.zendesk.scripted.server import served as scripted

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PERSON = Credentials(
    client_id="vensor",
    client_secret="the-secret",
    access_token="old",
    refresh_token="gone",
    expires_at=NOW - timedelta(days=1),
    kind="authorization_code",
)
PUBLIC = msgspec.structs.replace(PERSON, client_secret=None)
AGENT = api_token_credentials("agent@acme.example", "the-api-token")


def _header(http: httpx.Client, store: NotStored, now: datetime = NOW) -> str:
    return TokenProvider(http, store, clock=lambda: now).authorization()


def test_a_refused_refresh_token_falls_back_on_the_client(
    http: httpx.Client, desk: Account
) -> None:
    """A crash between Zendesk's answer and the save costs no access where there is a secret."""
    store = NotStored(PERSON)
    assert _header(http, store) == "Bearer access-1"
    assert [one["grant_type"] for one in desk.asked] == ["refresh_token", "client_credentials"]
    kept = store.load()
    assert (kept.refresh_token, kept.refresh_expires_at) == (None, None)
    assert kept.kind == "authorization_code"
    (note,) = credential_notes(kept, NOW)
    assert "--browser" in note
    later = NOW + timedelta(hours=1)
    assert _header(http, store, later) == "Bearer access-2"
    assert desk.asked[-1]["grant_type"] == "client_credentials"


def test_a_public_client_is_sent_to_the_browser_again(http: httpx.Client, desk: Account) -> None:
    """It has no other way, and it never sends a secret."""
    desk.secret = None
    store = NotStored(PUBLIC)
    with pytest.raises(ConfigurationError, match="run `vensor connect zendesk … --browser` again"):
        _header(http, store)
    assert [list(one) for one in desk.asked] == [["client_id", "grant_type", "refresh_token"]]
    assert store.load() == PUBLIC
    without = msgspec.structs.replace(PUBLIC, refresh_token=None)
    with pytest.raises(ConfigurationError, match="public client can't renew it"):
        _header(http, NotStored(without))
    assert len(desk.asked) == 1


def test_a_client_that_may_not_act_by_itself_is_sent_to_the_browser_too(
    http: httpx.Client, desk: Account
) -> None:
    """The line says what Zendesk said to the last thing that was tried."""
    desk.grants -= {"client_credentials"}
    with pytest.raises(ConfigurationError, match=r"\(unauthorized_client\).*--browser"):
        _header(http, NotStored(PERSON))


def test_a_fallback_that_may_do_too_little_is_not_taken(http: httpx.Client, desk: Account) -> None:
    """It would bring 403s; the scopes are named and nothing is stored."""
    desk.scope = "tickets:read"
    store = NotStored(PERSON)
    with pytest.raises(RefusedError, match="lacks the scopes read hc:read"):
        _header(http, store)
    assert store.load() == PERSON


def test_a_wrong_client_is_not_asked_for_twice(http: httpx.Client, desk: Account) -> None:
    """The refresh token is not at fault: it is kept, and the secret is what must be given."""
    desk.secret = "another"
    store = NotStored(PERSON)
    with pytest.raises(ConfigurationError, match="its present address and secret"):
        _header(http, store)
    assert (len(desk.asked), store.load()) == (1, PERSON)


def test_a_new_pair_is_kept_whatever_it_may_do(http: httpx.Client, desk: Account) -> None:
    """The old pair is dead: to refuse the new one would lock us out. Its scopes are shown."""
    desk.pair()
    desk.scope = "tickets:read"
    store = NotStored(msgspec.structs.replace(PERSON, refresh_token="refresh-1"))
    assert _header(http, store) == "Bearer access-2"
    kept = store.load()
    assert (kept.refresh_token, kept.scopes) == ("refresh-2", "tickets:read")
    assert kept.refresh_expires_at == NOW + timedelta(days=30)
    assert "lacks the scopes read hc:read" in credential_notes(kept, NOW)[0]


def test_a_word_that_is_none_of_oauths_is_not_repeated(http: httpx.Client) -> None:
    """An error's code may hold anything; what we don't know we say by its status."""
    with scripted(Script()) as script, httpx.Client(base_url=script.url, trust_env=False) as other:
        script.answers = [Said({"error": "Wilhelmina"}, 400)]
        with pytest.raises(ConfigurationError, match=r"\(400\)") as caught:
            _header(other, NotStored(msgspec.structs.replace(PERSON, refresh_token=None)))
    assert "Wilhelmina" not in repr(caught.value)


def test_write_is_asked_for_where_it_is_wished_for_only(http: httpx.Client, desk: Account) -> None:
    """And it is not missed where it is not granted."""
    plain = Credentials(client_id="vensor", client_secret="the-secret")
    _header(http, NotStored(plain))
    _header(http, NotStored(msgspec.structs.replace(plain, more_scopes="write")))
    assert [one["scope"] for one in desk.asked] == ["read hc:read", "read hc:read write"]


def test_an_api_token_is_sent_as_zendesk_wants_it(http: httpx.Client, desk: Account) -> None:
    """`email/token:TOKEN`, in Basic; no token endpoint is asked."""
    pair = base64.b64encode(b"agent@acme.example/token:the-api-token").decode()
    desk.basic = f"Basic {pair}"
    client = ZendeskClient(
        http, TokenProvider(http, NotStored(AGENT), clock=lambda: NOW), on_wait=lambda *_: None
    )
    client.check()
    assert client.authorization() == desk.basic
    assert (desk.asked, desk.calls) == ([], 1)


def test_an_api_token_that_is_turned_down_says_what_to_do(
    http: httpx.Client, desk: Account
) -> None:
    """There is nothing to renew, so it is asked once."""
    provider = TokenProvider(http, NotStored(AGENT), clock=lambda: NOW)
    client = ZendeskClient(http, provider, on_wait=lambda *_: None)
    with pytest.raises(ConfigurationError, match=r"refused the API token.*--client-id") as caught:
        client.check()
    assert desk.calls == 1
    assert "agent@" not in repr(caught.value)


def test_api_tokens_end_with_april_2027(http: httpx.Client, desk: Account) -> None:
    """On its last day it is tried, from the next on it is refused unasked."""
    end = datetime(2027, 5, 1, tzinfo=UTC)
    assert _header(http, NotStored(AGENT), end - timedelta(seconds=1)).startswith("Basic ")
    with pytest.raises(ConfigurationError, match="ended all API tokens on 2027-04-30"):
        _header(http, NotStored(AGENT), end)
    assert AGENT.expires_at == end
    assert desk.calls == 0


@pytest.mark.parametrize("email", ["agent", "a@b.example:x", "a b@c.example", "", "a@b.example\n"])
def test_what_is_no_address_is_refused(email: str) -> None:
    """A colon would move the border between name and token."""
    with pytest.raises(ConfigurationError, match="--email"):
        api_token_credentials(email, "token")


@pytest.mark.parametrize(
    ("credentials", "told"),
    [
        (Credentials(client_id="x", client_secret="y", scopes="read"), []),
        (Credentials(client_id="x", client_secret="y", scopes="tickets:read"), ["scopes read"]),
        (AGENT, ["2026-10-27.*30 days.*2027-04-30.*--client-id"]),
        (PERSON, []),
        (PUBLIC, []),
        (msgspec.structs.replace(PUBLIC, refresh_token=None), ["for good.*--browser"]),
        (msgspec.structs.replace(PERSON, refresh_token=None, expires_at=None), []),
    ],
)
def test_what_a_person_is_told(credentials: Credentials, told: list[str]) -> None:
    """Nothing where there is nothing to do; else one line with what to do."""
    notes = credential_notes(credentials, NOW)
    assert len(notes) == len(told)
    for note, pattern in zip(notes, told, strict=True):
        assert re.search(pattern, note), note


@pytest.mark.parametrize(
    ("days", "told"), [(7.01, None), (7, "ends on 2026-12-02"), (0.1, "ends"), (0, "ended on")]
)
def test_the_last_week_of_a_refresh_token_is_told(days: float, told: str | None) -> None:
    """A week before its end, and after it."""
    ends = NOW + timedelta(days=days)
    credentials = msgspec.structs.replace(PERSON, refresh_expires_at=ends)
    notes = credential_notes(credentials, NOW)
    assert (notes == []) if told is None else (told in notes[0] and "--browser" in notes[0])


def test_nothing_that_is_printed_shows_a_secret() -> None:
    """Neither by `repr` nor by rich, which asks a struct for every field."""
    everything = Credentials(
        client_id="vensor",
        client_secret="SECRET-1",
        access_token="SECRET-2",
        refresh_token="SECRET-3",
        email="SECRET-4@acme.example",
        api_token="SECRET-5",
    )
    console = Console(record=True, width=200)
    with console.capture() as shown:
        console.print(everything, [everything])
        console.print(Granted("SECRET-6", refresh_token="SECRET-7"))
    assert "SECRET" not in shown.get() + repr(everything) + repr(Granted("SECRET-6"))
    assert "vensor" in shown.get()


def test_credentials_that_were_sealed_before_are_still_read() -> None:
    """They have no kind, and a secret."""
    old = b'{"client_id":"x","client_secret":"y","access_token":"z","refresh_token":null,'
    old += b'"expires_at":"2026-11-25T12:00:00Z","scopes":"read"}'
    credentials = msgspec.json.decode(old, type=Credentials)
    assert (credentials.kind, credentials.client_secret) == ("client_credentials", "y")


def test_disconnecting_ends_a_refresh_token_whose_access_token_has_ended(
    http: httpx.Client, desk: Account
) -> None:
    """It would live on for weeks: it is used once more, and what it gives is revoked."""
    desk.live = {"expired-and-unknown": "refresh-0"}
    store = NotStored(msgspec.structs.replace(PERSON, refresh_token="refresh-0"))
    done: list[int] = []
    TokenProvider(http, store).revoke(forget=lambda: done.append(len(desk.revoked)))
    assert (desk.revoked, desk.live, done) == (["access-1"], {}, [1])
    TokenProvider(http, store).revoke(forget=lambda: done.append(0))
    assert done == [1, 0]


def test_disconnecting_an_api_token_asks_nothing(http: httpx.Client, desk: Account) -> None:
    """Zendesk has no call for it."""
    done: list[str] = []
    TokenProvider(http, NotStored(AGENT)).revoke(forget=lambda: done.append("forgotten"))
    assert (desk.revoked, desk.calls, done) == ([], 0, ["forgotten"])


def test_what_could_not_be_revoked_is_not_forgotten() -> None:
    """Its end could not be asked for again."""
    done: list[str] = []
    with (
        scripted(Script()) as script,
        httpx.Client(base_url=script.url, trust_env=False) as http,
        # the scripted server knows no DELETE: it answers 501
        pytest.raises(TransientError, match="revocation with 501"),
    ):
        TokenProvider(http, NotStored(PERSON)).revoke(forget=lambda: done.append("forgotten"))
    assert done == []
