"""`vensor inventory`: for people, for programs, for the record of processing."""

import csv
import io
import json

from typer.testing import CliRunner

from cli.main import app
from tasks.inventory import COLUMNS, read_inventory


def _told(*options: str) -> str:
    done = CliRunner().invoke(app, ["inventory", *options])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_form_says_the_same() -> None:
    """A row for each group of tables, rule and place, and a column for all that is said of it."""
    rows = json.loads(_told("--json"))
    assert len(rows) == len(list(read_inventory().entries()))
    assert [tuple(row) for row in rows] == [COLUMNS] * len(rows)
    assert list(csv.DictReader(io.StringIO(_told("--csv")))) == rows
    lines = [line for line in _told("--markdown").splitlines() if line.startswith("|")]
    assert len(lines) == len(rows) + 2
    assert {line.count("|") - line.count("\\|") for line in lines} == {len(COLUMNS) + 1}


def test_people_read_what_is_kept_and_when_it_ends() -> None:
    """Whoever asks first, without an option."""
    told = _told()
    assert "zendesk.ticket_contents" in told
    assert "Sentry" in told
