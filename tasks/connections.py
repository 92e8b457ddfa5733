"""An organization's connections: credentials sealed at rest, opened only to be used."""

from dataclasses import replace

import msgspec

from tasks.resources import Resources
from tasks.zendesk.oauth import Credentials
from warehouse import audit, organizations
from warehouse.organizations import Connected

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
        """Replaces what is stored."""
        connected = find_connection(self._resources, "zendesk")
        sealed = _sealed(self._resources, "zendesk", msgspec.json.encode(credentials))
        with self._resources.session() as connection:
            org_id = self._resources.organization.org_id
            organizations.connect(connection, org_id, replace(connected, credentials=sealed))


def find_connection(resources: Resources, provider: str) -> Connected:
    """The connection. Raises: ConfigurationError naming the command that makes it."""
    with resources.session() as connection:
        return organizations.require_connection(connection, resources.organization, provider)


def unsealed_credentials(resources: Resources, connected: Connected) -> bytes:
    """The secret of a connection, as it was given to `store_connection`."""
    return resources.cipher.unseal_secret(
        connected.credentials, column=COLUMN, row_id=connected.provider
    )


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
    org_id = resources.organization.org_id
    with resources.session() as connection:
        organizations.connect(
            connection, org_id, Connected(provider, base_url, account, client_id, sealed)
        )
        audit.record(
            connection,
            org_id,
            actor=resources.settings.actor,
            action=f"connect.{provider}",
            purpose="connect the organization",
            details={"account": account},
        )


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


def _sealed(resources: Resources, provider: str, secret: bytes) -> bytes:
    return resources.cipher.seal_secret(secret, column=COLUMN, row_id=provider)
