"""The key-encryption key rotates under load: nothing fails to open, none is left, none is lost."""

import base64
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tasks.encryption import Cipher
from tasks.errors import ConfigurationError, PermanentError
from tasks.rekey import rotate_kek
from tasks.resources import opened
from tests.conftest import new_organization
from warehouse.bootstrap import initialise_embedded
from warehouse.migrate import migrate
from warehouse.sessions import Logins, directory, engine_for, tenant_session

PLACE = {"column": "zendesk.comment_contents.sealed", "row_id": "1"}
ROTATE = "from tasks.rekey import rotate_kek; rotate_kek()"


def told() -> str:
    """A key as VENSOR_KEK has it."""
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture(scope="module")
def own_logins(home: Path, worker_id: str) -> Logins:
    """A database of its own: the key-encryption key is every organization's."""
    found = initialise_embedded(home, database=f"vensor_rekey_{worker_id}")
    migrate(found.migrator)
    return found


@pytest.fixture
def own_home(own_logins: Logins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of an installation without VENSOR_KEK."""
    monkeypatch.setenv("VENSOR_HOME", str(tmp_path))
    for name, url in (
        ("WAREHOUSE", own_logins.migrator),
        ("LOADER", own_logins.loader),
        ("TRANSFORMER", own_logins.transformer),
    ):
        monkeypatch.setenv(f"VENSOR_{name}_URL", url.render_as_string(hide_password=False))
    return tmp_path


@pytest.fixture
def own_engine(own_logins: Logins) -> Iterator[Engine]:
    """The loader's; what the test before has left of keys is destroyed."""
    engine = engine_for(own_logins.loader)
    for organization in directory(engine):
        with tenant_session(engine, organization.org_id) as connection:
            connection.execute(text("delete from keys.org_keys"))
    yield engine
    engine.dispose()


@pytest.fixture
def sealed(own_home: Path, own_engine: Engine, as_of: datetime) -> dict[str, list[bytes]]:
    """Three organizations' values of five weeks, by slug."""
    return {
        slug: _seal(slug, as_of) for slug in (new_organization(own_engine).slug for _ in range(3))
    }


def _seal(slug: str, as_of: datetime) -> list[bytes]:
    with opened(slug) as resources:
        cipher = resources.cipher
        days = (as_of - timedelta(days=7 * week) for week in range(5))
        return [cipher.seal(b"words", changed_at=day, **PLACE) for day in days]


def _unseal_all(sealed: dict[str, list[bytes]], as_of: datetime) -> None:
    for slug, values in sealed.items():
        with opened(slug) as resources:
            _open(resources.cipher, values, as_of)


def _open(cipher: Cipher, values: list[bytes], as_of: datetime) -> None:
    for week, value in enumerate(values):
        day = as_of - timedelta(days=7 * week)
        assert cipher.unseal(value, changed_at=day, **PLACE) == b"words"


def _uris(engine: Engine, slug: str) -> set[str]:
    with opened(slug) as resources, resources.session() as connection:
        rows = connection.execute(text("select kek_uri from keys.org_keys where wrapped <> ''"))
        return set(rows.scalars())


def test_a_new_file_takes_the_place_of_the_old(
    sealed: dict[str, list[bytes]], own_home: Path, own_engine: Engine, as_of: datetime
) -> None:
    """Every wrap is another, the former key is gone, everything opens; the trail tells of it."""
    before = (own_home / "kek").read_text()
    done = rotate_kek()
    assert (done.wrapped, done.left, done.broken) == (15, {}, 0)
    assert (own_home / "kek").read_text() != before
    assert not (own_home / "kek.previous").exists()
    for slug in sealed:
        assert _uris(own_engine, slug) == {done.key_uri}
        with opened(slug) as resources, resources.session() as connection:
            rows = connection.execute(
                text("select actor, details from audit.events where action = 'keys.rotate_kek'")
            )
            assert [tuple(row) for row in rows] == [(resources.settings.actor, {"wrapped": 5})]
    _unseal_all(sealed, as_of)
    assert rotate_kek().key_uri != done.key_uri, "the next one is another rotation"
    _unseal_all(sealed, as_of)


def test_from_one_setting_to_another_and_again(
    sealed: dict[str, list[bytes]],
    own_home: Path,
    as_of: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From the home's file to VENSOR_KEK, then on by VENSOR_KEK_PREVIOUS; repeated, it does
    nothing; without another key to go to, it says what to set."""
    first, second = told(), told()
    monkeypatch.setenv("VENSOR_KEK", first)
    assert (rotate_kek().wrapped, rotate_kek().wrapped) == (15, 0)
    (own_home / "kek").unlink()
    _unseal_all(sealed, as_of)
    with pytest.raises(ConfigurationError, match="VENSOR_KEK_PREVIOUS to the present one"):
        rotate_kek()
    monkeypatch.setenv("VENSOR_KEK", second)
    monkeypatch.setenv("VENSOR_KEK_PREVIOUS", first)
    _unseal_all(sealed, as_of)
    assert (rotate_kek().wrapped, rotate_kek().wrapped) == (15, 0)
    monkeypatch.delenv("VENSOR_KEK_PREVIOUS")
    _unseal_all(sealed, as_of)
    monkeypatch.setenv("VENSOR_KEK", first)
    with pytest.raises(ConfigurationError, match="set VENSOR_KEK_PREVIOUS"):
        _unseal_all(sealed, as_of)


def test_under_load_no_read_fails_and_new_keys_are_the_new_one_s(
    sealed: dict[str, list[bytes]], own_home: Path, own_engine: Engine, as_of: datetime
) -> None:
    """Readers with keyrings of their own, and others that make organizations and keys."""
    stop, wrong, reads = threading.Event(), list[BaseException](), list[int]()
    made = dict[str, list[bytes]]()

    def read() -> None:
        _unseal_all(sealed, as_of)
        reads.append(1)

    def create() -> None:
        slug = new_organization(own_engine).slug
        made[slug] = _seal(slug, as_of)

    def loop(work: object) -> None:
        while not stop.is_set():
            try:
                work()
            except BaseException as error:
                wrong.append(error)
                return

    threads = [threading.Thread(target=loop, args=(work,)) for work in (read, create)]
    for thread in threads:
        thread.start()
    rotations = []
    for _ in range(5):
        rotations.append(rotate_kek())
        time.sleep(0.1)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(reads) > 5
    assert len(made) > 5
    assert not any(done.left for done in rotations)
    assert rotate_kek().left == {}
    _unseal_all(sealed | made, as_of)


def test_killed_at_any_instant_it_goes_on(
    sealed: dict[str, list[bytes]], own_home: Path, as_of: datetime
) -> None:
    """After each of many kills everything opens; in the end none is left under a former key."""
    kills = 0
    for delay in (0.0, 0.05, 0.1, 0.15, 0.2, 0.25):
        process = subprocess.Popen(
            [sys.executable, "-c", f"import time\nprint(1)\n{ROTATE}"], stdout=subprocess.PIPE
        )
        started = time.monotonic()
        while not (own_home / "kek.lock").exists() and time.monotonic() < started + 20:
            time.sleep(0.005)
        time.sleep(delay)
        kills += process.poll() is None
        process.kill()
        process.communicate()
        (own_home / "kek.lock").unlink(missing_ok=True)
        _unseal_all(sealed, as_of)
    assert kills >= 3
    assert rotate_kek().left == {}
    assert not (own_home / "kek.previous").exists()
    _unseal_all(sealed, as_of)


def test_a_wrap_that_was_altered_is_kept_with_the_key_that_it_needs(
    sealed: dict[str, list[bytes]], own_home: Path, own_engine: Engine, as_of: datetime
) -> None:
    """All others move; put right, the next rotation ends."""
    slug = next(iter(sealed))
    spoil = text(
        "update keys.org_keys set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)"
        " where key_id = 1"
    )

    def alter() -> None:
        with opened(slug) as resources, resources.session() as connection:
            connection.execute(spoil)

    alter()
    done = rotate_kek()
    assert (done.wrapped, done.broken, sum(done.left.values())) == (14, 1, 1)
    assert (own_home / "kek.previous").exists()
    with pytest.raises(PermanentError, match="does not open"):
        _unseal_all(sealed, as_of)
    alter()
    assert (rotate_kek().wrapped, rotate_kek().broken) == (1, 0)
    _unseal_all(sealed, as_of)
