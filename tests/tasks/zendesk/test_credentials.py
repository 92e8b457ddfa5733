"""Credentials: what they open, when they end, and that they show themselves nowhere."""

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from rich.console import Console
from rich.pretty import pretty_repr

from tasks.connections import StoredCredentials, find_connection, store_zendesk
from tasks.errors import ConfigurationError
from tasks.http import http_client
from tasks.resources import Resources
from tasks.zendesk import Credentials, ZendeskClient, credential_notes
from tasks.zendesk.consent import Consent
from tasks.zendesk.credentials import HeldCredentials
from tasks.zendesk.oauth import TokenProvider, _Granted, redeem_code

NOW = datetime(2026, 11, 25, tzinfo=UTC)
LAST_DAY = datetime(2027, 4, 30, 23, 59, tzinfo=UTC)
CANARY = "Wilhelmina"
BACK = "http://127.0.0.1:8721/callback"
SECRETS = Credentials(
    client_id="vensor",
    client_secret=f"{CANARY}-1",
    access_token=f"{CANARY}-2",
    refresh_token=f"{CANARY}-3",
    email=f"{CANARY}@acme.example",
    api_token=f"{CANARY}-4",
)


@pytest.fixture
def by_token(account: dict[str, str]) -> Credentials:
    return Credentials(kind="api_token", email=account["api_email"], api_token=account["api_token"])


@pytest.fixture
def http(account: dict[str, str]) -> Iterator[httpx.Client]:
    with http_client(account["base_url"]) as opened:
        yield opened


@pytest.mark.parametrize(
    "shown",
    [
        SECRETS,
        HeldCredentials(SECRETS),
        _Granted(CANARY, 1, CANARY, 1, "read"),
        Consent(BACK, CANARY, CANARY),
    ],
)
def test_nothing_shows_a_secret(shown: object) -> None:
    """By `repr`, by `str`, in a list, or by rich, which has ways of its own."""
    out = StringIO()
    Console(file=out).print(shown, [shown], {"x": shown})
    for told in (repr(shown), str(shown), repr([shown]), pretty_repr(shown), out.getvalue()):
        assert CANARY not in told


def test_credentials_of_earlier_versions_are_read() -> None:
    """What is stored outlives an update."""
    stored = b'{"client_id":"a","client_secret":"b","access_token":"c","scopes":"read"}'
    told = msgspec.json.decode(stored, type=Credentials)
    assert (told.kind, told.authorization, told.api_token) == ("client_credentials", "Bearer c", "")


def test_an_api_token_opens_the_account(account: dict[str, str], by_token: Credentials) -> None:
    """By Basic authentication, without the token endpoint; it cannot be revoked from here."""
    with ZendeskClient.opened(account["base_url"], HeldCredentials(by_token)) as client:
        client.check()
        plain = f"{account['api_email']}/token:{account['api_token']}"
        assert client.authorization() == f"Basic {base64.b64encode(plain.encode()).decode()}"
        client.revoke()
        client.check()


def test_a_wrong_api_token_says_what_to_do(
    account: dict[str, str], by_token: Credentials, control: httpx.Client
) -> None:
    """It is tried once; neither it nor the e-mail is in the message."""
    control.delete("/requests")
    wrong = msgspec.structs.replace(by_token, api_token=CANARY)
    with (
        ZendeskClient.opened(account["base_url"], HeldCredentials(wrong)) as client,
        pytest.raises(ConfigurationError, match="refused the API token") as caught,
    ):
        client.check()
    assert CANARY not in str(caught.value)
    assert account["api_email"] not in str(caught.value)
    assert len(control.get("/requests").json()["requests"]) == 1


def test_api_tokens_are_refused_after_their_last_day(
    http: httpx.Client, by_token: Credentials, control: httpx.Client
) -> None:
    """2027-04-30 is the last; after it nobody is asked."""
    store = HeldCredentials(by_token)
    assert TokenProvider(http, store, clock=lambda: LAST_DAY).authorization()
    control.delete("/requests")
    after = TokenProvider(http, store, clock=lambda: LAST_DAY + timedelta(minutes=1))
    with pytest.raises(ConfigurationError, match="stopped on 2027-04-30; make an OAuth client"):
        after.authorization()
    assert control.get("/requests").json()["requests"] == []


def test_an_api_token_is_sealed_with_its_email(
    resources: Resources, account: dict[str, str], by_token: Credentials
) -> None:
    """The connection says when it ends, and neither whose it is nor what it is."""
    store_zendesk(resources, base_url=account["base_url"], credentials=by_token)
    connected = find_connection(resources, "zendesk")
    assert connected.client_id is None
    assert connected.scopes is None
    assert connected.expires_at == datetime(2027, 5, 1, tzinfo=UTC)
    for secret in (account["api_email"], account["api_token"]):
        assert secret.encode() not in connected.credentials
        assert secret not in repr(connected)
    assert StoredCredentials(resources).load() == by_token


def _refreshable(ends: datetime | None) -> Credentials:
    return Credentials("a", kind="authorization_code", refresh_token="x", refresh_expires_at=ends)


@pytest.mark.parametrize(
    ("credentials", "said"),
    [
        (Credentials("a", "b"), []),
        (_refreshable(None), []),
        (_refreshable(NOW + timedelta(days=7, seconds=1)), []),
        (_refreshable(NOW + timedelta(days=7)), ["ends on 2026-12-02 unless"]),
        (_refreshable(NOW), ["ended on 2026-11-25; run"]),
        (Credentials(kind="api_token"), ["stop on 2027-04-30, in 157 days"]),
    ],
)
def test_notes_tell_of_ends_to_come(credentials: Credentials, said: list[str]) -> None:
    """A refresh token's within a week, an API token's always; each names the command."""
    notes = credential_notes(credentials, NOW)
    assert len(notes) == len(said)
    for note, part in zip(notes, said, strict=True):
        assert part in note
        assert "vensor connect zendesk" in note
        assert "\n" not in note


def test_notes_after_the_last_day_of_api_tokens() -> None:
    """They do not count days any more."""
    (note,) = credential_notes(Credentials(kind="api_token"), LAST_DAY + timedelta(minutes=1))
    assert note.startswith("API tokens stopped on 2027-04-30;")


def test_consent_is_asked_for_with_a_challenge_of_its_own(account: dict[str, str]) -> None:
    """S256 of a verifier that is not in the address; no two requests share state or verifier."""
    one, other = Consent.begun(BACK), Consent.begun(BACK)
    asked = parse_qs(urlsplit(one.url(account["base_url"], "vensor")).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"] == ["read hc:read"]
    assert asked["redirect_uri"] == [BACK]
    assert one.verifier not in one.url(account["base_url"], "vensor")
    assert 43 <= len(one.verifier) <= 128, "RFC 7636, section 4.1"
    assert not {one.state, one.verifier} & {other.state, other.verifier}


def test_challenge_of_the_example_in_the_standard() -> None:
    """RFC 7636, appendix B."""
    consent = Consent(BACK, "state", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    asked = parse_qs(urlsplit(consent.url("https://acme.zendesk.com", "vensor")).query)
    assert asked["code_challenge"] == ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"state": "s", "error": "access_denied"}, "denied in the browser"),
        ({"state": "s", "error": CANARY}, "gave no code"),
        ({"state": "s"}, "gave no code"),
        ({"state": CANARY, "code": "c"}, "another request's state"),
        ({"state": "é", "code": "c"}, "another request's state"),
        ({"error": "access_denied"}, "another request's state"),
        ({}, "another request's state"),
    ],
)
def test_answers_that_bring_no_code(told: dict[str, str], said: str) -> None:
    """One clear line each, without what came."""
    with pytest.raises(ConfigurationError, match=said) as caught:
        Consent(BACK, "s", "v").code(told)
    assert CANARY not in str(caught.value)


def test_a_code_that_zendesk_refuses(http: httpx.Client, account: dict[str, str]) -> None:
    """Too old, used, or another's: the same command again helps."""
    client = Credentials(account["public_client_id"], kind="authorization_code")
    with pytest.raises(ConfigurationError, match="refused the code"):
        redeem_code(http, client, Consent.begun(BACK), CANARY, now=NOW)


@pytest.mark.parametrize("public", [True, False])
def test_a_code_brings_a_pair(
    account: dict[str, str], allowed: Callable[..., Credentials], public: bool
) -> None:
    """With a secret and without; it works and has its ends."""
    credentials = allowed(public=public)
    assert bool(credentials.client_secret) is not public
    assert credentials.refresh_token
    assert credentials.scopes == "read hc:read"
    with ZendeskClient.opened(account["base_url"], HeldCredentials(credentials)) as client:
        client.check()
