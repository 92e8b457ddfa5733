"""An export that is killed, while it is made or while it is fetched, is as if it had not begun."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path

from tasks.rights import Person, fetch_export, serve_approved
from tests.tasks.rights.held.conftest import AUDIO, Desk
from tests.tasks.rights.held.test_exports import exports_of, made, opened

KILLED = """
import os, sys
from datetime import datetime
from tasks.resources import opened
from tasks.rights import export, named
from tasks.storage.archives import ArchiveStore
whole = ArchiveStore.write
def killed(self, name, sealed):
    def some():
        for number, piece in enumerate(sealed):
            if number == 3:
                os._exit(9)
            yield piece
    whole(self, name, some())
ArchiveStore.write = killed
with opened(sys.argv[1]) as resources:
    export(resources, named(resources, user_id=7), as_of=datetime.fromisoformat(sys.argv[2]))
"""


def test_killed_while_it_is_made_it_is_made_anew(
    desk: Desk, maria: Person, tmp_path: Path, as_of: datetime
) -> None:
    """What was begun is deleted with its key; one request, one archive, as if nothing had been."""
    slug = desk.resources.organization.slug
    done = subprocess.run([sys.executable, "-c", KILLED, slug, as_of.isoformat()], check=False)
    assert done.returncode == 9
    assert [one.state for one in exports_of(desk)] == ["making"]
    assert serve_approved(desk.resources, as_of)["exports made"] == 1
    assert sorted(one.state for one in exports_of(desk)) == ["deleted", "made"]
    assert len([one for one in (tmp_path / "exports").rglob("*") if one.is_file()]) == 1
    assert desk.count("keys.export_keys") == 1
    assert desk.count("app.privacy_requests") == 1


FETCH_KILLED = """
import os, sys
from pathlib import Path
from datetime import datetime
from uuid import UUID
import tasks.rights.exports as module
from tasks.resources import opened
def some(*given):
    yield next(whole(*given))
    os._exit(9)
whole, module._plain = module._plain, some
with opened(sys.argv[1]) as resources:
    as_of = datetime.fromisoformat(sys.argv[2])
    module.fetch_export(resources, UUID(sys.argv[3]), Path(sys.argv[4]), as_of=as_of)
"""


def test_killed_while_it_is_fetched_no_plain_byte_stays(
    desk: Desk, maria: Person, tmp_path: Path, as_of: datetime
) -> None:
    """And it can be fetched again."""
    export_id, folder = made(desk, maria, as_of), tmp_path / "out"
    folder.mkdir()
    told = (desk.resources.organization.slug, as_of.isoformat(), str(export_id))
    command = [sys.executable, "-c", FETCH_KILLED, *told, str(folder / "a.zip")]
    assert subprocess.run(command, check=False).returncode == 9
    assert list(folder.iterdir()) == []
    fetch_export(desk.resources, export_id, folder / "a.zip", as_of=as_of)
    assert opened(folder / "a.zip")["recordings/300-call.wav"] == AUDIO
