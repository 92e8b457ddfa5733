"""The command: its file, its restarts, its refusals."""

import json
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from sandbox.options import parse_options

TINY = ("--account", "acme=20", "--days", "7", "--until", "2026-11-20T12:00:00Z")


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox", "--state", str(folder), *options]
    root = Path(__file__).parents[2]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=30)


def test_files_are_for_the_owner_alone(sandbox):
    """``sandbox.json`` and the kept secrets have mode 0600 in a folder of mode 0700."""
    for name in ("sandbox.json", "world.json", "sandbox.db"):
        mode = (sandbox.folder / name).stat().st_mode
        assert stat.S_IMODE(mode) == 0o600, name
    assert stat.S_IMODE(sandbox.folder.stat().st_mode) == 0o700


def test_file_says_where_everything_is(sandbox):
    """``sandbox.json`` names the process, the peers, the control API, the world, the canaries."""
    told = sandbox.told
    assert told["pid"] == sandbox.process.pid
    assert set(told["zendesk"]) == {"acme", "globex"} == set(told["canaries"])
    assert told["zendesk"]["acme"]["base_url"] == f"http://127.0.0.1:{told['port']}/zendesk/acme"
    assert told["slack"]["base_url"].endswith("/slack/api/")
    assert told["openai"]["base_url"].endswith("/openai/v1")
    assert told["world"]["accounts"] == {"acme": 240, "globex": 200}
    assert all(len(people) == 3 for people in told["canaries"].values())


def test_restart_serves_the_same_world(start):
    """The same folder has the same tickets, secrets, port and tokens after a restart."""
    first = start(*TINY)
    before = first.zendesk()
    path = "incremental/tickets/cursor.json?start_time=0"
    tickets, header = before.get(path).json(), before.headers["authorization"]
    assert first.stop() == 0
    second = start(folder=first.folder)
    del first.told["pid"], second.told["pid"]
    assert second.told == first.told
    again = httpx.get(
        f"{second.told['zendesk']['acme']['base_url']}/api/v2/{path}",
        headers={"authorization": header},
    )
    assert again.json() == tickets


def test_folder_of_an_older_version_gets_what_it_lacks(start):
    """Its secrets and tokens stay; the public client and the API token are made, and kept."""
    first = start(*TINY)
    header = first.zendesk().headers["authorization"]
    first.stop()
    path = first.folder / "world.json"
    world = json.loads(path.read_text())
    newer = {"public_client_id", "api_email", "api_token"}
    for name in newer:
        del world["secrets"][f"zendesk:acme:{name}"]
    path.write_text(json.dumps(world))
    with closing(sqlite3.connect(first.folder / "sandbox.db")) as database:
        for table in ("tokens", "codes"):
            database.execute(f"alter table {table} drop column client")
    second = start(folder=first.folder)
    acme = second.told["zendesk"]["acme"]
    older = {name: value for name, value in acme.items() if name not in newer}
    assert older == {name: first.told["zendesk"]["acme"][name] for name in older}
    url = f"{acme['base_url']}/api/v2/tickets/count"
    assert httpx.get(url, headers={"authorization": header}).status_code == 200
    basic = httpx.BasicAuth(f"{acme['api_email']}/token", acme["api_token"])
    assert httpx.get(url, auth=basic).status_code == 200
    second.stop()
    assert start(folder=first.folder).told["zendesk"]["acme"] == acme


def test_clean_stop_takes_the_file_away(start):
    """After SIGTERM the exit status is 0 and no ``sandbox.json`` points at a dead server."""
    running = start(*TINY)
    assert running.stop() == 0
    assert not (running.folder / "sandbox.json").exists()


def test_equal_options_are_accepted_on_an_existing_folder(start):
    """Giving a folder the options that it has already is no contradiction."""
    first = start(*TINY)
    first.stop()
    assert start(*TINY, folder=first.folder).told["world"] == first.told["world"]


def test_second_process_on_a_folder_is_refused(start):
    """One folder is served by one process at a time."""
    running = start(*TINY)
    refused = run(running.folder)
    assert refused.returncode == 2
    assert "another process" in refused.stderr


def test_other_options_on_an_existing_folder_are_refused(start):
    """A folder keeps its world: other options end with one line and status 2."""
    running = start(*TINY)
    running.stop()
    for options, reason in (
        (("--seed", "8"), "seed 7"),
        (("--account", "acme=21"), "accounts"),
        (("--days", "8"), "days 7"),
        (("--until", "2026-11-21"), "until"),
    ):
        refused = run(running.folder, *options)
        assert refused.returncode == 2
        assert refused.stderr.count("\n") == 1
        assert reason in refused.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--bogus",), ("--account", "acme"), ("--account", "Acme=100"), ("--account", "acme=1"),
        ("--limit", "nothing=1"), ("--until", "soon"), ("--port", "99999"), ("--days", "0"), (),
        ("--refuse", "acme=tea"), ("--refuse", "export"),
        ("--csat", "acme=ratings"), ("--csat", "=survey"),
    ],
)  # fmt: skip
def test_unusable_options_are_refused(tmp_path, capsys, options):
    """Wrong options end with one line on standard error and status 2."""
    folder = ("--state", str(tmp_path)) if options else ()
    with pytest.raises(SystemExit) as caught:
        parse_options([*folder, *options])
    told = capsys.readouterr().err
    assert caught.value.code == 2
    assert told.startswith("sandbox: ")
    assert told.count("\n") == 1


def test_unknown_option_ends_the_command(tmp_path):
    """The command says so in one line, status 2, and makes no folder."""
    refused = run(tmp_path / "state", "--bogus")
    assert (refused.returncode, refused.stderr) == (
        2,
        "sandbox: unrecognized arguments: --bogus\n",
    )
    assert not (tmp_path / "state").exists()


def test_options_of_an_account_that_is_not_there_are_refused(tmp_path):
    """A slip in its name must not leave a test with an account that allows everything."""
    for option in (("--refuse", "acne=export"), ("--csat", "acne=survey")):
        refused = run(tmp_path / "state", *TINY, *option)
        assert refused.returncode == 2
        assert refused.stderr == "sandbox: there is no account acne, only acme\n"


def test_taken_port_is_refused(sandbox, tmp_path):
    """A port in use ends with one line and status 2."""
    refused = run(tmp_path / "state", "--port", str(sandbox.told["port"]))
    assert refused.returncode == 2
    assert "is taken" in refused.stderr


def test_other_seed_makes_another_world(start, tmp_path):
    """Another seed means other tickets."""
    tickets = []
    for seed in ("1", "2"):
        running = start(*TINY, "--seed", seed, folder=tmp_path / seed)
        tickets.append(running.zendesk().get("tickets").json()["tickets"])
    assert [one["subject"] for one in tickets[0]] != [one["subject"] for one in tickets[1]]
