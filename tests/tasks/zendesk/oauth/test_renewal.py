"""A refresh token works once, however many want it and wherever they are killed."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import text

from tasks.connections import (
    StoredCredentials,
    connect_account,
    find_connection,
    forget_connection,
    store_connection,
)
from tasks.errors import ConfigurationError, TransientError
from tasks.http import http_client
from tasks.resources import Resources, opened
from tasks.zendesk import Credentials
from tasks.zendesk.oauth import TokenProvider
from tests.tasks.zendesk.oauth.account import Account, served
from warehouse import organizations

AT_ONCE = 8
ENDED = Credentials(
    client_id="vensor",
    access_token="old",
    refresh_token="refresh-0",
    expires_at=datetime(2026, 1, 1, tzinfo=UTC),
    kind="authorization_code",
    scopes="read hc:read",
)
KILLED = """
import sys, time
from tasks.connections import StoredCredentials
from tasks.http import http_client
from tasks.resources import opened
from tasks.zendesk.oauth import TokenProvider

class Slow(StoredCredentials):
    def save(self, credentials):
        print("answered", flush=True)
        time.sleep(60)

with opened(sys.argv[1]) as resources, http_client(sys.argv[2]) as http:
    TokenProvider(http, Slow(resources)).authorization()
"""


@pytest.fixture
def public_desk() -> Iterator[Account]:
    """An account whose client has no secret: a refresh token that is lost is lost for good."""
    with served(Account(secret=None, live={"old": "refresh-0"}, delay_seconds=0.3)) as found:
        yield found


def _store(resources: Resources, desk: Account, credentials: Credentials = ENDED) -> None:
    store_connection(
        resources,
        provider="zendesk",
        base_url=desk.url,
        account="acme",
        client_id="vensor",
        secret=msgspec.json.encode(credentials),
    )


def _authorization(slug: str, url: str, refused: str | None = None) -> str:
    """As another process would get it: with an engine and a client of its own."""
    with opened(slug) as resources, http_client(url) as http:
        return TokenProvider(http, StoredCredentials(resources)).authorization(refused)


def _at_once(ask: Callable[[], str]) -> set[str]:
    barrier = threading.Barrier(AT_ONCE)

    def one(_: int) -> str:
        barrier.wait()
        return ask()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return set(pool.map(one, range(AT_ONCE)))


@pytest.mark.parametrize("refused", [None, "Bearer old"])
def test_of_eight_at_once_one_refreshes(
    resources: Resources, public_desk: Account, refused: str | None
) -> None:
    """A second use would be refused: all take what the first stored. By clock, or after a 401."""
    ends = datetime.now(UTC) + timedelta(hours=1)
    live = msgspec.structs.replace(ENDED, expires_at=ends)
    _store(resources, public_desk, ENDED if refused is None else live)
    slug = resources.organization.slug
    got = _at_once(lambda: _authorization(slug, public_desk.url, refused))
    assert got == {"Bearer access-1"}
    assert [one["refresh_token"] for one in public_desk.asked] == ["refresh-0"]
    assert StoredCredentials(resources).load().refresh_token == "refresh-1"


def test_threads_of_one_process_share_one_engine_and_one_renewal(
    resources: Resources, public_desk: Account
) -> None:
    """They wait in the process, not each on a connection of the pool."""
    _store(resources, public_desk)
    with http_client(public_desk.url) as http:
        provider = TokenProvider(http, StoredCredentials(resources))
        assert _at_once(provider.authorization) == {"Bearer access-1"}
    assert len(public_desk.asked) == 1


def _killed(resources: Resources, desk: Account) -> None:
    """Kills a process that has Zendesk's answer and has not saved it."""
    command = [sys.executable, "-c", KILLED, resources.organization.slug, desk.url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == "answered\n"
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
    assert desk.live == {"access-1": "refresh-1"}


def test_a_kill_between_answer_and_save_costs_a_confidential_client_nothing(
    resources: Resources,
) -> None:
    """The old pair is dead and the new one unknown: the client's own access is taken."""
    with served(Account(live={"old": "refresh-0"})) as desk:
        _store(resources, desk, msgspec.structs.replace(ENDED, client_secret="the-secret"))
        _killed(resources, desk)
        started = time.monotonic()
        assert _authorization(resources.organization.slug, desk.url) == "Bearer access-2"
        assert time.monotonic() - started < 10, "the dead process's lock is gone with it"
        grants = ["refresh_token", "refresh_token", "client_credentials"]
        assert [one["grant_type"] for one in desk.asked] == grants


def test_a_kill_between_answer_and_save_sends_a_public_client_to_the_browser(
    resources: Resources, public_desk: Account
) -> None:
    """One line says so, each time, until it is done."""
    _store(resources, public_desk)
    _killed(resources, public_desk)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"zendesk … --browser` again$") as caught:
            _authorization(resources.organization.slug, public_desk.url)
        assert "refresh-" not in repr(caught.value)


def test_the_lock_is_waited_for_no_longer_than_told(resources: Resources) -> None:
    """Then it is a passing fault; another organization's and Slack's are not in the way."""
    ours = resources.organization
    with resources.session() as first:
        organizations.hold(first, ours, "zendesk")
        started = time.monotonic()
        with (
            pytest.raises(TransientError, match=f"renewing {ours.slug}'s access.*try again later"),
            resources.session() as second,
        ):
            organizations.hold(second, ours, "zendesk", wait_seconds=0.3)
        assert 0.25 < time.monotonic() - started < 5
        with resources.session() as third:
            organizations.hold(third, ours, "slack", wait_seconds=0.3)
    with resources.session() as fourth:
        organizations.hold(fourth, ours, "zendesk", wait_seconds=0.3)


def test_a_machine_that_is_gone_gives_the_lock_up(resources: Resources) -> None:
    """Its connection looks alive for hours; the database ends it. It was no permanent fault."""
    ours = resources.organization

    def disappear() -> None:
        with resources.session() as gone:
            organizations.hold(gone, ours, "zendesk", idle_seconds=0.3)
            with resources.session() as next_one:
                organizations.hold(next_one, ours, "zendesk", wait_seconds=10)

    with pytest.raises(TransientError):
        disappear()


def test_a_renewal_under_way_does_not_undo_a_new_connection(
    resources: Resources, public_desk: Account
) -> None:
    """`vensor connect` waits for it, and has the last word."""
    _store(resources, public_desk)
    public_desk.delay_seconds = 1.0
    slug = resources.organization.slug
    with served(Account()) as other, ThreadPoolExecutor(1) as pool:
        renewal = pool.submit(_authorization, slug, public_desk.url)
        while not public_desk.asked:
            time.sleep(0.01)
        new = Credentials(client_id="new", client_secret="the-secret")
        connect_account(resources, base_url=other.url, credentials=new)
        renewal.result()
        stored = StoredCredentials(resources).load()
        assert (stored.client_id, stored.access_token) == ("new", "access-1")
        assert find_connection(resources, "zendesk").base_url == other.url


def test_a_connection_that_does_not_work_leaves_the_old_one(
    resources: Resources, desk: Account
) -> None:
    """A slip of the pen costs no access."""
    good = Credentials(client_id="vensor", client_secret="the-secret")
    connect_account(resources, base_url=desk.url, credentials=good)
    before = StoredCredentials(resources).load()
    wrong = Credentials(client_id="vensor", client_secret="a-slip")
    with pytest.raises(ConfigurationError):
        connect_account(resources, base_url=desk.url, credentials=wrong)
    assert StoredCredentials(resources).load() == before


def test_a_save_that_the_warehouse_breaks_off_is_tried_again(
    resources: Resources, public_desk: Account
) -> None:
    """There is no other copy of the new pair."""
    _store(resources, public_desk)
    slug = resources.organization.slug
    blocked = text(
        "select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock'"
        " and query ilike 'update app.connections%' and datname = current_database()"
    )
    with ThreadPoolExecutor(1) as pool:
        with resources.session() as connection:
            connection.execute(text("select 1 from app.connections for update"))
            renewal = pool.submit(_authorization, slug, public_desk.url)
            deadline = time.monotonic() + 10
            broken_off = []
            while not broken_off and time.monotonic() < deadline:
                time.sleep(0.05)
                with resources.session() as other:
                    broken_off = other.execute(blocked).scalars().all()
            assert broken_off == [True]
        assert renewal.result() == "Bearer access-1"
    assert StoredCredentials(resources).load().refresh_token == "refresh-1"


def test_what_was_granted_stands_beside_the_connection(resources: Resources, desk: Account) -> None:
    """Scopes and end, without a secret; a renewal is no new connection."""
    when = text("select connected_at from app.connections where provider = 'zendesk'")
    good = Credentials(client_id="vensor", client_secret="the-secret")
    connect_account(resources, base_url=desk.url, credentials=good)
    first = find_connection(resources, "zendesk")
    with resources.session() as connection:
        connected_at = connection.execute(when).scalar_one()
    assert first.scopes == "read hc:read"
    assert first.expires_at == StoredCredentials(resources).load().expires_at
    desk.scope = "read hc:read write"
    _authorization(resources.organization.slug, desk.url, refused="Bearer access-1")
    second = find_connection(resources, "zendesk")
    assert second.scopes == "read hc:read write"
    assert first.expires_at is not None
    assert second.expires_at is not None
    assert second.expires_at > first.expires_at
    assert second.credentials != first.credentials
    with resources.session() as connection:
        assert connection.execute(when).scalar_one() == connected_at


def test_nobody_renews_between_revoking_and_forgetting(resources: Resources, desk: Account) -> None:
    """A run that wants a token meanwhile waits, and then finds no connection."""
    good = Credentials(client_id="vensor", client_secret="the-secret")
    connect_account(resources, base_url=desk.url, credentials=good)
    slug = resources.organization.slug
    with ThreadPoolExecutor(1) as pool, http_client(desk.url) as http:
        asked: list[object] = []

        def forget() -> None:
            asked.append(pool.submit(_authorization, slug, desk.url, "Bearer access-1"))
            time.sleep(0.5)
            forget_connection(resources, "zendesk")

        TokenProvider(http, StoredCredentials(resources)).revoke(forget)
        with pytest.raises(ConfigurationError, match="not connected to zendesk"):
            asked[0].result()
    assert (desk.live, desk.revoked) == ({}, ["access-1"])
