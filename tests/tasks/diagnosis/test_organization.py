"""What is wrong with one organization is found, and named with what to do."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tasks.auditing import seal_audit
from tasks.diagnosis import Finding, tried
from tasks.diagnosis.keys import check_kek, check_keys
from tasks.diagnosis.organization import (
    check_freshness,
    check_quarantine,
    check_retention,
    check_trail,
)
from tasks.encryption.providers.local import from_text
from tasks.proofs import prove
from tasks.resources import Resources
from tasks.settings import load_settings
from tests.conftest import KEK
from warehouse import embedded, ledger
from warehouse.ledger import StageResult
from warehouse.sessions import Logins

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
OTHER = KEK[::-1].lstrip("=") + "="  # as long, and another key


def _only(found: list[Finding]) -> Finding:
    (one,) = found
    return one


def _run(resources: Resources, *, ended: timedelta, state: str) -> None:
    """A run that ended so long ago, in its stage score where it failed."""
    org_id = resources.organization.org_id
    with resources.session() as connection:
        run_id = ledger.begin(connection, org_id, flow="organization", as_of=NOW - ended)
        error = None if state == "completed" else "RefusedError"
        told = {"seconds": 1.0, "error": error}
        ledger.record_stage(connection, org_id, run_id, "score", StageResult(), **told)
        ledger.end(connection, run_id, state=state)
        connection.execute(
            text("""
                update app.runs set ended_at = :at, started_at = :at where run_id = :run_id
            """),
            {"at": NOW - ended, "run_id": run_id},
        )


def test_freshness_is_of_runs_that_completed(resources: Resources) -> None:
    """None yet is nothing to do; a day's that is 26 hours old is; the newest failure is named."""
    slug = resources.organization.slug
    assert _only(check_freshness(slug, NOW)).ok is None
    _run(resources, ended=30 * HOUR, state="completed")
    late = _only(check_freshness(slug, NOW))
    assert late.ok is False
    assert "completed 30.0 h ago" in late.meaning
    _run(resources, ended=2 * HOUR, state="failed")
    failed = _only(check_freshness(slug, NOW))
    assert failed.ok is False
    assert "the newest failed in score (RefusedError)" in failed.meaning
    _run(resources, ended=HOUR, state="completed")
    assert _only(check_freshness(slug, NOW)).ok is True


def test_another_key_encryption_key(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    """Says which key is needed and which is set; with the former one too, how to move."""
    slug = resources.organization.slug
    resources.cipher.seal_secret(b"x", column="app.connections.credentials", row_id="slack")
    assert _only(check_keys(slug)).ok is True
    monkeypatch.setenv("VENSOR_KEK", OTHER)
    needed = from_text(KEK, "the tests").key_uri
    lost = _only(tried(f"{slug}: keys", lambda: check_keys(slug))())
    assert lost.ok is False
    assert needed in lost.meaning
    assert KEK not in repr(lost)
    monkeypatch.setenv("VENSOR_KEK_PREVIOUS", KEK)
    moving = _only(check_keys(slug))
    assert (moving.ok, moving.advice) == (False, "run `vensor keys rotate --kek`")


def test_a_key_encryption_key_that_is_none(
    settings_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its value is not shown."""
    monkeypatch.setenv("VENSOR_KEK", "Wilhelmina")
    found = _only(tried("key-encryption key", lambda: check_kek(load_settings()))())
    assert found.ok is False
    assert "Wilhelmina" not in repr(found)


def test_a_rotation_that_does_not_end(resources: Resources) -> None:
    """Under way is well; for over a day it is to be gone on with."""
    slug = resources.organization.slug
    resources.cipher.seal_secret(b"x", column="app.connections.credentials", row_id="slack")
    retire = "update keys.org_keys set state = 'retired', retired_at = now() - interval '{}'"
    for age, ok in (("1 hour", True), ("2 days", False)):
        with resources.session() as connection:
            connection.execute(text(retire.format(age)))
        _keys, rotation = check_keys(slug)
        assert rotation.ok is ok
    assert f"vensor keys rotate --org {slug}" in rotation.advice


def test_retention_that_is_late(resources: Resources) -> None:
    """What is past its clock for over a day; a proof of days ago; one that was altered."""
    slug, org_id = resources.organization.slug, resources.organization.org_id
    assert _only(check_retention(slug, NOW)).ok is None
    prove(resources, {"found": 0})
    assert _only(check_retention(slug, NOW)).ok is True
    assert _only(check_retention(slug, NOW + 30 * HOUR)).ok is False
    with resources.session() as connection:
        connection.execute(
            text("""
                insert into zendesk.tickets (org_id, id, created_at, updated_at, changed_at)
                values (:org_id, 1, :at, :at, :at)
            """),
            {"org_id": org_id, "at": NOW - timedelta(days=40)},
        )
    late = _only(check_retention(slug, NOW))
    assert late.ok is False
    assert "zendesk.tickets" in late.meaning


def test_a_trail_that_was_altered(resources: Resources, home: Path, logins: Logins) -> None:
    """By whoever owns the database."""
    slug = resources.organization.slug
    with resources.session() as connection:
        resources.audit(connection, action="run", purpose="tests", details={})
    seal_audit(resources)
    assert _only(check_trail(slug, NOW)).ok is True
    told = embedded.start(home)
    owner = create_engine(logins.migrator.set(username=embedded.SUPERUSER, password=told.password))
    with owner.begin() as connection:
        changed = connection.execute(
            text("update audit.events set actor = 'nobody' where org_id = :org_id"),
            {"org_id": resources.organization.org_id},
        )
        assert changed.rowcount
    owner.dispose()
    altered = _only(check_trail(slug, NOW))
    assert altered.ok is False
    assert "vensor audit verify" in altered.advice


def test_an_empty_quarantine_is_well(resources: Resources) -> None:
    assert _only(check_quarantine(resources.organization.slug)).ok is True
