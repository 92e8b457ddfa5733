"""Rotating the key-encryption key: every data key of every organization is wrapped anew.

The data keys stay what they are, and nothing that is sealed is touched. Killed at any instant,
both key-encryption keys are there and every data key is wrapped by one of them: the same call goes
on.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, Engine

from tasks.encryption import KeyEncryptionKeys
from tasks.encryption.kek import file_rotation
from tasks.encryption.keyring import wrap_context
from tasks.errors import ConfigurationError, PermanentError
from tasks.identity import acting
from tasks.progress import report
from tasks.resources import opened_engine, opened_kek
from tasks.settings import Settings, load_settings
from warehouse import audit, keys
from warehouse.sessions import Organization, directory, tenant_session

STAGE = "keys"


@dataclass(frozen=True)
class Rekeying:
    """What was done: data keys `wrapped` by `key_uri` now, and `left` by the URI of another key.

    `broken` are those left that their own key does not open: altered where they lie.
    """

    key_uri: str
    wrapped: int
    left: dict[str, int]
    broken: int

    def __str__(self) -> str:
        left = ", ".join(f"{count:,} under {uri}" for uri, count in sorted(self.left.items()))
        return f"{self.wrapped:,} data keys wrapped by {self.key_uri}; {left or '0'} left"


def rotate_kek() -> Rekeying:
    """Wraps every data key of every organization under the key of VENSOR_KEK, else a new file.

    The former key is VENSOR_KEK_PREVIOUS, or the home's file. A file's former key is forgotten
    once it is proven that nothing is wrapped by it.

    Raises: ConfigurationError where there is no other key to go to; TransientError while another
    process does this, or a key service is away.
    """
    settings = load_settings()
    with _new_key(settings) as forget_former, opened_engine(settings) as engine:
        kek = opened_kek(settings)
        organizations = directory(engine)
        wrapped = broken = 0
        for number, organization in enumerate(organizations):
            report(STAGE, number, total=len(organizations), note=organization.slug)
            done = _rewrap_all(engine, organization, kek, acting(settings.actor).name)
            wrapped, broken = wrapped + done["wrapped"], broken + done["broken"]
        left = _left(engine, kek.key_uri)
        if not left:
            forget_former()
        return Rekeying(kek.key_uri, wrapped, dict(left), broken)


@contextmanager
def _new_key(settings: Settings) -> Iterator[Callable[[], None]]:
    """Within, there is a key to go to; gives what forgets the former one."""
    if settings.kek is None:
        with file_rotation(settings.home) as forget_former:
            yield forget_former
        return
    kek = opened_kek(settings)
    if kek.is_local and not kek.has_former:
        raise ConfigurationError(
            "there is no other key to go to: set VENSOR_KEK to the new key and VENSOR_KEK_PREVIOUS"
            f" to the present one ({kek.key_uri}), everywhere that vensor runs, then rotate"
        )
    yield lambda: None  # whoever set them takes VENSOR_KEK_PREVIOUS away


def _rewrap_all(
    engine: Engine, organization: Organization, kek: KeyEncryptionKeys, actor: str
) -> Counter[str]:
    """Counts of `wrapped` and `broken`. Nobody makes a key for the organization meanwhile."""
    done = Counter[str]()
    with tenant_session(engine, organization.org_id) as connection:
        keys.lock(connection, organization.org_id)
        for stored in keys.wrapped_keys(connection):
            # a service may hold versions of one key: there, all are wrapped by its newest
            if stored.kek_uri != kek.key_uri or not kek.is_local:
                done[_rewrap(connection, organization.org_id, kek, stored)] += 1
        if done:
            audit.record(
                connection,
                organization.org_id,
                actor=actor,
                action="keys.rotate_kek",
                purpose="rotation of the key-encryption key",
                details=dict(done),
            )
    return done


def _rewrap(
    connection: Connection, org_id: UUID, kek: KeyEncryptionKeys, stored: keys.Stored
) -> str:
    context = wrap_context(org_id, stored.key_id)
    try:
        secret = kek.unwrap(stored.kek_uri, stored.wrapped, context)
    except ConfigurationError:
        raise
    except PermanentError:
        return "broken"  # it stays as it is, as evidence; the former key stays with it
    keys.rewrap(connection, keys.Stored(stored.key_id, *kek.wrap(secret, context)))
    return "wrapped"


def _left(engine: Engine, key_uri: str) -> Counter[str]:
    """How many data keys are wrapped by another key, by its URI, over all organizations."""
    left = Counter[str]()
    for organization in directory(engine):
        with tenant_session(engine, organization.org_id) as connection:
            left.update(one.kek_uri for one in keys.wrapped_keys(connection))
    del left[key_uri]
    return left
