"""One embedded Postgres for the session, one database for each worker, one organization a test.

Tests log in as the roles that the product uses, never as the owner; nothing is mocked. What a
test writes belongs to its own organization, so that tests need no order and no clean-up.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from filelock import FileLock
from psycopg import sql
from sqlalchemy import Engine

from cli import peers
from tasks.encryption import Cipher, KeyEncryptionKeys, Keyring
from tasks.encryption.providers.local import from_text
from tasks.metrics.dbt import PARSED, _run, prepare
from tasks.resources import Resources, opened
from tests.supabase import Supabase, serving
from warehouse import embedded, publishing
from warehouse.bootstrap import initialise_embedded
from warehouse.migrate import migrate
from warehouse.organizations import add_organization, ensure_partitions
from warehouse.sessions import (
    Logins,
    Organization,
    engine_for,
    find_organization,
    tenant_session,
)

HOME = "VENSOR_TEST_HOME"
KEK = "PaYVaVhI6bGsI7fc43qVmlGNOztYTNKctZL/lb5oJRk="
LONGEST = (
    "tests/flows/test_no_leaks.py",
    "tests/flows/test_organization.py",
    "tests/warehouse/test_isolation.py",
    "tests/flows/test_gates.py",
    "tests/dbt/test_ticket_flow.py",
    "tests/dbt/test_seals.py",
    "tests/cli/test_connect.py",
    "tests/flows/test_authorized.py",
    "tests/flows/test_evaluation.py",
    "tests/flows/test_killed.py",
    "tests/cli/test_members.py",
    "tests/tasks/test_rotation.py",
    "tests/tasks/zendesk/test_limits.py",
    "tests/tasks/zendesk/test_modes.py",
    "tests/tasks/quality/test_gates.py",
    "tests/tasks/quality/test_published.py",
    "tests/dbt/test_model_figures.py",
    "tests/dbt/test_service.py",
    "tests/dbt/test_runs.py",
    "tests/evaluation/test_goals.py",
)
# Left to `make test-all`, so that `make test` ends within a quarter of an hour on two cores: what
# takes many builds, many runs of the terminal, or a second shape of what is tested in the first.
SLOW = (
    "tests/chaos/test_chaos.py",
    "tests/benchmarks/test_soak.py::test_days",
    "tests/flows/test_schedules.py",
    "tests/dbt/test_seals.py",
    "tests/dbt/test_service.py",
    "tests/dbt/test_model_figures.py",
    "tests/flows/test_audited.py",
    "tests/flows/test_authorized.py",
    "tests/flows/test_backfill",
    "tests/flows/test_evaluation.py",
    "tests/flows/test_gates.py",
    "tests/flows/test_offboarding.py",
    "tests/flows/test_killed.py",
    "tests/flows/test_machines.py",
    "tests/flows/test_no_leaks.py",
    "tests/flows/test_organization.py::test_one_organization_s_failure",
    "tests/flows/test_privacy.py",
    "tests/flows/test_retention.py",
    "tests/flows/test_watched.py",
    "tests/fuzz/test_documents.py::test_what_takes_too_long",
    "tests/fuzz/test_flow_runs.py",
    "tests/tasks/escalation/test_said_once.py::test_killed",
    "tests/tasks/models/test_killed.py",
    "tests/tasks/recordings/test_words.py::test_word_errors",
    "tests/tasks/rights/test_erasing.py::test_an_erased_person_is_gone",
    "tests/tasks/redaction/test_redactor.py::test_a_text_made_to_keep_patterns_busy",
    "tests/tasks/scoring/test_train.py::test_five_folds",
    "tests/tasks/retention/test_purging.py::test_a_purge_killed",
    "tests/tasks/test_rotation.py::test_a_rotation_that_is_killed",
    "tests/tasks/test_rotation.py::test_under_load",
    "tests/tasks/zendesk/test_limits.py::test_processes_share",
    "tests/tasks/zendesk/test_modes.py",
    "tests/warehouse/test_backups.py::test_without_the_keys",
    "tests/warehouse/test_search.py::test_cells_hold_the_nearest",
)
SLOW_SHAPE = "supabase"
UNLIMITED = (
    "incremental",
    "talk_incremental",
    "help_center",
    "search_export",
    "deleted_records",
    "account",
    "slack",
    "openai",
)


def pytest_configure(config: pytest.Config) -> None:
    """The controller makes the folder that its workers share."""
    if not hasattr(config, "workerinput") and HOME not in os.environ:
        os.environ[HOME] = tempfile.mkdtemp(prefix="vensor-test-")
        config.add_cleanup(_clean_up)
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("PREFECT_RESULTS_PERSIST_BY_DEFAULT", "false")


@pytest.hookimpl(tryfirst=True)  # before what is marked is deselected
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no worker ends long after the others."""
    for item in items:
        call = getattr(item, "callspec", None)
        shape = call and call.params.get("warehouse")
        if item.nodeid.startswith(SLOW) or shape == SLOW_SHAPE:
            item.add_marker("slow")
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.split("::")[0], len(places)))


def _clean_up() -> None:
    home = Path(os.environ.pop(HOME))
    embedded.stop(home)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def home() -> Path:
    """The folder that the workers share."""
    return Path(os.environ[HOME])


def measured_database(home: Path, name: str) -> Logins:
    """The logins of a database with metric tables, a copy of one that is made once."""
    superuser = embedded.start(home)
    with FileLock(home / "measured.lock"):
        whole = initialise_embedded(home, database="vensor_measured")
        migrate(whole.migrator)
        prepare(whole.transformer, target_dir=home / "dbt")
        url = whole.migrator.set(
            drivername="postgresql",
            username=embedded.SUPERUSER,
            password=superuser.password,
            database="postgres",
        ).render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute("select from pg_database where datname = %s", [name])
            if found.fetchone() is None:
                made = "create database {} template vensor_measured owner vensor_owner"
                connection.execute(sql.SQL(made).format(sql.Identifier(name)))
    return initialise_embedded(home, database=name)


def parsed_project(home: Path, folder: Path, logins: Logins) -> Path:
    """`folder`, with the dbt project as it is parsed for this database; that takes 15 seconds."""
    kept = home / f"dbt-{logins.transformer.database}"
    with FileLock(f"{kept}.lock"):
        if not (kept / PARSED).exists():
            _run(["parse"], logins.transformer, target_dir=kept / "parsed")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(kept / PARSED, folder / PARSED)
    return folder


@pytest.fixture(scope="session")
def logins(home: Path, worker_id: str) -> Logins:
    """The logins of this worker's own database."""
    return measured_database(home, f"vensor_{worker_id}")


@pytest.fixture(scope="session")
def engine(logins: Logins) -> Iterator[Engine]:
    """The loader's engine."""
    made = engine_for(logins.loader)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def as_of() -> datetime:
    """The instant that tests see the world as of."""
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def partitions(engine: Engine, as_of: datetime) -> None:
    """Daily partitions around the present, and some beyond the clock."""
    ensure_partitions(
        engine, (as_of - timedelta(days=45)).date(), (as_of + timedelta(days=2)).date()
    )


def new_organization(
    engine: Engine, *, timezone: str = "UTC", retention_days: int = 30
) -> Organization:
    """An organization of its own."""
    slug = f"org-{uuid4().hex[:12]}"
    add_organization(
        engine, slug=slug, name=slug.upper(), timezone=timezone, retention_days=retention_days
    )
    return find_organization(engine, slug)


def published(logins: Logins, organization: Organization, as_of: datetime) -> None:
    """Publishes a build as of then: without one no ticket is purged."""
    org_id = organization.org_id
    engine = engine_for(logins.transformer)
    with tenant_session(engine, org_id) as connection:
        begun = publishing.begin(connection, as_of=as_of, definition="of the tests")
        publishing.finish(connection, org_id, begun)
        publishing.publish(connection, org_id)
    engine.dispose()


@pytest.fixture
def organization(engine: Engine, partitions: None) -> Organization:
    """A new organization."""
    return new_organization(engine)


@pytest.fixture
def other_organization(engine: Engine, partitions: None) -> Organization:
    """Another."""
    return new_organization(engine)


@pytest.fixture(scope="session")
def kek() -> KeyEncryptionKeys:
    """A key-encryption key of the tests' own."""
    key = from_text(KEK, "the tests")
    return KeyEncryptionKeys(lambda: (key, None))


def cipher_of(engine: Engine, org_id: UUID, kek: KeyEncryptionKeys) -> Cipher:
    """The organization's cipher, with a keyring of its own."""
    return Cipher(Keyring(engine, org_id, kek))


@pytest.fixture
def cipher(engine: Engine, organization: Organization, kek: KeyEncryptionKeys) -> Cipher:
    """The organization's cipher."""
    return cipher_of(engine, organization.org_id, kek)


@pytest.fixture
def settings_environment(monkeypatch: pytest.MonkeyPatch, logins: Logins, tmp_path: Path) -> None:
    """The environment in which the product's own settings lead to this worker's database."""
    monkeypatch.setenv("VENSOR_HOME", str(tmp_path))
    monkeypatch.setenv("VENSOR_KEK", KEK)
    for name, url in (
        ("WAREHOUSE", logins.migrator),
        ("LOADER", logins.loader),
        ("TRANSFORMER", logins.transformer),
    ):
        monkeypatch.setenv(f"VENSOR_{name}_URL", url.render_as_string(hide_password=False))


@pytest.fixture
def resources(settings_environment: None, organization: Organization) -> Iterator[Resources]:
    """What a step works with, for a new organization."""
    with opened(organization.slug) as found:
        yield found


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peers.Sandbox]:
    """A sandbox of this worker's own: a small world without limits, on a real socket."""
    folder = tmp_path_factory.mktemp("sandbox")
    limits = dict.fromkeys(UNLIMITED, 1_000_000)
    yield peers.start(folder, {"acme": 60, "globex": 40}, limits=limits)
    peers.stop(folder)


@pytest.fixture
def supabase() -> Iterator[Supabase]:
    """A Supabase Auth that answers on loopback."""
    with serving() as project:
        yield project
