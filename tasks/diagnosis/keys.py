"""The keys: the one that wraps, and every organization's that it must open."""

import secrets
import time
from datetime import UTC, datetime, timedelta

from tasks.diagnosis.finding import Finding
from tasks.encryption.keyring import wrap_context
from tasks.resources import opened, opened_kek
from tasks.settings import Settings
from warehouse.keys import Told, all_keys, wrapped_keys

LATE = timedelta(hours=26)


def check_kek(settings: Settings) -> list[Finding]:
    """Whether the key-encryption key, or its service, wraps a key and opens it again."""
    kek = opened_kek(settings)
    began = time.perf_counter()
    key_uri, wrapped = kek.wrap(secrets.token_bytes(32), b"vensor doctor")
    kek.unwrap(key_uri, wrapped, b"vensor doctor")
    taken = f"wraps and opens in {1000 * (time.perf_counter() - began):.0f} ms"
    where = "VENSOR_KEK" if settings.kek else f"in {settings.home}: back it up apart from the data"
    return [Finding("key-encryption key", True, f"{key_uri} ({where}), {taken}")]


def check_keys(slug: str) -> list[Finding]:
    """Whether every data key opens, and how a rotation that is under way stands.

    Raises: ConfigurationError naming the key-encryption key that one needs, PermanentError.
    """
    with opened(slug) as resources:
        with resources.session() as connection:
            wrapped, told = wrapped_keys(connection), all_keys(connection)
        kek = opened_kek(resources.settings)
        org_id = resources.organization.org_id
        for one in wrapped:
            kek.unwrap(one.kek_uri, one.wrapped, wrap_context(org_id, one.key_id))
        under_former = sum(one.kek_uri != kek.key_uri for one in wrapped)
    found = [Finding(f"{slug}: keys", True, f"all {len(wrapped)} open")]
    if under_former:
        told_of = f"{under_former} of {len(wrapped)} open under the former key-encryption key only"
        advice = "run `vensor keys rotate --kek`"
        found = [Finding(f"{slug}: keys", False, told_of, advice)]
    return found + _rotation(slug, told)


def _rotation(slug: str, told: list[Told]) -> list[Finding]:
    """Retired keys are waited for at most until the next nightly retention."""
    retired = [one for one in told if one.state == "retired" and one.ended_at is not None]
    if not retired:
        return []
    since = min(one.ended_at for one in retired if one.ended_at is not None)
    late = datetime.now(UTC) - since > LATE
    meaning = f"under way since {since:%Y-%m-%d %H:%M} UTC, {len(retired)} keys are retired"
    advice = f"run `vensor keys rotate --org {slug}`, which goes on with it" if late else ""
    return [Finding(f"{slug}: rotation", not late, meaning, advice)]
