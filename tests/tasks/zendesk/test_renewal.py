"""A refresh token is used once: by one process of many, and whatever becomes of that process."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest
from sqlalchemy import text

from tasks.connections import StoredCredentials, forget_connection, store_zendesk
from tasks.errors import ConfigurationError, TransientError
from tasks.http import http_client
from tasks.resources import Resources, opened
from tasks.zendesk import Credentials, ZendeskClient
from tasks.zendesk.credentials import HeldCredentials
from tasks.zendesk.oauth import TokenProvider
from warehouse.renewals import renewal

COUNT = "/api/v2/tickets/count.json"
PROCESS = """
import sys
from tasks.connections import StoredCredentials, find_connection
from tasks.resources import opened
from tasks.zendesk import ZendeskClient
with opened(sys.argv[1]) as resources:
    base_url = find_connection(resources, "zendesk").base_url
    with ZendeskClient.opened(base_url, StoredCredentials(resources)) as client:
        print("ready", flush=True)
        sys.stdin.readline()
        client.check()
        print(client.authorization())
"""
Start = Callable[[], "subprocess.Popen[str]"]
Connect = Callable[[Credentials], None]
Allowed = Callable[..., Credentials]


def _ended(credentials: Credentials) -> Credentials:
    ended = datetime.now(UTC) - timedelta(seconds=1)
    return msgspec.structs.replace(credentials, expires_at=ended)


@pytest.fixture
def connect(resources: Resources, account: dict[str, str]) -> Connect:
    """Connects the organization with these credentials."""

    def store(credentials: Credentials) -> None:
        store_zendesk(resources, base_url=account["base_url"], credentials=credentials)

    return store


@pytest.fixture
def start(resources: Resources) -> Iterator[Start]:
    """Starts a process of vensor's that asks Zendesk once it is told to; ended at the end."""
    processes: list[subprocess.Popen[str]] = []

    def begin() -> "subprocess.Popen[str]":
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", PROCESS, resources.organization.slug],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def client(resources: Resources, account: dict[str, str]) -> Iterator[ZendeskClient]:
    with ZendeskClient.opened(account["base_url"], StoredCredentials(resources)) as opened_client:
        yield opened_client


def _token_requests(control: httpx.Client) -> list[dict[str, object]]:
    told = control.get("/requests").json()["requests"]
    return [one for one in told if one["path"].endswith("/oauth/tokens")]


def test_of_eight_processes_one_refreshes(
    connect: Connect, allowed: Allowed, start: Start, control: httpx.Client
) -> None:
    """The others take what it stored; all ask Zendesk with the one new token."""
    connect(_ended(allowed(public=True)))
    processes = [start() for _ in range(8)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    control.delete("/requests")
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * 8, told[0][1]
    assert len({out for out, _ in told}) == 1
    assert [one["status"] for one in _token_requests(control)] == [200]


def test_of_eight_threads_one_refreshes(
    resources: Resources,
    client: ZendeskClient,
    connect: Connect,
    allowed: Allowed,
    control: httpx.Client,
) -> None:
    """Whether they share an engine or not: the lock is the warehouse's."""
    connect(_ended(allowed(public=True)))
    control.delete("/requests")
    found: list[str] = []

    def ask_alone() -> None:
        with (
            opened(resources.organization.slug) as own,
            ZendeskClient.opened(client.account, StoredCredentials(own)) as one,
        ):
            found.append(one.authorization())

    def ask() -> None:
        found.append(client.authorization())

    threads = [threading.Thread(target=target) for target in (ask, ask_alone) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert len(_token_requests(control)) == 1


def _kill_before_it_saves(resources: Resources, start: Start) -> None:
    """Ends a process with SIGKILL when Zendesk has given it a pair and nothing is stored yet.

    Its saving waits for a row that is held here; that it waits is what tells the instant.
    """
    process = start()
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "ready\n"
    before = StoredCredentials(resources).load()
    held = text("select 1 from app.connections where provider = 'zendesk' for update")
    with resources.session() as connection:
        connection.execute(held)
        process.stdin.write("go\n")
        process.stdin.flush()
        deadline = time.monotonic() + 30
        while not _saving(resources):
            assert time.monotonic() < deadline, "it never came to save"
            time.sleep(0.02)
        process.kill()
        process.wait()
    assert StoredCredentials(resources).load() == before


def _saving(resources: Resources) -> bool:
    waiting = text(
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and wait_event_type = 'Lock' and query ilike 'update app.connections%'"
    )
    with resources.session() as connection:
        return bool(connection.execute(waiting).scalar_one())


def test_killed_between_answer_and_save_a_client_with_a_secret_goes_on(
    resources: Resources,
    client: ZendeskClient,
    connect: Connect,
    allowed: Allowed,
    start: Start,
    control: httpx.Client,
) -> None:
    """The stored refresh token is dead; client credentials stand in, for good."""
    connect(_ended(allowed()))
    _kill_before_it_saves(resources, start)
    control.delete("/requests")
    client.check()
    assert [one["status"] for one in _token_requests(control)] == [400, 200]
    stored = StoredCredentials(resources).load()
    assert stored.kind == "client_credentials"
    assert stored.refresh_token is None
    assert stored.refresh_expires_at is None


def test_killed_between_answer_and_save_a_public_client_asks_for_consent(
    resources: Resources, client: ZendeskClient, connect: Connect, allowed: Allowed, start: Start
) -> None:
    """One clear line; consent makes it work again."""
    connect(_ended(allowed(public=True)))
    _kill_before_it_saves(resources, start)
    with pytest.raises(ConfigurationError, match="vensor connect zendesk … --browser` again"):
        client.check()
    connect(allowed(public=True))
    client.check()


def test_an_answer_that_never_came_is_survived(
    resources: Resources, account: dict[str, str], connect: Connect, allowed: Allowed, fault
) -> None:
    """Zendesk rotated the pair, the connection broke: passing, and then by client credentials."""
    connect(_ended(allowed()))
    fault("oauth/tokens", "timeout_after_commit", seconds=5)
    with httpx.Client(base_url=account["base_url"], timeout=0.5, trust_env=False) as http:
        provider = TokenProvider(http, StoredCredentials(resources))
        with pytest.raises(TransientError, match="did not answer"):
            provider.authorization()
        assert provider.authorization().startswith("Bearer ")


def test_a_lock_that_is_held_too_long_is_a_passing_error(resources: Resources) -> None:
    """It names the organization; who waits in vain has asked Zendesk for nothing."""
    organization, engine = resources.organization, resources.engine
    with renewal(engine, organization, "zendesk"):
        with (
            pytest.raises(TransientError, match=f"changing {organization.slug}'s connection"),
            renewal(engine, organization, "zendesk", wait_seconds=0.1),
        ):
            pytest.fail("two hold the lock")
        with renewal(engine, organization, "slack", wait_seconds=0.1):
            pass
    with renewal(engine, organization, "zendesk", wait_seconds=0.1):
        pass


def test_a_machine_that_is_gone_loses_its_place(resources: Resources) -> None:
    """The database ends its transaction; should it come back, that is a passing error."""
    organization, engine = resources.organization, resources.engine
    with (
        pytest.raises(TransientError, match="not reachable or busy"),
        renewal(engine, organization, "zendesk", idle_seconds=0.3),
        renewal(engine, organization, "zendesk", wait_seconds=10),
    ):
        pass


def test_organizations_do_not_wait_for_each_other(resources: Resources, other_organization) -> None:
    """The lock is one organization's."""
    with (
        renewal(resources.engine, resources.organization, "zendesk"),
        renewal(resources.engine, other_organization, "zendesk", wait_seconds=0.1),
    ):
        pass


def test_what_was_disconnected_meanwhile_stays_so(
    resources: Resources, connect: Connect, allowed: Allowed
) -> None:
    """Saving brings no connection back."""
    connect(allowed())
    store = StoredCredentials(resources)
    credentials = store.load()
    assert forget_connection(resources, "zendesk")
    with pytest.raises(ConfigurationError, match="not connected"):
        store.save(credentials)


def test_nobody_renews_between_revoking_and_forgetting(
    resources: Resources, client: ZendeskClient, connect: Connect, account: dict[str, str]
) -> None:
    """A run that wants a token meanwhile waits, and then finds no connection: none lives on."""
    connect(Credentials(account["client_id"], account["client_secret"]))
    refused = client.authorization()
    store = StoredCredentials(resources)
    found: list[object] = []

    def ask() -> None:
        with opened(resources.organization.slug) as own, http_client(client.account) as http:
            try:
                found.append(TokenProvider(http, StoredCredentials(own)).authorization(refused))
            except ConfigurationError as error:
                found.append(error)

    thread = threading.Thread(target=ask)

    def forget() -> None:
        thread.start()
        thread.join(1)
        assert thread.is_alive()
        assert found == []
        store.forget()

    client.revoke(forget)
    thread.join()
    assert "not connected to zendesk" in str(found[0])


def test_scopes_and_end_are_stored_in_the_open(
    resources: Resources, client: ZendeskClient, connect: Connect, allowed: Allowed
) -> None:
    """Beside the sealed credentials; a renewal moves the end and not the day of connecting."""
    row = text("select scopes, expires_at, connected_at from app.connections")
    credentials = allowed()
    connect(_ended(credentials))
    with resources.session() as connection:
        before = connection.execute(row).one()
    client.check()
    with resources.session() as connection:
        after = connection.execute(row).one()
    assert after.scopes == "read hc:read"
    assert before.expires_at < datetime.now(UTC) < after.expires_at
    assert after.connected_at == before.connected_at
    stored = StoredCredentials(resources).load()
    assert stored.expires_at == after.expires_at
    assert stored.refresh_expires_at is not None
    assert stored.refresh_expires_at > datetime.now(UTC) + timedelta(days=29)
    assert stored.refresh_token != credentials.refresh_token


class _Flaky(HeldCredentials):
    """A store that is away for the first two times."""

    away = 2

    def save(self, credentials: Credentials) -> None:
        if self.away:
            self.away -= 1
            raise TransientError("the warehouse restarts")
        super().save(credentials)


def test_a_warehouse_that_restarts_while_a_pair_is_saved_loses_nothing(
    account: dict[str, str], allowed: Allowed
) -> None:
    """Saving is tried again: nobody can ask for this pair a second time."""
    store = _Flaky(_ended(allowed(public=True)))
    with http_client(account["base_url"]) as http:
        header = TokenProvider(http, store).authorization()
    assert store.load().authorization == header


def test_disconnecting_ends_a_refresh_token_whose_access_token_ended(
    account: dict[str, str], allowed: Allowed
) -> None:
    """It would live for 30 days more."""
    credentials = allowed()
    store = HeldCredentials(_ended(credentials))
    with ZendeskClient.opened(account["base_url"], store) as client:
        client.revoke()
    renewed = store.load()
    assert renewed.refresh_token != credentials.refresh_token
    asked = {"client_id": account["client_id"], "client_secret": account["client_secret"]}
    asked |= {"grant_type": "refresh_token", "refresh_token": str(renewed.refresh_token)}
    answer = httpx.post(f"{account['base_url']}/oauth/tokens", json=asked)
    assert answer.json()["error"] == "invalid_grant"
