"""An organization's connections: credentials sealed at rest, opened only to be used."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import msgspec
import stamina

from tasks.errors import TransientError
from tasks.resources import Resources
from tasks.zendesk import Credentials, ZendeskClient
from tasks.zendesk.oauth import NotStored
from warehouse import audit, organizations
from warehouse.organizations import Connected

COLUMN = "app.connections.credentials"
ZENDESK = "zendesk"
SAVE_ATTEMPTS = 6
SAVE_SECONDS = 15.0


class StoredCredentials:
    """The Zendesk credentials of one organization: each change is stored before it is used."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def load(self) -> Credentials:
        """What is stored now: another process may have renewed it since."""
        plain = unsealed_credentials(self._resources, find_connection(self._resources, ZENDESK))
        return msgspec.json.decode(plain, type=Credentials)

    def save(self, credentials: Credentials) -> None:
        """Replaces what is stored; it is safe once this returns.

        In a transaction of its own, tried again for a while: should the one that holds the
        credentials be lost, the new pair is not, and there is no other copy of it.
        """
        sealed = _sealed(self._resources, ZENDESK, msgspec.json.encode(credentials))
        for attempt in stamina.retry_context(
            on=TransientError, attempts=SAVE_ATTEMPTS, timeout=SAVE_SECONDS
        ):
            with attempt:
                renewed = replace(
                    find_connection(self._resources, ZENDESK),
                    credentials=sealed,
                    scopes=credentials.scopes or None,
                    expires_at=credentials.expires_at,
                )
                with self._resources.session() as connection:
                    organizations.renew(connection, renewed)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within, no other process or machine renews or replaces these credentials.

        Raises: TransientError when another does not let go of them within a minute.
        """
        with self._resources.session() as connection:
            organizations.hold(connection, self._resources.organization, ZENDESK)
            yield


def find_connection(resources: Resources, provider: str) -> Connected:
    """The connection. Raises: ConfigurationError naming the command that makes it."""
    with resources.session() as connection:
        return organizations.require_connection(connection, resources.organization, provider)


def unsealed_credentials(resources: Resources, connected: Connected) -> bytes:
    """The secret of a connection, as it was given to `store_connection`."""
    return resources.cipher.unseal_secret(
        connected.credentials, column=COLUMN, row_id=connected.provider
    )


def connect_account(
    resources: Resources, *, base_url: str, credentials: Credentials
) -> Credentials:
    """What was stored for a connection to Zendesk, once the account has answered to it.

    What was stored before stays as it is if the account does not.
    """
    tried = NotStored(credentials)
    with ZendeskClient.opened(base_url, tried) as client:
        client.check()
    works = tried.load()
    connected = Connected(
        provider=ZENDESK,
        base_url=base_url,
        account=base_url.rstrip("/").rsplit("/", 1)[-1],
        client_id=works.client_id or None,
        credentials=_sealed(resources, ZENDESK, msgspec.json.encode(works)),
        scopes=works.scopes or None,
        expires_at=works.expires_at,
    )
    _store(resources, connected)
    return works


def store_connection(
    resources: Resources,
    *,
    provider: str,
    base_url: str,
    account: str,
    client_id: str | None,
    secret: bytes,
) -> None:
    """Stores a connection with its secret sealed, and that it was made in the audit trail."""
    sealed = _sealed(resources, provider, secret)
    _store(resources, Connected(provider, base_url, account, client_id, sealed))


def forget_connection(resources: Resources, provider: str) -> bool:
    """Deletes a connection with its secrets, audited; False if there was none."""
    org_id = resources.organization.org_id
    with resources.session() as connection:
        forgotten = organizations.disconnect(connection, provider)
        if forgotten:
            audit.record(
                connection,
                org_id,
                actor=resources.settings.actor,
                action=f"disconnect.{provider}",
                purpose="disconnect the organization",
                details={},
            )
    return forgotten


def _store(resources: Resources, connected: Connected) -> None:
    """Holds the place first: a renewal under way would otherwise overwrite this with its own."""
    organization = resources.organization
    with resources.session() as connection:
        organizations.hold(connection, organization, connected.provider)
        organizations.connect(connection, organization.org_id, connected)
        audit.record(
            connection,
            organization.org_id,
            actor=resources.settings.actor,
            action=f"connect.{connected.provider}",
            purpose="connect the organization",
            details={"account": connected.account},
        )


def _sealed(resources: Resources, provider: str, secret: bytes) -> bytes:
    return resources.cipher.seal_secret(secret, column=COLUMN, row_id=provider)
