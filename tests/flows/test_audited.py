"""Nothing of a whole day is unsealed without a row in the audit trail, value by value."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, text

from cli import peers
from tasks.encryption.reads import CONTENT, SECRET
from tests.flows.conftest import Terminal, connect
from warehouse.sessions import find_organization, tenant_session

# `vensor` in a process that counts, by column, what its data keys open: below the cipher, which
# tells the audit trail.
COUNTING = """
import json, sys, uuid
from pathlib import Path

from tasks.encryption import streams
from tasks.encryption.datakey import DataKey

opened, unseal, iter_unsealed = [], DataKey.unseal, streams.iter_unsealed

def counted(self, sealed, column, row):
    plain = unseal(self, sealed, column, row)
    opened.append(column)
    return plain

def counted_stream(*told):
    opened.append("zendesk.recordings")
    return iter_unsealed(*told)

DataKey.unseal, streams.iter_unsealed = counted, counted_stream
folder = Path(sys.argv.pop(1))
from cli.main import main
try:
    main()
finally:
    (folder / f"{uuid.uuid4()}.json").write_text(json.dumps(opened))
"""


def _run(terminal: Terminal, folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COUNTING, str(folder), *arguments],
        env=terminal.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_all_that_is_unsealed_on_a_day_is_in_the_audit_trail(
    terminal: Terminal, sandbox: peers.Sandbox, engine: Engine, tmp_path: Path
) -> None:
    """Every stage, people who read, a rotation of keys; each row with who and what for."""
    slug = connect(terminal, sandbox, f"acme-{uuid4().hex[:8]}")
    org_id = find_organization(engine, slug).org_id
    with tenant_session(engine, org_id) as connection:
        since = connection.execute(text("select max(event_no) from audit.events")).scalar_one()
    for arguments in (
        ("run",),
        ("search", "refund has not arrived", "--in", "tickets"),
        ("label", "--next"),
        ("evaluate",),
        ("quarantine", "retry"),
        ("keys", "rotate"),
        ("retention",),
    ):
        _run(terminal, tmp_path, *arguments, "--org", slug)
    opened = Counter[str]()
    for path in tmp_path.glob("*.json"):
        opened.update(json.loads(path.read_text()))
    told, purposes = Counter[str](), Counter[tuple[str, str]]()
    with tenant_session(engine, org_id) as connection:
        rows = connection.execute(
            text(
                "select action, purpose, actor, details from audit.events"
                " where event_no > :since and action in (:content, :secret)"
            ),
            {"since": since, "content": CONTENT, "secret": SECRET},
        ).all()
        sealed = connection.execute(text("select sum(events) from audit.seals")).scalar_one()
    for action, purpose, actor, details in rows:
        told.update({name: count for name, count in details.items() if isinstance(count, int)})
        purposes[action, purpose] += 1
        assert actor.startswith("local:")
        assert purpose != "not stated"
    assert told == opened
    assert len(opened) >= 6
    assert sum(opened.values()) > 1_000
    assert sealed > 10
    assert {purpose for action, purpose in purposes if action == CONTENT} >= {
        *("fetch recordings", "transcribe recordings", "embed tickets", "score tickets"),
        *("judge tickets by procedures", "assess tickets", "search", "label", "evaluate"),
        "keys.rotate",
    }
