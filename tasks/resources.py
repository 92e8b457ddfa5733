"""What a task works with: one organization, its engine and its cipher, opened for that task."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from tasks.encryption import Cipher, KeyEncryptionKeys, Keyring, key_encryption_keys
from tasks.encryption.reads import CONTENT, SECRET, Read
from tasks.identity import acting, stated_purpose
from tasks.settings import Settings, load_settings
from warehouse import audit
from warehouse.sessions import (
    Logins,
    Organization,
    engine_for,
    find_organization,
    tenant_session,
)


@dataclass(frozen=True)
class Resources:
    """The collaborators of one task for one organization."""

    settings: Settings
    logins: Logins
    engine: Engine
    organization: Organization
    cipher: Cipher

    @contextmanager
    def session(
        self, purpose: str | None = None, told: Mapping[str, int | str] | None = None
    ) -> Iterator[Connection]:
        """A transaction of this organization, at whose end the audit trail says what was unsealed.

        One row, with how many values of each column, and `told`, which may be filled until then.
        It is for `purpose`, or else for what the command or step does. The row is committed before
        anybody gets to use what was read; where the transaction fails, or something was
        unsealed outside of one, the next one says it, or the end of these resources.
        """
        read: Counter[Read] = Counter()
        try:
            with tenant_session(self.engine, self.organization.org_id) as connection:
                yield connection
                read = self.cipher.reads.take()
                self._audit_reads(connection, read, purpose or stated_purpose(), told or {})
        except BaseException:
            self.cipher.reads.put_back(read)
            raise

    @contextmanager
    def transformer(self) -> Iterator[Engine]:
        """The engine of dbt's login, which owns the metric tables; closed at the end."""
        engine = engine_for(self.logins.transformer)
        try:
            yield engine
        finally:
            engine.dispose()

    def _audit_reads(
        self,
        connection: Connection,
        read: Counter[Read],
        purpose: str,
        told: Mapping[str, int | str],
    ) -> None:
        for action in (CONTENT, SECRET):
            counts = {column: count for (kind, column), count in read.items() if kind == action}
            details = counts | (dict(told) if action == CONTENT else {})
            if details:
                self.audit(connection, action=action, purpose=purpose, details=details)

    def audit(
        self,
        connection: Connection,
        *,
        action: str,
        purpose: str,
        details: Mapping[str, int | str],
    ) -> None:
        """Adds what is done here, and by whom, to the audit trail. See `warehouse.audit.record`."""
        audit.record(
            connection,
            self.organization.org_id,
            actor=self.settings.actor,
            action=action,
            purpose=purpose,
            details=details,
        )


def opened_kek(settings: Settings) -> KeyEncryptionKeys:
    """The key-encryption keys of the settings. Raises: ConfigurationError."""
    return key_encryption_keys(
        settings.home,
        *(
            None if told is None else told.get_secret_value()
            for told in (settings.kek, settings.kek_previous)
        ),
    )


@contextmanager
def opened_engine(settings: Settings) -> Iterator[Engine]:
    """The loader's engine, its connections closed at the end."""
    engine = engine_for(settings.logins().loader)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def opened(slug: str) -> Iterator[Resources]:
    """The resources for the organization `slug`, whose audit trail names who acts.

    Raises: ConfigurationError when a setting, the warehouse or the organization is missing.
    """
    settings = load_settings()
    settings = settings.model_copy(update={"actor": acting(settings.actor).name})
    with opened_engine(settings) as engine:
        organization = find_organization(engine, slug)
        keyring = Keyring(engine, organization.org_id, opened_kek(settings))
        found = Resources(settings, settings.logins(), engine, organization, Cipher(keyring))
        try:
            yield found
        finally:
            if found.cipher.reads:
                with found.session():
                    pass  # its end says what no other has said
