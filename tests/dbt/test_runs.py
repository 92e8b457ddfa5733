"""How a run of dbt ends when it cannot do its work, and what it leaves behind."""

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from sqlalchemy import Engine

from tasks.errors import PermanentError, TransientError
from tasks.metrics.dbt import build, prepare
from tests.dbt.conftest import new_desk
from warehouse.sessions import Logins

AS_OF = datetime(2026, 3, 10, 12, tzinfo=UTC)
BUILD = """
import sys
from datetime import datetime
from pathlib import Path
from uuid import UUID
from sqlalchemy import make_url
from tasks.metrics.dbt import build
url, org_id, as_of, target_dir = sys.argv[1:]
build(
    make_url(url),
    org_id=UUID(org_id),
    as_of=datetime.fromisoformat(as_of),
    loaded_after=None,
    target_dir=Path(target_dir),
    on_node=lambda *told: print(*told, flush=True),
)
"""


def test_preparing_again_takes_no_time(logins: Logins, target_dir: Path) -> None:
    """A warehouse that has this version of the project is left as it is."""
    started = time.monotonic()
    prepare(logins.transformer, target_dir=target_dir)
    assert time.monotonic() - started < 1


def test_a_failure_names_the_model_and_no_value(
    engine: Engine, logins: Logins, target_dir: Path
) -> None:
    """A time zone that does not exist stops the model; neither error nor files tell its name."""
    desk = new_desk(engine, logins, target_dir, timezone="Mars/Olympus")
    with pytest.raises(PermanentError) as caught:
        desk.build(AS_OF)
    assert "model.vensor.int_open_days" in str(caught.value)
    assert "Olympus" not in str(caught.value)
    written = list((target_dir / str(desk.organization.org_id)).rglob("*.json"))
    assert written
    assert not [path for path in written if "Olympus" in path.read_text()]
    desk.execute("update app.organizations set timezone = 'UTC'")  # retention is everyone's


def test_a_run_that_is_broken_off_ends_dbt(
    engine: Engine, logins: Logins, target_dir: Path
) -> None:
    """Whatever stops the caller stops dbt too, and nothing half done is left."""

    def stop(name: str, done: int, total: int) -> None:
        raise RuntimeError(name)

    desk = new_desk(engine, logins, target_dir)
    with pytest.raises(RuntimeError, match="int_"):
        desk.build(AS_OF, stop)
    left = [" ".join(one.cmdline()) for one in psutil.Process().children()]
    assert not [command for command in left if "dbt.cli.main" in command]


def test_a_run_that_is_killed_takes_dbt_with_it(
    engine: Engine, logins: Logins, target_dir: Path
) -> None:
    """SIGKILL lets it end nothing by itself; a second build would write beside the first."""
    desk = new_desk(engine, logins, target_dir)
    url = logins.transformer.render_as_string(hide_password=False)
    told = (url, str(desk.organization.org_id), AS_OF.isoformat(), str(target_dir))
    killed = subprocess.Popen([sys.executable, "-c", BUILD, *told], stdout=subprocess.PIPE)
    assert killed.stdout is not None
    assert killed.stdout.readline()  # one of its models is done
    children = psutil.Process(killed.pid).children()
    assert "dbt.cli.main" in " ".join(children[0].cmdline())
    killed.kill()
    killed.communicate()
    deadline = time.monotonic() + 5
    while _alive(children[0]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(children[0])


def _alive(process: psutil.Process) -> bool:
    """One that has ended stays as a zombie until somebody asks for its status."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_warehouse_out_of_reach_is_tried_again(logins: Logins, target_dir: Path) -> None:
    """No server at the port: that may pass."""
    nowhere = logins.transformer.set(port=1)
    with pytest.raises(TransientError):
        prepare(nowhere, target_dir=target_dir)
    with pytest.raises(TransientError):
        build(
            nowhere,
            org_id=uuid4(),
            as_of=AS_OF,
            loaded_after=None,
            target_dir=target_dir,
        )


def test_the_password_is_in_no_file(logins: Logins, target_dir: Path) -> None:
    """What dbt leaves behind is readable by its owner, and holds no secret."""
    password = (logins.transformer.password or "").encode()
    files = [path for path in target_dir.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if password in path.read_bytes()]
