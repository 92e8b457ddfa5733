"""The client asks again where it may help, waits as it is told, and says nothing it should not."""

import time
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest

from tasks.connections import StoredCredentials, forget_connection
from tasks.errors import ConfigurationError, PermanentError, RefusedError, TransientError
from tasks.http import checked_base_url, http_client
from tasks.zendesk import Credentials, ZendeskClient
from tasks.zendesk.client import TooSlowError
from tasks.zendesk.oauth import TokenProvider

COUNT = "/api/v2/tickets/count.json"


def test_a_token_is_fetched_once_and_kept(client: ZendeskClient, store) -> None:
    """Two calls, one token; it is saved before it is used."""
    client.get(COUNT, {})
    client.get(COUNT, {})
    assert len(store.saved) == 2
    assert store.saved[-1].access_token
    assert store.saved[-1].access_token not in repr(store.saved[-1])


def test_a_token_near_its_end_is_renewed_before_use(account, store) -> None:
    """A minute before, so that no page is lost to a token that ends on the way."""
    now = datetime.now(UTC)
    with http_client(account["base_url"]) as http:
        provider = TokenProvider(http, store, clock=lambda: now)
        first = provider.authorization()
        assert provider.authorization() == first
        assert store.load().expires_at is not None
        later = store.load().expires_at - timedelta(seconds=30)
        assert TokenProvider(http, store, clock=lambda: later).authorization() != first


def test_a_token_that_ended_early_is_renewed_and_the_call_succeeds(
    client: ZendeskClient, store, fault
) -> None:
    """A 401 costs one more request, not the run."""
    client.get(COUNT, {})
    fault("tickets/count", "expire_token")
    assert msgspec.json.decode(client.get(COUNT, {}))["count"]
    assert len({one.access_token for one in store.saved}) == 3


def test_a_wrong_secret_says_what_to_do_without_saying_it(account, store) -> None:
    """The message names the command; the secret is in none of it."""
    store.save(Credentials(client_id=account["client_id"], client_secret="wrong-and-secret"))
    with (
        ZendeskClient.opened(account["base_url"], store) as client,
        pytest.raises(ConfigurationError, match="vensor connect zendesk") as caught,
    ):
        client.check()
    assert "wrong-and-secret" not in repr(caught.value)


@pytest.mark.parametrize("kind", ["500", "502", "truncate"])
def test_passing_faults_pass(client: ZendeskClient, fault, kind: str) -> None:
    """Twice, then the answer comes whole."""
    fault("tickets/count", kind, times=2)
    assert msgspec.json.decode(client.get(COUNT, {}))["count"]


def test_retry_after_is_honoured(client: ZendeskClient, fault) -> None:
    """It waits as long as it is told to, not as long as it likes."""
    client.get(COUNT, {})
    fault("tickets/count", "429", retry_after=2)
    started = time.monotonic()
    client.get(COUNT, {})
    assert 1.9 < time.monotonic() - started < 6


def test_a_504_is_for_who_chose_the_page_size(client: ZendeskClient, fault) -> None:
    """It is not repeated as it was."""
    client.get(COUNT, {})
    before = client.requests
    fault("tickets/count", "504")
    with pytest.raises(TooSlowError):
        client.get(COUNT, {})
    assert client.requests == before + 1


def test_what_the_plan_lacks_is_refused_at_once(client: ZendeskClient) -> None:
    """404 InvalidEndpoint is no passing fault."""
    client.get(COUNT, {})
    before = client.requests
    with pytest.raises(RefusedError, match="not in this account's plan"):
        client.get("/api/v2/guide/survey_responses", {})
    assert client.requests == before + 1


def test_no_message_holds_a_query_or_a_body(client: ZendeskClient) -> None:
    """Neither the address asked for nor what was answered."""
    with pytest.raises((PermanentError, TransientError)) as caught:
        client.get("/api/v2/tickets/999999999999.json", {"query": "Wilhelmina"})
    assert "Wilhelmina" not in repr(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "url", ["http://acme.zendesk.com", "ftp://127.0.0.1", "acme", "https://u:p@acme.zendesk.com"]
)
def test_base_urls_that_leak_are_refused(url: str) -> None:
    """Plain http is for loopback only; credentials belong nowhere in an address."""
    with pytest.raises(ConfigurationError):
        checked_base_url(url)


def test_a_server_that_is_not_there_is_a_passing_fault(store) -> None:
    """The message names the kind of failure."""
    with httpx.Client(base_url="http://127.0.0.1:9") as http:
        client = ZendeskClient(http, TokenProvider(http, store), on_wait=lambda *_: None)
        with pytest.raises(TransientError, match="did not answer"):
            client._get_once(COUNT, {})


def test_disconnecting_revokes_the_token_and_forgets_the_secrets(connected, account) -> None:
    """The token that was stored opens nothing any more, and nothing of it is left here."""
    token = StoredCredentials(connected).load().access_token
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{account['base_url']}{COUNT}"
    assert httpx.get(url, headers=headers).status_code == 200
    with ZendeskClient.opened(account["base_url"], StoredCredentials(connected)) as client:
        client.revoke()
        client.revoke()
    assert forget_connection(connected, "zendesk")
    assert httpx.get(url, headers=headers).status_code == 401
    with pytest.raises(ConfigurationError, match="vensor connect zendesk"):
        StoredCredentials(connected).load()
    assert not forget_connection(connected, "zendesk")
