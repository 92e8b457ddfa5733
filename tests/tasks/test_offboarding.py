"""The end of an organization: two must agree, nothing is left, and no other is touched."""

import csv
import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from tasks.certificates import CERTIFICATE, read_certificate, write_certificate
from tasks.encryption import KeyEncryptionKeys
from tasks.encryption.providers.local import create_file, from_text
from tasks.errors import ConfigurationError, NotAllowedError, PermanentError, TransientError
from tasks.offboarding import (
    STEPS,
    Leaving,
    approve_deletion,
    ask_to_delete,
    delete_organization,
)
from tasks.resources import Resources, opened
from tasks.takeout import read_manifest
from tasks.takeout_content import CONTENT, open_content
from tests.conftest import KEK, measured_database, new_organization
from tests.warehouse.planted import MINE, THEIRS, Planted, planted
from warehouse import embedded, offboarding
from warehouse.holds import find_all, lift
from warehouse.keys import destroy_past
from warehouse.loading import Rows, merge
from warehouse.sessions import Logins, directory
from warehouse.tables import zendesk
from warehouse.tables.app import organizations

TICKET = ("ticket_id", "sealed", "changed_at")

ROWS = """
    select n.nspname || '.' || c.relname from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
    where c.relkind in ('r', 'p') and not c.relispartition
"""


@pytest.fixture(scope="module")
def warehouse(
    home: Path, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Planted]:
    """Every table of it holds a row of each of two organizations."""
    logins = measured_database(home, f"vensor_leaving_{worker_id}")
    superuser = logins.loader.set(username="postgres", password=embedded.start(home).password)
    found = planted(superuser, logins, tmp_path_factory.mktemp("leaving"), supabase=False)
    with found.as_superuser() as connection:
        connection.execute("delete from app.logins")  # roles that no function of ours made
        connection.execute("delete from app.offboardings")
    return found


@pytest.fixture
def leaves(
    warehouse: Planted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings_environment: None
) -> Iterator[Resources]:
    """The organization that leaves."""
    _lead_to(monkeypatch, warehouse.logins)
    with opened(f"org-{MINE.hex[:8]}") as found:
        yield found


def _lead_to(monkeypatch: pytest.MonkeyPatch, logins: Logins) -> None:
    for name, url in (
        ("WAREHOUSE", logins.migrator),
        ("LOADER", logins.loader),
        ("TRANSFORMER", logins.transformer),
    ):
        monkeypatch.setenv(f"VENSOR_{name}_URL", url.render_as_string(hide_password=False))


def _counts(warehouse: Planted, org_id: UUID) -> dict[str, int]:
    with warehouse.as_superuser() as connection:
        names = [name for (name,) in connection.execute(ROWS)]
        counts = {
            name: connection.execute(
                f"select count(*) from {name} where org_id = %s", [org_id]
            ).fetchone()[0]
            for name in names
        }
    return {name: count for name, count in counts.items() if count}


def _approved(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for by one, approved by another."""
    ask_to_delete(resources)
    monkeypatch.setenv("VENSOR_ACTOR", "local:another")
    with opened(resources.organization.slug) as other:
        approve_deletion(other)


def _leaving(resources: Resources, folder: Path, **given: object) -> Leaving:
    told = {"unrevoked": False, "forget_runs": lambda _slug: 3} | given
    return Leaving(resources, folder, **told)  # type: ignore[arg-type]


class _Killed(BaseException):
    """As if the process were gone."""


def _killed(_slug: str) -> int:
    raise _Killed


def test_nothing_of_it_is_left_and_nothing_of_others_is_touched(
    leaves: Resources,
    warehouse: Planted,
    kek: KeyEncryptionKeys,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Every table of the catalog, files and all; killed on the way, the same call goes on."""
    slug, out = leaves.organization.slug, tmp_path / "out"
    before, theirs = _counts(warehouse, MINE), _counts(warehouse, THEIRS)
    assert len(before) > 100, "every table has a row to delete"
    home = leaves.settings.home
    for page in (home / "gates" / slug / "a.html", home / "reports" / f"{slug}-2" / "a.html"):
        page.parent.mkdir(parents=True)
        page.write_text("a page")
    _approved(leaves, monkeypatch)
    with pytest.raises(NotAllowedError, match="1 legal holds"):
        delete_organization(_leaving(leaves, out))
    assert not out.exists(), "a hold comes before anything ends"
    with leaves.session() as connection:
        (hold,) = find_all(connection)
        lift(connection, hold.hold_id, lifted_by="local:another")
    with pytest.raises(_Killed):
        delete_organization(_leaving(leaves, out, forget_runs=_killed))
    assert not _live_keys(warehouse), "keys go before rows"
    with pytest.raises(ConfigurationError, match="is not the folder that it began with"):
        delete_organization(_leaving(leaves, tmp_path / "elsewhere"))
    path = delete_organization(_leaving(leaves, out))
    kept = {name for name in before if name.startswith("audit.")} | {"app.offboardings"}
    assert set(_counts(warehouse, MINE)) == kept
    assert _counts(warehouse, THEIRS) == theirs
    assert [one.org_id for one in directory(leaves.engine)] == [THEIRS]
    assert not (home / "gates" / slug).exists()
    assert (home / "reports" / f"{slug}-2").exists(), "another's name that begins like it"
    found = read_certificate(path, kek)
    assert set(found.steps) == set(STEPS)
    assert found.steps["runs"] == {"of_prefect": 3}
    assert found.steps["files"] == {"files": 1}
    own = {name: n for name, n in before.items() if name not in kept}
    assert {name: found.steps["rows"][name] for name in own} == own
    _certificate_again(leaves, out, path)


def _live_keys(warehouse: Planted) -> list[object]:
    with warehouse.as_superuser() as connection:
        return connection.execute(
            "select key_id from keys.org_keys where org_id = %s and wrapped is not null", [MINE]
        ).fetchall()


def _certificate_again(leaves: Resources, out: Path, path: Path) -> None:
    """Killed between the end and the file, the file is written from what the warehouse keeps."""
    told = path.read_bytes()
    path.unlink()
    assert write_certificate(leaves.engine, out) == path
    assert path.read_bytes() == told
    manifest, _ = read_manifest(out) or (None, "")
    assert manifest is not None
    for file in manifest.files:
        raw = (out / file.name).read_bytes()
        assert hashlib.sha256(raw).hexdigest() == file.sha256
        assert len(list(csv.reader(raw.decode().splitlines()))) == file.rows + 1
    assert b"credentials" not in (out / "app.connections.csv").read_bytes()


def test_a_certificate_that_was_altered_is_told(
    resources: Resources, kek: KeyEncryptionKeys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By one figure, or signed with another key."""
    _approved(resources, monkeypatch)
    path = delete_organization(_leaving(resources, tmp_path / "out"))
    assert path.name == CERTIFICATE
    assert read_certificate(path, kek).slug == resources.organization.slug
    told = json.loads(path.read_text())
    told["certificate"]["steps"]["keys"]["keys"] += 1
    other = tmp_path / "altered.json"
    other.write_text(json.dumps(told))
    with pytest.raises(ConfigurationError, match="was altered"):
        read_certificate(other, kek)
    theirs = from_text("9bGq8X0m3Zr1L5u7wq2Q4cVnJtYpKxEoHsDfGaZb0uI=", "another")
    with pytest.raises(ConfigurationError, match="VENSOR_KEK"):
        read_certificate(path, KeyEncryptionKeys(lambda: (theirs, None)))
    assert KEK not in path.read_text()


def test_what_a_backup_brought_back_is_deleted_again(
    resources: Resources, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On the same two words, with a certificate of its own."""
    organization = resources.organization
    _approved(resources, monkeypatch)
    delete_organization(_leaving(resources, tmp_path / "out"))
    told = {"org_id": organization.org_id, "slug": organization.slug, "name": "back"}
    with resources.session() as connection:
        connection.execute(organizations.insert().values(told))
    with opened(organization.slug) as back:
        path = delete_organization(_leaving(back, tmp_path / "again"))
    assert json.loads(path.read_text())["certificate"]["steps"]["rows"] == {"app.organizations": 1}
    assert organization.org_id not in {one.org_id for one in directory(resources.engine)}


def test_words_are_taken_along_sealed_and_only_if_asked_for(
    resources: Resources, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, as_of: datetime
) -> None:
    """The key lies apart; what is past its clock is not in it."""
    words, cipher = "Wilhelmina's refund", resources.cipher
    with resources.session() as connection:
        for key, days in ((1, 0), (2, 40)):
            at = as_of - timedelta(days=days)
            place = {"column": "zendesk.ticket_contents.sealed", "row_id": str(key)}
            sealed = cipher.seal(f"{words} {key}".encode(), changed_at=at, **place)
            rows = Rows(zendesk.ticket_contents, TICKET, [(key, sealed, at)])
            merge(connection, resources.organization.org_id, rows)
        cipher.record_uses(connection)
        destroy_past(connection, ends=(as_of - timedelta(days=37)).date())
    _approved(resources, monkeypatch)
    out, key_file = tmp_path / "out", tmp_path / "acme.key"
    with pytest.raises(ConfigurationError, match="keep them apart"):
        delete_organization(_leaving(resources, out, content_key=out / "acme.key"))
    with opened(resources.organization.slug) as fresh:
        delete_organization(_leaving(fresh, out, content_key=key_file))
    assert not any(words.encode() in path.read_bytes() for path in out.iterdir())
    (line,) = b"".join(open_content(out / CONTENT, key_file)).splitlines()
    assert json.loads(line)["value"] == f"{words} 1"
    create_file(tmp_path / "another.key")
    with pytest.raises(PermanentError):
        list(open_content(out / CONTENT, tmp_path / "another.key"))


def test_two_must_agree(
    resources: Resources, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nobody approves what they asked for, and nothing is done before it is approved."""
    with pytest.raises(ConfigurationError, match="asked for by nobody"):
        approve_deletion(resources)
    ask_to_delete(resources)
    with pytest.raises(NotAllowedError, match="four eyes"):
        approve_deletion(resources)
    with pytest.raises(ConfigurationError, match="is not approved"):
        delete_organization(_leaving(resources, tmp_path / "out"))
    assert not (tmp_path / "out").exists()
    _approved(resources, monkeypatch)
    with pytest.raises(ConfigurationError, match="is approved already"):
        approve_deletion(resources)


def test_the_warehouse_itself_deletes_nothing_that_nobody_approved(resources: Resources) -> None:
    """What the loader may else only add to ends by one function, which asks."""
    ask_to_delete(resources)
    with pytest.raises(PermanentError, match="42501"), resources.session() as connection:
        offboarding.delete_some(connection, "app.tombstones")
    with resources.session() as connection:
        offboarding.approve(connection, approved_by="another")
    for name in (offboarding.PROOF, "audit.events", "audit.outbound"):
        with pytest.raises(PermanentError, match="42501"), resources.session() as connection:
            offboarding.delete_some(connection, name)


def test_another_s_rows_in_front_do_not_end_the_deletion(
    resources: Resources, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The owner sees members of all organizations: only this one's are counted and deleted."""
    new_organization(resources.engine)
    _approved(resources, monkeypatch)
    delete_organization(_leaving(resources, tmp_path / "out"))
    assert resources.organization.org_id not in {one.org_id for one in directory(resources.engine)}


def test_whoever_writes_meanwhile_is_not_left_behind(
    resources: Resources, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A folder with other files is not written to; a run that is under way is waited for."""
    _approved(resources, monkeypatch)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match=r"mine\.txt"):
        delete_organization(_leaving(resources, tmp_path / "out"))
    from warehouse.ledger import exclusive

    with (
        exclusive(resources.engine, resources.organization),
        pytest.raises(TransientError, match="under way"),
    ):
        delete_organization(_leaving(resources, tmp_path / "other"))
