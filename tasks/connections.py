"""An organization's connections: credentials sealed at rest, opened only to be used."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from tasks.errors import ConfigurationError
from tasks.escalation import SlackChannel
from tasks.resources import Resources
from tasks.zendesk.client import ZendeskClient
from tasks.zendesk.credentials import Credentials
from warehouse import organizations
from warehouse.organizations import Connected
from warehouse.renewals import renewal

COLUMN = "app.connections.credentials"


class StoredCredentials:
    """The Zendesk credentials of one organization: each change is stored before it is used."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def load(self) -> Credentials:
        """What is stored now: another process may have renewed it since."""
        plain = unsealed_credentials(self._resources, find_connection(self._resources, "zendesk"))
        return msgspec.json.decode(plain, type=Credentials)

    def save(self, credentials: Credentials) -> None:
        """Replaces what is stored. Raises: ConfigurationError if it was disconnected meanwhile."""
        connected = find_connection(self._resources, "zendesk")
        sealed = _sealed(self._resources, "zendesk", msgspec.json.encode(credentials))
        renewed = replace(
            connected,
            credentials=sealed,
            scopes=credentials.scopes or None,
            expires_at=credentials.ends_at,
        )
        with self._resources.session() as connection:
            if not organizations.renew(connection, renewed):
                raise ConfigurationError("the organization was disconnected from Zendesk meanwhile")
            self._resources.cipher.record_uses(connection)

    def forget(self) -> None:
        """Deletes the connection, audited; to be called within `renewing`."""
        with self._resources.session() as connection:
            _forget(connection, self._resources, "zendesk")

    @contextmanager
    def renewing(self) -> Iterator[None]:
        """Within, no other process renews, replaces or forgets these credentials."""
        with renewal(self._resources.engine, self._resources.organization, "zendesk"):
            yield


def find_connection(resources: Resources, provider: str) -> Connected:
    """The connection. Raises: ConfigurationError naming the command that makes it."""
    with resources.session() as connection:
        return organizations.require_connection(connection, resources.organization, provider)


def unsealed_credentials(resources: Resources, connected: Connected) -> bytes:
    """The secret of a connection, as it was given to `store_connection`."""
    with resources.session(f"use the connection to {connected.provider}"):
        return resources.cipher.unseal_secret(
            connected.credentials, column=COLUMN, row_id=connected.provider
        )


def open_slack(resources: Resources) -> SlackChannel:
    """The organization's channel. Raises: ConfigurationError where it has none."""
    connected = find_connection(resources, "slack")
    token = unsealed_credentials(resources, connected).decode()
    return SlackChannel(base_url=connected.base_url, token=token, channel=connected.account)


def store_zendesk(resources: Resources, *, base_url: str, credentials: Credentials) -> None:
    """Stores credentials that were tried, in place of earlier ones."""
    store_connection(
        resources,
        provider="zendesk",
        base_url=base_url,
        account=base_url.rstrip("/").rsplit("/", 1)[-1],
        client_id=credentials.client_id or None,
        secret=msgspec.json.encode(credentials),
        scopes=credentials.scopes or None,
        expires_at=credentials.ends_at,
    )


def store_connection(
    resources: Resources,
    *,
    provider: str,
    base_url: str,
    account: str,
    client_id: str | None,
    secret: bytes,
    scopes: str | None = None,
    expires_at: datetime | None = None,
) -> None:
    """Stores a connection with its secret sealed, and that it was made in the audit trail."""
    sealed = _sealed(resources, provider, secret)
    connected = Connected(provider, base_url, account, client_id, sealed, scopes, expires_at)
    with _changing(resources, provider) as connection:
        organizations.connect(connection, resources.organization.org_id, connected)
        resources.cipher.record_uses(connection)
        _record(connection, resources, f"connect.{provider}", {"account": account})


def revoke_zendesk(resources: Resources) -> str:
    """Ends the stored token at Zendesk and forgets the connection; the kind of credentials it was.

    An API token is left, which only Zendesk's Admin Center can delete. Raises: TransientError.
    """
    base_url = find_connection(resources, "zendesk").base_url
    store = StoredCredentials(resources)
    kind = store.load().kind
    with ZendeskClient.opened(base_url, store) as client:
        client.revoke(forget=store.forget)
    return kind


def forget_connection(resources: Resources, provider: str) -> bool:
    """Deletes a connection with its secrets, audited; False if there was none."""
    with _changing(resources, provider) as connection:
        return _forget(connection, resources, provider)


def _forget(connection: Connection, resources: Resources, provider: str) -> bool:
    forgotten = organizations.disconnect(connection, provider)
    if forgotten:
        _record(connection, resources, f"disconnect.{provider}", {})
    return forgotten


@contextmanager
def _changing(resources: Resources, provider: str) -> Iterator[Connection]:
    """A transaction while nobody renews: a renewal under way would undo what it does."""
    with (
        renewal(resources.engine, resources.organization, provider),
        resources.session() as connection,
    ):
        yield connection


def _record(
    connection: Connection, resources: Resources, action: str, details: dict[str, str]
) -> None:
    resources.audit(
        connection,
        action=action,
        purpose=f"{action.partition('.')[0]} the organization",
        details=details,
    )


def _sealed(resources: Resources, provider: str, secret: bytes) -> bytes:
    return resources.cipher.seal_secret(secret, column=COLUMN, row_id=provider)
